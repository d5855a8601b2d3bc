"""Planted leaks are found, each by name, and their mended counterparts pass."""

from datetime import timedelta
from pathlib import Path

import pandas as pd
import pandera.pandas as pa
import pytest

from fti_assets.audit.feature_groups import audit_binding
from fti_assets.audit.findings import NOT_AUDITED, NOT_BY_WINDOW, NOT_DETERMINISTIC, Finding
from fti_assets.contracts.binding import Binding
from fti_assets.contracts.feature_group import FeatureGroup
from fti_assets.contracts.source import Source
from fti_assets.contracts.time import UTC
from fti_assets.features.materialize import materialize
from fti_assets.stores.home import Home
from fti_assets_tests import worlds
from fti_assets_tests.audit import planted_leaks as p


@pytest.fixture
def home(tmp_path: Path) -> Home:
    return Home(tmp_path)


def found(binding: Binding, home: Home) -> list[Finding]:
    return audit_binding(binding, p.WINDOW, home.features, a_day=3)


@pytest.mark.parametrize(
    "function",
    [p.last_delay_without_group, p.next_delay, p.centred, p.encoded_over_the_batch],
    ids=lambda function: function.__name__,
)
def test_a_leak_is_found_with_its_feature_its_key_its_source_and_what_moved(function, home: Home) -> None:
    (leak,) = found(p.computed(function), home)

    assert (leak.severity, leak.where, leak.column) == ("leak", "feature group delays", "value")
    assert leak.source == "source landings"
    assert leak.key.startswith("flight_id=F")
    assert leak.known_at <= leak.moment
    assert leak.before != leak.after
    assert leak.rows >= 1


@pytest.mark.parametrize("function", [p.last_delay, p.trailing, p.encoded_so_far], ids=lambda f: f.__name__)
def test_the_mended_counterpart_passes(function, home: Home) -> None:
    assert found(p.computed(function), home) == []


def test_a_merge_by_scheduled_arrival_names_the_landings_and_not_the_schedule(home: Home) -> None:
    (leak,) = found(p.previous.computed(p.merged_by_schedule, p.schedule, p.landings), home)

    assert (leak.where, leak.column, leak.source) == ("feature group previous", "previous_delay", "source landings")


def test_a_merge_by_the_time_of_landing_passes(home: Home) -> None:
    assert found(p.previous.computed(p.merged_by_landing, p.schedule, p.landings), home) == []


def test_a_merge_of_a_group_is_found_too_and_names_the_group(home: Home) -> None:
    materialize(p.arrivals.computed(p.as_given, p.landings), p.WINDOW, home.features)
    leaky, mended = (
        p.previous.computed(function, p.schedule, p.arrivals)
        for function in (p.merged_by_schedule, p.merged_by_landing)
    )

    assert [leak.source for leak in found(leaky, home)] == ["feature group arrivals"]
    assert found(mended, home) == []


def test_rows_that_are_there_before_they_are_known_are_found(home: Home) -> None:
    leaks = found(p.arrivals_without_known_at.computed(p.as_given, p.landings), home)

    assert {leak.column for leak in leaks} >= {"the row vanished", "delay", "is_late"}
    assert {leak.source for leak in leaks} == {"source landings"}


def test_an_aggregated_group_and_a_dimension_pass_and_an_audit_leaves_the_store_as_it_was(own_shop: Home) -> None:
    before = {path: path.read_bytes() for path in own_shop.local.rglob("*") if path.is_file()}
    for binding in worlds.BINDINGS:
        assert audit_binding(binding, p.Window.of_days("2024-01-20", "2024-01-21"), own_shop.features, 2) == []
    assert {path: path.read_bytes() for path in own_shop.local.rglob("*") if path.is_file()} == before


def test_a_function_that_is_not_deterministic_is_a_finding_of_its_own(home: Home) -> None:
    calls = iter(range(100))

    def numbered(rows: pd.DataFrame) -> pd.DataFrame:
        return p._valued(rows, rows["delay"] + next(calls))

    (unsteady,) = found(p.computed(numbered), home)
    assert (unsteady.severity, unsteady.advice, unsteady.because) == ("leak", NOT_DETERMINISTIC, "computed twice")


