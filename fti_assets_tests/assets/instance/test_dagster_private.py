import dagster as dg
import pytest

from fti_assets.assets.instance import dagster_private
from fti_assets.assets.instance.dagster_private import ConsolidatedSqliteEventLogStorage, unlike_tested


def test_the_installed_dagster_is_one_that_was_tested():
    assert unlike_tested() == ""


@pytest.mark.parametrize("version", ["1.13.13", "1.13.27", "1.13.99"])
def test_versions_in_the_range_are_tested(version, monkeypatch):
    monkeypatch.setattr(dg, "__version__", version)
    assert unlike_tested() == ""


@pytest.mark.parametrize("version", ["1.12.30", "1.13.12", "1.14.0", "1.14.0rc1", "2.0", "1!0+dev"])
def test_versions_outside_are_not(version, monkeypatch):
    monkeypatch.setattr(dg, "__version__", version)
    assert unlike_tested() == f"dagster {version} is installed"


def test_a_name_that_is_gone_is_told(monkeypatch):
    monkeypatch.delattr(dagster_private, "ASSET_EVENTS")
    assert unlike_tested() == f"dagster {dg.__version__} has no ASSET_EVENTS"


def test_a_method_with_other_parameters_is_told(monkeypatch):
    monkeypatch.setattr(ConsolidatedSqliteEventLogStorage, "_store_asset_event", lambda _self, _event: None)
    assert unlike_tested() == (
        "ConsolidatedSqliteEventLogStorage._store_asset_event takes ('_self', '_event'), "
        "expected ('self', 'conn', 'event', 'event_id')"
    )


def test_a_table_without_a_column_is_told(monkeypatch):
    monkeypatch.setattr(dagster_private, "_CHECK_COLUMNS", {"run_id", "colour"})
    assert unlike_tested() == "AssetCheckExecutionsTable has no columns ['colour']"
