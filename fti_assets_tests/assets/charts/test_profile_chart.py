import base64
import re
import xml.etree.ElementTree as ET
from datetime import timedelta

import pandera.pandas as pa
import polars as pl
import pytest

from fti_assets.assets.charts.profile_chart import profile_chart, statistics_table
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
    """Every day the same rows: the numbers 0 to 23, a missing one each midnight, in `two`."""
    hours = [(day, n) for day in range(days) for n in range(each_day)]
    rows = pl.DataFrame(
        {
            "station": [f"station {n % 3}" for _, n in hours],
            "at": [FIRST + day * DAY + n * timedelta(hours=1) for day, n in hours],
            "sky": ["clear" if n % 4 else "rain" for _, n in hours],
            "is_wet": [n % 4 == 0 for _, n in hours],
            **{name: [float(n) if n or name != "two" else None for _, n in hours] for name in VALUES},
        },
        schema_overrides={"at": pl.Datetime("us", "UTC")},
    )
    windows = [Window(FIRST + n * DAY, FIRST + (n + 1) * DAY) for n in range(days)]
    return partition_statistics(rows, readings.columns, windows, "at")


def drawn(markdown: str) -> ET.Element:
    content = re.fullmatch(r"!\[.*\]\(data:image/svg\+xml;base64,(.*)\)", markdown)[1]
    return ET.fromstring(base64.b64decode(content))  # noqa: S314  # our own bytes


def words(markdown: str) -> list[str]:
    return [each.text for each in drawn(markdown).iter() if each.tag.endswith("text")]


def test_rows_and_five_columns_are_drawn_numbers_before_texts():
    shown = words(profile_chart(readings, statistics(3)))

    assert shown[0] == "reading: 3 partitions"
    assert [name for name in ("rows", "is_wet", *VALUES, "sky") if name in shown] == ["rows", "is_wet", *VALUES[:4]]
    assert "median, 5 to 95 %" in shown
    assert "share of true" in shown
    assert shown[-2:] == ["2024-01-01 00:00", "2024-01-03 00:00"]


def test_missing_values_are_drawn_where_there_are_any():
    shown = words(profile_chart(readings, statistics(3)))
    assert shown.count("≤ 4%") == 1


@pytest.mark.parametrize("days", [1, 2, 28, 92, 366])
def test_a_profile_stays_below_30_kb(days):
    assert len(profile_chart(readings, statistics(days))) < 30_000


def test_partitions_without_rows_are_drawn_as_gaps():
    assert drawn(profile_chart(readings, statistics(3, each_day=0))) is not None


def test_a_column_that_no_statistics_tell_of_is_named_all_the_same():
    known = statistics(2).filter(pl.col("column") != "one")
    assert "one" in words(profile_chart(readings, known))


def test_the_table_tells_the_last_partitions_columns():
    lines = statistics_table(statistics(2)).value.splitlines()

    assert lines[0] == "| column | missing | values |"
    assert "| station | 0.0% | 3 distinct, station 0 8, station 1 8, station 2 8 |" in lines
    assert "| at | 0.0% | 2024-01-02 00:00 to 2024-01-02 23:00 |" in lines
    assert "| is_wet | 0.0% | 25.0% true |" in lines
    assert "| one | 0.0% | 11.5 (1.15 to 21.85) |" in lines
    assert "| two | 4.2% | 12 (2.1 to 21.9) |" in lines


def test_the_table_of_an_empty_partition_has_no_figures():
    assert statistics_table(statistics(1, each_day=0)).value.splitlines()[2] == "| station |  |  |"
