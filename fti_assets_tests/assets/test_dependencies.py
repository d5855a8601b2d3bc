"""What Dagster takes for a partition's inputs, against the partitions that its materialization reads."""

import itertools
from collections.abc import Sequence
from datetime import datetime, timedelta
from pathlib import Path
from typing import Literal

import dagster as dg
import pandas as pd
import pandera.pandas as pa
import pytest

from fti_assets.assets.dependencies import dependencies, slower
from fti_assets.assets.keys import source_key
from fti_assets.assets.partitions import calendar
from fti_assets.contracts.binding import Binding
from fti_assets.contracts.errors import DeclarationError
from fti_assets.contracts.feature_group import FeatureGroup, as_binding
from fti_assets.contracts.source import Source
from fti_assets.contracts.time import PERIODS, UTC, Window, midnight
from fti_assets.features.materialize import materialize
from fti_assets.stores.feature_store import FeatureStore
from fti_assets.stores.storage import Storage

Cadence = Literal["hourly", "daily", "weekly"]
CADENCES: tuple[Cadence, ...] = ("hourly", "daily", "weekly")
SINCE, UNTIL = "2024-01-01", "2024-01-29"
EVERYTHING = Window(midnight(SINCE), midnight(UNTIL))


class Reading(pa.DataFrameModel):
    """A reading an hour."""

    station: str
    read_at: UTC
    value: float


def readings(start: datetime, end: datetime) -> pd.DataFrame:
    """One at a quarter past each hour."""
    at = pd.date_range(start, end, freq="1h", inclusive="left") + pd.Timedelta(minutes=15)
    return pd.DataFrame({"station": "oslo", "read_at": at.as_unit("us"), "value": 1.0})


stations = Source(Reading, readings, name="stations")


def as_given(rows: pd.DataFrame) -> pd.DataFrame:
    return rows


def read_of(cadence: Cadence) -> Binding:
    return FeatureGroup(Reading, keys="station", event_time="read_at", partitions=cadence).computed(as_given, stations)


def copied(cadence: Cadence, given: FeatureGroup) -> Binding:
    group = FeatureGroup(Reading, keys="station", event_time="read_at", name="copy", partitions=cadence)
    return group.computed(as_given, given)


def with_five_hours(cadence: Cadence, given: FeatureGroup) -> Binding:
    group = FeatureGroup(Reading, keys="station", event_time="read_at", name="copy", partitions=cadence)
    return group.computed(lambda _before, now: now, given["value"].lookback(hours=5), given)


def hourly_count(cadence: Cadence, given: FeatureGroup) -> Binding:
    counts = {"over": "30h", "every": "1h", "name": "count", "partitions": cadence}
    return as_binding(given.windows("station", {"value": "count"}, **counts))


def daily_count(cadence: Cadence, given: FeatureGroup) -> Binding:
    return as_binding(given.windows("station", {"value": "count"}, over="2d", name="daily_count", partitions=cadence))


def mapped(binding: Binding, given: FeatureGroup, start: datetime) -> list[str]:
    """The keys of the input's partitions that Dagster takes the group's partition to be made of."""
    mapping = dependencies(binding)[0].partition_mapping or dg.TimeWindowPartitionMapping()
    own, other = calendar(binding.group, SINCE, UNTIL), calendar(given, SINCE, UNTIL)
    subset = own.subset_with_partition_keys([binding.group.period.key(start)])
    found = mapping.get_upstream_mapped_partitions_result_for_partitions(subset, own, other)
    return sorted(found.partitions_subset.get_partition_keys())


def needed(binding: Binding, given: FeatureGroup, start: datetime, root: Path) -> list[str]:
    """The keys of those without which the partition cannot be materialized."""
    require, required = FeatureStore._require, set[str]()

    def remembering(store: FeatureStore, group: FeatureGroup, window: Window, starts: Sequence[datetime]) -> None:
        if group.name == given.name:
            required.update(map(group.period.key, starts))
        require(store, group, window, starts)

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(FeatureStore, "_require", remembering)
        materialize(binding, Window(start, start + binding.group.period.length), FeatureStore(Storage(root)))
    return sorted(required)


AT = midnight("2024-01-17")
OF_HALF_A_WEEK = {"hourly": AT + timedelta(hours=3), "daily": AT, "weekly": midnight("2024-01-15")}


@pytest.mark.parametrize(("own", "other"), list(itertools.product(CADENCES, CADENCES)))
def test_a_partition_depends_on_what_it_reads_and_where_dagster_can_say_so_on_nothing_else(
    own: Cadence, other: Cadence, tmp_path: Path
) -> None:
    source = read_of(other)
    given, start = source.group, OF_HALF_A_WEEK[own]
    materialize(source, EVERYTHING, FeatureStore(Storage(tmp_path)))
    for bind in (copied, with_five_hours, hourly_count, *([] if own == "hourly" else [daily_count])):
        binding = bind(own, given)
        truly, said = needed(binding, given, start, tmp_path), mapped(binding, given, start)
        assert set(truly) <= set(said)
        if PERIODS[other].length >= PERIODS[own].length:
            assert truly == said
        assert bool(slower(binding)) == (PERIODS[other].length > PERIODS[own].length)


def test_a_day_of_an_hourly_group_is_its_24_hours_and_a_week_of_a_daily_one_its_7_days() -> None:
    hourly, daily = read_of("hourly").group, read_of("daily").group
    assert mapped(copied("daily", hourly), hourly, AT) == [f"2024-01-17-{hour:02d}:00" for hour in range(24)]
    week = mapped(copied("weekly", daily), daily, midnight("2024-01-15"))
    assert week == [f"2024-01-{day}" for day in range(15, 22)]
    assert mapped(copied("hourly", daily), daily, AT + timedelta(hours=3)) == ["2024-01-17"]


def test_thirty_hours_before_an_hour_are_thirty_hours_of_an_hourly_group_and_two_or_three_days_of_a_daily_one() -> None:
    hourly, daily = read_of("hourly").group, read_of("daily").group
    at = AT + timedelta(hours=3)
    hours = mapped(hourly_count("hourly", hourly), hourly, at)
    assert (hours[0], hours[-1], len(hours)) == ("2024-01-15-21:00", "2024-01-17-02:00", 30)
    assert mapped(hourly_count("hourly", daily), daily, at) == ["2024-01-15", "2024-01-16", "2024-01-17"]
    assert mapped(hourly_count("hourly", daily), daily, AT) == ["2024-01-15", "2024-01-16"]


def test_windows_that_end_less_often_than_partitions_do_are_refused() -> None:
    with pytest.raises(DeclarationError, match="every=1d must divide the group's hourly partitions: expected 1h"):
        daily_count("hourly", read_of("hourly").group)


def test_a_weekly_group_begins_on_a_monday() -> None:
    weekly = read_of("weekly").group
    assert list(calendar(weekly, SINCE, UNTIL).get_partition_keys()) == [f"2024-01-{d:02d}" for d in (1, 8, 15, 22)]
    with pytest.raises(DeclarationError, match="since='2024-01-03' is a Wednesday; expected 2024-01-01 or 2024-01-08"):
        calendar(weekly, "2024-01-03", UNTIL)


def test_a_source_is_an_input_without_partitions() -> None:
    assert [dep.asset_key for dep in dependencies(read_of("hourly"))] == [source_key(stations)]
    assert slower(read_of("hourly")) == []
