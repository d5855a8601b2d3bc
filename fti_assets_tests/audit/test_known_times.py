from fti_assets.audit.known_times import audit_times, known_column
from fti_assets.contracts.source import Source
from fti_assets.stores.home import Home
from fti_assets_tests.audit import planted_leaks as p

AS_SCHEDULED = p.arrivals_without_known_at.computed(p.as_given, p.landings_as_scheduled)


def test_a_source_is_read_by_the_time_that_lies_in_every_window_it_is_asked_for() -> None:
    assert known_column(p.landings, p.WINDOW) == "landed_at"
    assert known_column(p.landings_as_scheduled, p.WINDOW) == "scheduled_arrival"
    assert known_column(p.schedule, p.WINDOW) == "predict_at"
    nowhere = Source(p.Landing, lambda start, end: p.landings.read(start, end)[:0], name="nowhere")
    assert known_column(nowhere, p.WINDOW) is None


def test_a_group_without_its_known_at_is_found_with_column_key_source_and_example(tmp_path) -> None:
    group, source = audit_times([AS_SCHEDULED], p.WINDOW, Home(tmp_path).features)
    assert (group.severity, group.where) == ("leak", "feature group arrivals_as_scheduled")
    assert (source.severity, source.where) == ("leak", "source landings_as_scheduled")
    assert group.column == "delay, is_late"
    assert group.key.startswith("flight_id=F")
    assert "made from landed_at, which is later than scheduled_arrival in 62%" in group.because


def test_the_group_with_its_known_at_passes(tmp_path) -> None:
    binding = p.arrivals.computed(p.as_given, p.landings)
    assert audit_times([binding], p.WINDOW, Home(tmp_path).features) == []


def test_a_plan_that_another_source_held_before_is_none_however_round(tmp_path) -> None:
    def ragged(start, end):
        rows = p.landings.read(start, end)
        return rows.assign(scheduled_arrival=rows["scheduled_arrival"] + p.pd.Timedelta(minutes=1))

    def ragged_schedule(start, end):
        rows = p.schedule.read(start, end)
        return rows.assign(scheduled_arrival=rows["scheduled_arrival"] + p.pd.Timedelta(minutes=1))

    class Known(p.pa.DataFrameModel):
        flight_id: str
        scheduled_arrival: p.UTC_TIME
        landed_at: p.UTC_TIME
        delay: float

    group = p.FeatureGroup(Known, keys="flight_id", event_time="landed_at", name="known")
    columns = ["flight_id", "scheduled_arrival", "landed_at", "delay"]
    landed = group.computed(lambda rows: rows[columns], Source(p.Landing, ragged, name="ragged"))
    planned = p.departures.computed(p.as_given, Source(p.Flight, ragged_schedule, name="ragged_schedule"))

    store = Home(tmp_path).features
    assert {finding.where for finding in audit_times([landed], p.WINDOW, store)} == {
        "feature group known",
        "source ragged",
    }
    assert audit_times([landed, planned], p.WINDOW, store) == []
