"""Two weeks of real flights against SQL over the raw data, which shares nothing with the pipelines."""

import duckdb
import pandas as pd
import polars as pl
import polars.testing
import pytest

from fti_assets.contracts.feature_group import FeatureGroup
from fti_assets.contracts.time import Window, midnight
from fti_assets.flights import contracts as c
from fti_assets.flights import files
from fti_assets.stores.home import Home
from fti_assets.training.datasets import build_dataset
from fti_assets.views.assemble import assemble
from fti_assets.views.inputs import read_inputs
from fti_assets.views.reading import read_view
from fti_assets_tests.flights.conftest import FORTNIGHT

START, END = (pd.Timestamp(instant).tz_localize(None) for instant in (FORTNIGHT.start, FORTNIGHT.end))


def sql(query: str) -> pl.DataFrame:
    """The answer of DuckDB over `flights`, in naive UTC: those landed in the fortnight and those that left in it."""
    year = files.flights()
    raw = year.assign(**{n: year[n].dt.tz_localize(None) for n in year if str(year[n].dtype).startswith("datetime")})
    with duckdb.connect() as connection:
        connection.register("raw", raw)
        connection.register("span", pd.DataFrame({"since": [START], "until": [END]}))
        connection.execute(
            """
            create table landed as
                select *, greatest(-60, least(300, arr_delay)) as delay, arr_delay - dep_delay as lost,
                    (arr_delay >= 15)::double as is_late
                from raw, span where landed_at >= since and landed_at < until;
            create table left_gate as
                select *, greatest(-60, least(300, dep_delay)) as delay
                from raw, span where departed_at >= since and departed_at < until;
            create table scheduled as
                select * from raw, span where predict_at >= since and predict_at < until;
            create table half_hours as
                select unnest(generate_series(since, until - interval 30 minute, interval 30 minute)) as as_of
                from span;
            create table days as
                select unnest(generate_series(since, until - interval 1 day, interval 1 day)) as as_of
                from span;
            """
        )
        return pl.DataFrame(connection.sql(query).to_arrow_table())


def stored(group: FeatureGroup, home: Home) -> pl.DataFrame:
    rows = home.features.read(group, FORTNIGHT)
    return rows.with_columns(pl.col("as_of").dt.replace_time_zone(None)).sort("as_of", *group.keys)


def assert_same(found: pl.DataFrame, expected: pl.DataFrame, group: FeatureGroup) -> None:
    """Every row and every null, and numbers to a part in a billion."""
    polars.testing.assert_frame_equal(
        found,
        expected.select(found.columns).sort("as_of", *group.keys),
        check_dtypes=False,
        check_row_order=True,
        rel_tol=1e-9,
        abs_tol=1e-9,
    )


def means(column: str, known_at: str, hours: tuple[int, ...]) -> str:
    return ", ".join(
        f"avg({column}) filter ({known_at} >= as_of - interval {n} hour) as {column}_mean_{n}h" for n in hours
    )


def test_how_flights_from_an_origin_landed_in_the_last_hours_is_what_sql_says(fortnight: Home) -> None:
    columns = ", ".join(means(column, "landed_at", (1, 3, 12)) for column in ("delay", "lost", "is_late"))
    expected = sql(
        f"""
        select origin, as_of, {columns} from half_hours
        join landed on landed_at >= as_of - interval 12 hour and landed_at < as_of group by all
        """
    )
    assert len(expected) > 3 * 14 * 40
    assert_same(stored(c.origin_landings, fortnight), expected, c.origin_landings)


def test_how_a_carrier_s_flights_left_is_what_sql_says(fortnight: Home) -> None:
    counts = ", ".join(
        f"count(*) filter (departed_at >= as_of - interval {n} hour) as flight_count_{n}h" for n in (1, 3, 12)
    )
    expected = sql(
        f"""
        select carrier, origin, as_of, {means("delay", "departed_at", (1, 3, 12))}, {counts} from half_hours
        join left_gate on departed_at >= as_of - interval 12 hour and departed_at < as_of group by all
        """
    )
    assert_same(stored(c.airline_takeoffs, fortnight), expected, c.airline_takeoffs)


def test_how_often_a_carrier_was_late_in_the_last_days_is_what_sql_says(fortnight: Home) -> None:
    columns = ", ".join(
        f"avg(is_late) filter (landed_at >= as_of - interval {n} day) as is_late_mean_{n}d" for n in (1, 7, 30)
    )
    expected = sql(
        f"""
        select carrier, as_of, {columns} from days
        join landed on landed_at >= as_of - interval 30 day and landed_at < as_of group by all
        """
    )
    assert expected["as_of"].n_unique() == 13  # before the first day nothing had landed
    assert_same(stored(c.carriers, fortnight), expected, c.carriers)