def test_a_function_that_checks_its_rows_is_audited_with_rows_that_stay_together(home: Home) -> None:
    def picky(rows: pd.DataFrame) -> pd.DataFrame:
        if not rows["is_late"].equals(rows["delay"] >= 15):
            raise RuntimeError("late rows that are not late")
        return p.next_delay(rows)

    (leak,) = found(p.computed(picky), home)
    assert (leak.severity, leak.column) == ("leak", "value")


def test_an_alteration_that_no_function_takes_is_reported_and_the_others_still_count(home: Home) -> None:
    written_down = p.FLIGHTS.set_index("flight_id")["delay"]

    def suspicious(rows: pd.DataFrame) -> pd.DataFrame:
        if not (rows["delay"].to_numpy() == written_down[rows["flight_id"]].to_numpy()).all():
            raise RuntimeError("somebody changed a delay")
        return p.next_delay(rows)

    leak, silent = found(p.computed(suspicious), home)
    assert (leak.severity, leak.column, leak.because[:7]) == ("leak", "value", "no rows")
    assert (silent.severity, silent.advice) == ("suspicion", NOT_AUDITED)
    assert silent.after == "RuntimeError: somebody changed a delay"


def test_days_without_rows_prove_nothing(home: Home) -> None:
    empty = Source(p.Landing, lambda start, end: p.landings.read(start, end)[:0], name="empty")
    (suspicion,) = found(p.delays.computed(p.next_delay, empty), home)
    assert (suspicion.severity, suspicion.because) == ("suspicion", "no rows in 2024-03-02...2024-03-04")


def test_a_source_that_ignores_the_time_of_day_cannot_be_audited(home: Home) -> None:
    def read_days(start, end):
        return p.landings.read(start.replace(hour=0, minute=0, second=0, microsecond=0), end)

    by_day = Source(p.Landing, read_days, name="by_day")
    (suspicion,) = found(p.delays.computed(p.trailing, by_day), home)
    assert (suspicion.severity, suspicion.where, suspicion.advice) == ("suspicion", "source by_day", NOT_BY_WINDOW)


def test_a_source_that_is_read_whole_is_always_known(home: Home) -> None:
    fleet = pd.DataFrame({"tail": list(p.TAILS), "seats": range(6)})

    class Fleet(p.pa.DataFrameModel):
        tail: str
        seats: int

    def with_seats(rows: pd.DataFrame, fleet: pd.DataFrame) -> pd.DataFrame:
        joined = rows.merge(fleet, on="tail", how="left")
        return p._valued(joined, joined["seats"].astype(float))

    whole = Source(Fleet, lambda _start, _end: fleet, name="fleet")
    assert found(p.delays.computed(with_seats, p.landings, whole), home) == []


def test_ids_that_no_float_tells_apart_stay_two_while_inputs_are_altered(home: Home) -> None:
    class Click(pa.DataFrameModel):
        click: str
        at: UTC
        user: pd.Int64Dtype = pa.Field(nullable=True)

    class User(pa.DataFrameModel):
        user: int
        at: UTC

    rows = pd.DataFrame(
        {"click": [f"c{n}" for n in range(12)], "user": pd.array([None, 2**53, 2**53 + 1] * 4, dtype="Int64")}
    )
    hours = [p.WINDOW.start + timedelta(hours=3 * (n // 3)) for n in range(12)]
    rows.insert(1, "at", pd.Series(hours, dtype="datetime64[us, UTC]"))
    source = Source(Click, lambda start, end: rows[(rows["at"] >= start) & (rows["at"] < end)], name="clicks")
    users = FeatureGroup(User, keys="user", event_time="at", name="users")

    def known(clicks: pd.DataFrame) -> pd.DataFrame:
        of_users = clicks.dropna(subset="user")[["user", "at"]].astype({"user": "int64"})
        return of_users.merge(of_users, on=["user", "at"], validate="1:1")

    assert found(users.computed(known, source), home) == []
