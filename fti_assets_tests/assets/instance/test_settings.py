import dagster as dg
import yaml

from fti_assets.assets.instance.event_log import PooledSqliteEventLogStorage
from fti_assets.assets.instance.settings import instance_directory, open_instance
from fti_assets.stores.home import Home


def test_the_instance_lives_in_the_home_with_the_pooled_event_log(tmp_path):
    with open_instance(Home(tmp_path)) as instance:
        instance.report_runless_asset_event(dg.AssetMaterialization("weather"))

        assert isinstance(instance.event_log_storage, PooledSqliteEventLogStorage)
    assert (tmp_path / "dagster" / "event_log" / "event_log.db").exists()


def test_what_one_process_stored_the_next_one_reads(tmp_path):
    with open_instance(Home(tmp_path)) as instance:
        instance.report_runless_asset_event(dg.AssetMaterialization("weather", partition="2024-01-01"))

    with open_instance(Home(tmp_path)) as instance:
        assert instance.get_materialized_partitions(dg.AssetKey("weather")) == {"2024-01-01"}


def test_nothing_is_sent_anywhere_and_dead_runs_are_noticed(tmp_path):
    settings = yaml.safe_load((instance_directory(Home(tmp_path)) / "dagster.yaml").read_text())

    assert settings["telemetry"] == {"enabled": False}
    assert settings["run_monitoring"] == {"enabled": True}
    assert settings["run_retries"]["retry_on_asset_or_op_failure"] is False


def test_settings_that_exist_are_kept(tmp_path):
    directory = instance_directory(Home(tmp_path))
    (directory / "dagster.yaml").write_text("telemetry: {enabled: false}\n")

    assert instance_directory(Home(tmp_path)) == directory
    assert (directory / "dagster.yaml").read_text() == "telemetry: {enabled: false}\n"
