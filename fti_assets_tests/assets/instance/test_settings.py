"""A home's Dagster instance: made once, moved and copied as a folder, and a person's to change."""

import os
import shutil
from pathlib import Path

import dagster as dg
import pytest
import yaml

from fti_assets.assets.instance.dagster_private import SqliteEventLogStorage
from fti_assets.assets.instance.event_log import PooledSqliteEventLogStorage
from fti_assets.assets.instance.settings import instance_directory, open_instance
from fti_assets.contracts.errors import DeclarationError
from fti_assets.stores.home import Home

WEATHER = dg.AssetKey("weather")
EARLIER = """\
event_log_storage:
  module: fti_assets.orchestration.event_log
  class: PooledSqliteEventLogStorage
  config:
    base_dir: {home}/dagster/event_log
telemetry:
  enabled: false
nux:
  enabled: false
run_monitoring:
  enabled: true
run_retries:
  enabled: true
  max_retries: 1
  retry_on_asset_or_op_failure: false
"""


@pytest.fixture(autouse=True)
def _no_dagster_home(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("DAGSTER_HOME", raising=False)


@pytest.fixture
def home(tmp_path: Path) -> Home:
    return Home(tmp_path / "home")


def add(home: Home, partition: str) -> None:
    with open_instance(home) as instance:
        instance.report_runless_asset_event(dg.AssetMaterialization(WEATHER, partition=partition))


def partitions(home: Home) -> set[str]:
    with open_instance(home) as instance:
        return instance.get_materialized_partitions(WEATHER)


def settings_of(home: Home) -> Path:
    return home.local / "dagster" / "dagster.yaml"


def earlier(home: Home, more: str = "") -> None:
    """Make the home one of an earlier version, with `more` that a person wrote."""
    instance_directory(home)
    settings_of(home).write_text(EARLIER.format(home="/srv/where/it/was/made") + more)


def test_the_instance_lives_in_the_home_with_the_pooled_event_log(home):
    with open_instance(home) as instance:
        instance.report_runless_asset_event(dg.AssetMaterialization("weather"))

        assert isinstance(instance.event_log_storage, PooledSqliteEventLogStorage)
    assert (home.local / "dagster" / "event_log" / "event_log.db").exists()


def test_what_one_process_stored_the_next_one_reads(home):
    add(home, "2024-01-01")
    assert partitions(home) == {"2024-01-01"}


def test_a_copied_home_writes_into_itself(home, tmp_path):
    add(home, "2024-01-01")
    copy = Home(tmp_path / "copy")
    shutil.copytree(home.local, copy.local)

    add(copy, "2024-01-02")

    assert partitions(copy) == {"2024-01-01", "2024-01-02"}
    assert partitions(home) == {"2024-01-01"}


def test_a_moved_home_has_its_events_and_the_old_folder_stays_away(home, tmp_path):
    add(home, "2024-01-01")
    moved = Home(tmp_path / "renamed")
    shutil.move(home.local, moved.local)

    add(moved, "2024-01-02")

    assert partitions(moved) == {"2024-01-01", "2024-01-02"}
    assert not home.local.exists()


def test_a_home_is_opened_whichever_home_the_environment_names(home, tmp_path, monkeypatch):
    other = Home(tmp_path / "other")
    monkeypatch.setenv("DAGSTER_HOME", str(instance_directory(other)))

    add(home, "2024-01-01")

    assert (partitions(home), partitions(other)) == ({"2024-01-01"}, set())


def test_two_homes_are_open_at_once_and_each_process_of_theirs_gets_its_own(home, tmp_path):
    other = Home(tmp_path / "other")
    with open_instance(home) as first, open_instance(other) as second:
        for instance, partition in ((first, "2024-01-01"), (second, "2024-01-02")):
            with dg.DagsterInstance.from_ref(instance.get_ref()) as of_another_process:
                of_another_process.report_runless_asset_event(dg.AssetMaterialization(WEATHER, partition=partition))
    assert (partitions(home), partitions(other)) == ({"2024-01-01"}, {"2024-01-02"})


def test_a_home_named_from_the_working_directory_is_the_same_from_another(home, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    with open_instance(Home(Path("home"))) as instance:
        monkeypatch.chdir("/")
        instance.report_runless_asset_event(dg.AssetMaterialization(WEATHER, partition="2024-01-01"))
    assert partitions(home) == {"2024-01-01"}


def test_nothing_is_sent_anywhere_and_dead_runs_are_noticed(home):
    instance_directory(home)
    settings = yaml.safe_load(settings_of(home).read_text())

    assert settings["telemetry"] == {"enabled": False}
    assert settings["run_monitoring"] == {"enabled": True}
    assert settings["run_retries"]["retry_on_asset_or_op_failure"] is False


def test_settings_that_exist_are_kept(home):
    directory = instance_directory(home)
    settings_of(home).write_text("telemetry: {enabled: false}\n")

    assert instance_directory(home) == directory
    assert settings_of(home).read_text() == "telemetry: {enabled: false}\n"
    with open_instance(home) as instance:
        assert type(instance.event_log_storage) is SqliteEventLogStorage


@pytest.mark.parametrize("folder", ["{elsewhere}", "{{env: DAGSTER_HOME}}"])
def test_a_storage_of_ones_own_in_its_place_is_the_whole_storage(home, tmp_path, monkeypatch, folder):
    monkeypatch.delenv("DAGSTER_EVENT_BATCH_SIZE", raising=False)
    instance_directory(home)
    settings = yaml.safe_load(settings_of(home).read_text())
    own = yaml.safe_load("sqlite: {base_dir: " + folder.format(elsewhere=tmp_path / "elsewhere") + "}")
    settings_of(home).write_text(yaml.safe_dump(settings | {"storage": own}))

    add(home, "2024-01-01")

    with open_instance(home) as instance:
        assert type(instance.event_log_storage) is SqliteEventLogStorage
        assert instance.get_materialized_partitions(WEATHER) == {"2024-01-01"}
        assert instance.telemetry_enabled is False
    assert not (home.local / "dagster" / "event_log").exists()
    assert "DAGSTER_EVENT_BATCH_SIZE" not in os.environ


def test_a_storage_of_ones_own_added_at_the_end_wins(home, tmp_path):
    instance_directory(home)
    with settings_of(home).open("a") as file:
        file.write(f"storage: {{sqlite: {{base_dir: {tmp_path / 'elsewhere'}}}}}\n")

    with open_instance(home) as instance:
        assert type(instance.event_log_storage) is SqliteEventLogStorage
    assert (tmp_path / "elsewhere" / "history").exists()
    assert not (home.local / "dagster" / "event_log").exists()


def test_a_home_of_an_earlier_version_opens_with_its_events(home):
    add(home, "2024-01-01")
    generated = settings_of(home).read_text()
    earlier(home)

    assert partitions(home) == {"2024-01-01"}
    assert settings_of(home).read_text() == generated


@pytest.mark.parametrize(
    "more",
    ["run_queue: {max_concurrent_runs: 2}\n", "# keep this file\n", "retention: {sensor: {purge_after_days: 7}}\n"],
)
def test_an_earlier_file_that_a_person_changed_is_left_alone_and_they_are_told_what_to_change(home, more):
    earlier(home, more)
    text = settings_of(home).read_text()

    with pytest.raises(
        DeclarationError, match="take the lines of event_log_storage out, and in their place put"
    ) as told:
        open_instance(home)
    assert str(settings_of(home)) in str(told.value)
    assert settings_of(home).read_text() == text

    advice = str(told.value).split("put\n\n")[1]
    settings_of(home).write_text(advice + text[text.index("telemetry:") :])
    add(home, "2024-01-01")
    assert partitions(home) == {"2024-01-01"}


def test_an_earlier_file_with_an_event_log_elsewhere_is_a_persons(home):
    instance_directory(home)
    settings_of(home).write_text(EARLIER.format(home="/srv").replace("/srv/dagster/event_log", "/srv/events"))
    with pytest.raises(DeclarationError, match="that of an earlier fti_assets"):
        instance_directory(home)


def test_an_earlier_file_with_a_storage_of_ones_own_needs_only_a_block_less(home, tmp_path):
    earlier(home, f"storage: {{sqlite: {{base_dir: {tmp_path / 'elsewhere'}}}}}\n")
    with pytest.raises(DeclarationError, match=r"take the lines of event_log_storage out$"):
        open_instance(home)
