from datetime import timedelta

import pandera.pandas as pa
import polars as pl
import pytest

from fti_assets.assets.charts.statistics_table import LONGEST, statistics_table
from fti_assets.contracts.feature_group import FeatureGroup
from fti_assets.contracts.time import DAY, UTC, Window, midnight
from fti_assets.features.statistics import partition_statistics


class Reading(pa.DataFrameModel):
    """A reading with many columns."""

    station: str
    at: UTC
    sky: str
    is_wet: bool
    one: float
    two: float
    three: float
    four: float
    five: float


readings = FeatureGroup(Reading, keys="station", event_time="at")
FIRST = midnight("2024-01-01")
VALUES = ("one", "two", "three", "four", "five")


def statistics(days: int, each_day: int = 24) -> pl.DataFrame:
    """Each day the numbers 0 to 23, in `one` more by the day's number; a missing one each midnight, in `two`."""
    hours = [(day, n) for day in range(days) for n in range(each_day)]
    rows = pl.DataFrame(
        {
            "station": [f"station {n % 3}" for _, n in hours],
            "at": [FIRST + day * DAY + n * timedelta(hours=1) for day, n in hours],
            "sky": ["clear" if n % 4 else "rain" for _, n in hours],
            "is_wet": [n % 4 == 0 for _, n in hours],
            **{name: [float(n) if n or name != "two" else None for _, n in hours] for name in VALUES},
            "one": [float(n + day) for day, n in hours],
        },
        schema_overrides={"at": pl.Datetime("us", "UTC")},
    )
    windows = [Window(FIRST + n * DAY, FIRST + (n + 1) * DAY) for n in range(days)]
    return partition_statistics(rows, readings.columns, windows, "at")


def lines(statistics: pl.DataFrame) -> list[str]:
    return statistics_table(statistics).value.splitlines()


def test_the_table_tells_the_last_partitions_columns():
    shown = lines(statistics(1))

    assert shown[:2] == ["| column | missing | values |", "|---|---|---|"]
    assert "| station | 0.0% | 3 distinct, station 0 8, station 1 8, station 2 8 |" in shown
    assert "| at | 0.0% | 2024-01-01 00:00 to 2024-01-01 23:00 |" in shown
    assert "| is_wet | 0.0% | 25.0% true |" in shown
    assert "| three | 0.0% | 11.5 (1.15 to 21.85) |" in shown
    assert "| two | 4.2% | 12 (2.1 to 21.9) |" in shown


def test_several_partitions_tell_how_each_column_came_to_the_last():
    shown = lines(statistics(3))

    assert shown[0] == "3 partitions, 2024-01-01 00:00 to 2024-01-03 00:00. Rows: ▄▄▄ 24"
    assert shown[2] == "| column | missing | values | by partition | missing by partition | 5 to 95 % apart |"
    assert "| one | 0.0% | 13.5 (3.15 to 23.85) | ▁▅█ 11.5 to 13.5 |  | ▄▄▄ 20.7 |" in shown
    assert "| two | 4.2% | 12 (2.1 to 21.9) | ▄▄▄ 12 | ▄▄▄ 4.2% | ▄▄▄ 19.8 |" in shown
    assert "| is_wet | 0.0% | 25.0% true | ▄▄▄ 25.0% |  |  |" in shown
    assert "| sky | 0.0% | 2 distinct, clear 18, rain 6 | ▄▄▄ 2 |  |  |" in shown
    assert "| at | 0.0% | 2024-01-03 00:00 to 2024-01-03 23:00 |  |  |  |" in shown


def test_a_partition_without_rows_is_a_gap():
    known = statistics(3)
    of_second = pl.col("start") == known["start"].unique().sort()[1]
    empty = known.with_columns(
        pl.when(of_second).then(0).otherwise("rows").alias("rows"),
        *[pl.when(of_second).then(None).otherwise(name).alias(name) for name in ("q05", "q50", "q95", "mean")],
    )
    shown = lines(empty)
    assert shown[0].endswith("Rows: █▁█ 0 to 24")
    assert any(line.endswith("| ▁·█ 11.5 to 13.5 |  | ▄·▄ 20.7 |") for line in shown)


def test_the_table_of_an_empty_partition_has_no_figures():
    assert lines(statistics(1, each_day=0))[2] == "| station |  |  |"


def test_a_column_that_earlier_partitions_lack_or_the_last_one_dropped():
    known = statistics(2)
    last = known["start"].max()
    added = known.filter((pl.col("column") != "three") | (pl.col("start") == last))
    dropped = known.filter((pl.col("column") != "four") | (pl.col("start") != last))
    assert "| three | 0.0% | 11.5 (1.15 to 21.85) | ▄ 11.5 |  | ▄ 20.7 |" in lines(added)
    assert not any(line.startswith("| four ") for line in lines(dropped))


@pytest.mark.parametrize("days", [1, 28, 92])
@pytest.mark.parametrize("copies", [1, 60])
def test_the_table_stays_below_30_kb(days, copies):
    known = statistics(days)
    many = [known.with_columns(pl.col("column") + f"_of_a_rather_long_name_{n}") for n in range(copies)]
    shown = statistics_table(pl.concat(many)).value
    assert len(shown) < LONGEST == 30_000
    told = [line for line in shown.splitlines() if "_of_a_rather_long_name_" in line]
    untold = 9 * copies - len(told)
    assert (f"and {untold} more columns" in shown) == (untold > 0) == (copies == 60)