def test_the_flights_due_in_the_hour_before_one_are_those_that_sql_counts(fortnight: Home) -> None:
    """At `as_of` a flight two hours ahead is predicted: an hour before it leave those predicted in the last hour."""
    expected = sql(
        """
        select origin, as_of, count(*) as flight_count_2h,
            count(*) filter (scheduled_departure >= as_of + interval 1 hour) as flight_count_1h
        from half_hours join scheduled
        on scheduled_departure >= as_of and scheduled_departure < as_of + interval 2 hour group by all
        """
    )
    assert_same(stored(c.origin_schedule, fortnight), expected, c.origin_schedule)


def test_every_flight_that_landed_is_late_from_fifteen_minutes_on(fortnight: Home) -> None:
    arrivals = fortnight.features.read(c.arrivals, FORTNIGHT).sort("flight_id")
    expected = sql("select flight_id, arr_delay, arr_delay >= 15 as is_late from landed order by flight_id")
    assert arrivals["flight_id"].to_list() == expected["flight_id"].to_list()
    assert arrivals["is_late"].to_list() == expected["is_late"].to_list()
    assert arrivals["arrival_delay"].to_list() == expected["arr_delay"].to_list()
    assert 0.1 < arrivals["is_late"].mean() < 0.4


@pytest.fixture(scope="module")
def view(fortnight: Home) -> pd.DataFrame:
    return read_view(c.late_arrival.view, FORTNIGHT, fortnight.features)


def test_no_flight_is_lost_or_doubled_by_the_joins(view: pd.DataFrame) -> None:
    scheduled = sql("select flight_id from scheduled order by flight_id")["flight_id"].to_list()
    assert sorted(view["flight_id"]) == scheduled
    assert len(set(scheduled)) == len(scheduled) > 13_000


def test_the_day_begins_at_five_in_new_york_before_and_after_its_clocks_went_forward(view: pd.DataFrame) -> None:
    first = view[view["minute_of_day"] == 5 * 60].drop_duplicates("scheduled_departure")["scheduled_departure"]
    assert first.dt.day.tolist() == list(range(1, 15))
    assert first.dt.hour.tolist() == [10] * 9 + [9] * 5
    assert view["minute_of_day"].min() == 5 * 60


def test_each_flight_is_joined_to_the_aircraft_s_last_takeoff_that_was_known(fortnight: Home) -> None:
    """The brute force of one busy day, for the aircraft of every tenth flight."""
    view, busy = c.late_arrival.view, Window.of_days("2013-03-11", "2013-03-11")
    day = assemble(view, *read_inputs(view, busy, fortnight.features, {})).iloc[::10]
    left = files.flights().dropna(subset=["departed_at"])
    for row in day.itertuples():
        known = left[(left["tail_number"] == row.tail_number) & (left["departed_at"] <= row.predict_at)]
        known = known[known["departed_at"] >= row.predict_at - pd.Timedelta(hours=36)]
        expected = known["departed_at"].max() if len(known) else pd.NaT
        assert row.aircraft_left_departed_at is expected or row.aircraft_left_departed_at == expected


def test_the_dataset_has_each_matured_flight_that_landed_within_two_days_with_its_label(
    fortnight: Home, tmp_path_factory: pytest.TempPathFactory
) -> None:
    home = Home(tmp_path_factory.mktemp("dataset"), fortnight.features.storage)
    cutoff = midnight("2013-03-08")
    built = build_dataset(c.late_arrival, cutoff, FORTNIGHT.start, home)
    expected = sql(
        """
        select flight_id, is_late from landed
        where predict_at >= since and predict_at < timestamp '2013-03-06' and landed_at <= predict_at + interval 2 day
        order by flight_id
        """
    )
    rows = built.dataset.read().sort_values("flight_id")
    assert rows["flight_id"].tolist() == expected["flight_id"].to_list()
    assert rows["label"].tolist() == expected["is_late"].to_list()
    matured = Window(FORTNIGHT.start, midnight("2013-03-06"))
    assert built.rows + built.never == len(read_view(c.late_arrival.view, matured, home.features))
    waiting = Window(matured.end, cutoff)
    assert built.waiting == len(read_view(c.late_arrival.view, waiting, home.features))
