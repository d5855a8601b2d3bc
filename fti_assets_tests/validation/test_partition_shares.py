"""How many invalid rows are too many is judged by partition: a day passes or fails by itself, and in a range alike."""

from collections.abc import Callable
from datetime import date, datetime
from pathlib import Path
from tempfile import mkdtemp

import pandas as pd
import pandera.pandas as pa
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from fti_assets.contracts.binding import Binding
from fti_assets.contracts.errors import ContractViolation
from fti_assets.contracts.feature_group import FeatureGroup
from fti_assets.contracts.source import Source
from fti_assets.contracts.time import PERIODS, UTC, Window
from fti_assets.features.materialize import materialize
from fti_assets.stores.home import Home
from fti_assets_tests.worlds import as_given


class Raw(pa.DataFrameModel):
    """What a meter sent."""

    meter: str
    sent_at: UTC
    level: float


class Reading(pa.DataFrameModel):
    """What a meter said, at least 0."""

    meter: str
    sent_at: UTC
    level: float = pa.Field(ge=0)


Reader = Callable[[datetime, datetime], pd.DataFrame]
LEVELS = {1: [1.0] * 20, 2: [-1.0, *[1.0] * 19], 3: [-1.0, -2.0, *[1.0] * 18], 4: [1.0] * 20, 5: [-1.0] * 20}
"""Of each day of January so many readings; of the third 2 of 20 are invalid, of the fifth all."""


def reader(levels: dict[int, list[float]]) -> Reader:
    """Reads these levels, a second apart from the midnight of each day of January on."""
    times = [datetime(2024, 1, day, 0, n // 60, n % 60) for day, of_day in levels.items() for n in range(len(of_day))]
    rows = pd.DataFrame(
        {
            "meter": pd.Series(["m"] * len(times), dtype="str"),
            "sent_at": pd.Series(times, dtype="datetime64[us]").dt.tz_localize("UTC"),
            "level": pd.Series([level for of_day in levels.values() for level in of_day], dtype=float),
        }
    )
    return lambda start, end: rows[(rows["sent_at"] >= start) & (rows["sent_at"] < end)].reset_index(drop=True)


def of_group(levels: dict[int, list[float]], partitions: str = "daily", up_to: float = 0.05) -> Binding:
    """A group that sets invalid rows aside."""
    group = FeatureGroup(Reading, keys="meter", event_time="sent_at", name="readings", partitions=partitions,
                         on_invalid="quarantine", invalid_up_to=up_to)  # fmt: skip
    return group.computed(as_given, Source(Raw, reader(levels), name="meters"))


def of_source(levels: dict[int, list[float]], partitions: str = "daily", up_to: float = 0.05) -> Binding:
    """A group of a source that sets invalid rows aside."""
    source = Source(Reading, reader(levels), name="meters", on_invalid="quarantine", invalid_up_to=up_to)
    group = FeatureGroup(Reading, keys="meter", event_time="sent_at", name="readings", partitions=partitions)
    return group.computed(as_given, source)


def january(first: int, last: int) -> Window:
    return Window.of_days(date(2024, 1, first), date(2024, 1, last))


def passes(binding: Binding, window: Window) -> bool:
    try:
        materialize(binding, window, Home(mkdtemp()).features)
    except ContractViolation:
        return False
    return True


@pytest.mark.parametrize("declared", [of_group, of_source])
def test_a_day_that_is_all_wrong_fails_alone_and_in_a_range(declared: Callable[..., Binding]) -> None:
    binding = declared({day: [-1.0 if day == 40 % 31 else 1.0] * 24 for day in range(1, 32)})
    assert not passes(binding, january(9, 9))
    assert not passes(binding, january(1, 31))
    assert passes(binding, january(1, 8))


@pytest.mark.parametrize("declared", [of_group, of_source])
def test_the_error_names_the_days_with_too_many_and_their_cases_alone(
    declared: Callable[..., Binding], tmp_path: Path
) -> None:
    home = Home(tmp_path)
    said = (
        r"too many rows are invalid \(2024-01-03: 2 of 20 rows; 2024-01-05: 20 of 20 rows\), of each at most a "
        r"share of 0.05 may be set aside: level: greater_than_or_equal_to\(0\) \(e.g. -1.0, 22 rows\)"
    )
    with pytest.raises(ContractViolation, match=said):
        materialize(declared(LEVELS), january(1, 5), home.features)
    assert home.features.quarantine.owners() == []


def test_of_one_day_the_error_says_how_many_are_allowed() -> None:
    said = r"2 of 20 rows are invalid, at most 1 \(invalid_up_to=0.05\) may be set aside: level"
    with pytest.raises(ContractViolation, match=said):
        materialize(of_group(LEVELS), january(3, 3), Home(mkdtemp()).features)


def test_many_days_are_counted_after_three(tmp_path: Path) -> None:
    wrong = of_group({day: [-1.0] for day in range(1, 6)})
    with pytest.raises(ContractViolation, match=r"2024-01-03: 1 of 1 rows and 2 partitions more\), of each"):
        materialize(wrong, january(1, 5), Home(tmp_path).features)


@pytest.mark.parametrize("declared", [of_group, of_source])
def test_parts_before_the_failing_one_stay_written(declared: Callable[..., Binding], tmp_path: Path) -> None:
    features, binding = Home(tmp_path).features, declared(LEVELS)
    with pytest.raises(ContractViolation, match="2024-01-03: 2 of 20"):
        materialize(binding, january(1, 4), features, days=2)
    assert features.missing(binding.group, january(1, 4)) == ["2024-01-03", "2024-01-04"]
    owner = "features/readings" if declared is of_group else "source/meters"
    assert [row.partition for row in features.quarantine.rows(owner)] == ["2024-01-02"]


def test_of_hourly_partitions_each_hour_is_judged() -> None:
    binding = of_group({1: [-1.0, *[1.0] * 99]}, partitions="hourly")
    assert not passes(of_group({1: [-1.0, *[1.0] * 18]}, partitions="hourly"), january(1, 1))
    assert passes(binding, january(1, 1))


@settings(max_examples=30, deadline=None)
@given(
    invalid=st.lists(st.tuples(st.integers(0, 4), st.integers(0, 4)), min_size=1, max_size=5),
    declared=st.sampled_from([of_group, of_source]),
    partitions=st.sampled_from(["daily", "weekly", "hourly"]),
    up_to=st.sampled_from([0.2, 0.5]),
)
def test_a_range_passes_when_each_of_its_partitions_does(
    invalid: list[tuple[int, int]], declared: Callable[..., Binding], partitions: str, up_to: float
) -> None:
    binding = declared({day: [-1.0] * n + [1.0] * m for day, (n, m) in enumerate(invalid, 1)}, partitions, up_to)
    period, window = PERIODS[partitions], PERIODS[partitions].covering(january(1, len(invalid)))
    parts = [Window(start, start + period.length) for start in period.starts(window)]
    parts = [part for part in parts if part.start.hour == 0]  # of hours, those with rows
    assert passes(binding, window) == all(passes(binding, part) for part in parts)
