from datetime import date
from pathlib import Path

import polars as pl
import pytest

from fti_assets.contracts.errors import DeclarationError
from fti_assets.contracts.time import Window, midnight
from fti_assets.stores.monitoring import MonitoringStore
from fti_assets.stores.storage import Storage

DAYS = Window.of_days("2024-01-01", "2024-01-02")


def decided(*days: str) -> pl.DataFrame:
    return pl.DataFrame(
        [(midnight(day), day.endswith("2"), f"because {day}", None) for day in days],
        schema=["day", "retrain", "reason", "numbers"],
        orient="row",
    )


def test_each_models_tables_are_its_own_and_replaced_by_day(tmp_path: Path) -> None:
    store = MonitoringStore(Storage(tmp_path))
    store.write("decisions", "returns", decided("2024-01-02", "2024-01-01"), DAYS)
    store.write("decisions", "returns", decided("2024-01-01"), Window.of_days("2024-01-01", "2024-01-01"))
    assert store.read("decisions", "returns", DAYS)["reason"].to_list() == ["because 2024-01-01", "because 2024-01-02"]
    assert store.missing("decisions", "returns", [*DAYS.days, date(2024, 1, 3)]) == [date(2024, 1, 3)]
    assert store.missing("decisions", "other", DAYS.days) == DAYS.days
    assert store.read("performance", "returns", DAYS).is_empty()


def test_what_is_no_table_or_no_name_is_refused(tmp_path: Path) -> None:
    with pytest.raises(
        DeclarationError, match="no monitoring table 'drift'; there are: decisions, performance, profiles"
    ):
        MonitoringStore(Storage(tmp_path)).read("drift", "returns", DAYS)
    with pytest.raises(DeclarationError, match="model name"):
        MonitoringStore(Storage(tmp_path)).read("profiles", "../returns", DAYS)
