"""A training dataset: the rows that were matured at its cutoff, with what was known of each in its time."""

from datetime import date, datetime, timedelta
from pathlib import Path

import numpy as np
import pandas as pd
import pandera.pandas as pa
import polars as pl
import pytest
from attrs import evolve
from pandas.testing import assert_frame_equal
from pandera.typing.pandas import DataFrame

from fti_assets.contracts.errors import ContractViolation, MissingPartitions
from fti_assets.contracts.feature_group import FeatureGroup
from fti_assets.contracts.feature_view import FeatureView
from fti_assets.contracts.model import Model
from fti_assets.contracts.source import Source
from fti_assets.contracts.time import UTC as UTC_TIME
from fti_assets.contracts.time import Window, midnight
from fti_assets.features.materialize import materialize
from fti_assets.stores.frames import to_polars
from fti_assets.stores.home import Home
from fti_assets.training.datasets import build_dataset
from fti_assets.training.train import split
from fti_assets.views.labels import LABEL, LABEL_KNOWN_AT, read_labels
from fti_assets.views.reading import read_view
from fti_assets_tests.worlds import (
    ALL_ORDERS,
    FIRST_DAY,
    LAST_DAY,
    Order,
    Outcome,
    at,
    order_source,
    orders,
    outcome_source,
    outcomes,
    returns,
)

SINCE = midnight(FIRST_DAY)
CUTOFF = midnight("2024-01-20")
MATURED = ALL_ORDERS[ALL_ORDERS["placed_at"] + returns.view.label.horizon < CUTOFF]
DAYS = Window.of_days("2024-01-05", "2024-01-09")


def test_it_holds_the_rows_that_were_matured_at_the_cutoff_and_their_labels(shop: Home) -> None:
    built = build_dataset(returns, CUTOFF, SINCE, shop)
    frame = built.dataset.read()
    expected = MATURED
    assert frame["order_id"].to_list() == expected["order_id"].to_list()
    assert (frame[LABEL] == expected["is_returned"].astype(float).to_numpy()).all()
    assert (frame[LABEL_KNOWN_AT].to_numpy() == expected["settled_at"].to_numpy()).all()
    assert (built.rows, built.never, built.waiting) == (17 * 20, 0, 2 * 20)


@pytest.mark.parametrize(("minute", "is_matured"), [(0, False), (1, True)])
def test_a_horizon_that_ends_at_the_cutoff_is_not_over_before_it(shop: Home, minute: int, is_matured: bool) -> None:
    cutoff = at(date(2024, 1, 20), 8, minute)  # the first order of the 18th was placed at 8:00, and settled next day
    frame = build_dataset(returns, cutoff, SINCE, shop).dataset.read()
    assert ("2024-01-18-00" in set(frame["order_id"])) == is_matured


class Reading(pa.DataFrameModel):
    """A sensor's reading, every five minutes."""

    patient: str
    read_at: UTC_TIME
    glucose: float


def test_the_label_of_an_entity_that_comes_back_is_the_same_at_every_cutoff(tmp_path: Path) -> None:
    times = pd.date_range("2024-01-01", "2024-01-04", freq="5min", inclusive="left", tz="UTC").as_unit("us")
    rows = pd.DataFrame({"patient": "A", "read_at": times, "glucose": np.arange(len(times), dtype=float)})
    readings = FeatureGroup(Reading, keys="patient", event_time="read_at", name="readings")
    source = Source(Reading, lambda start, end: rows[(times >= start) & (times < end)], name="sensor")
    home = Home(tmp_path)
    materialize(
        readings.computed(lambda batch: batch, source), Window.of_days("2024-01-01", "2024-01-03"), home.features
    )
    for label, ahead in (("first", 1), ("last", 6)):
        waiting = getattr(readings["glucose"].within(minutes=30), label)()
        model = Model("glucose", FeatureView(readings, waiting, [readings["glucose"]]))
        early, later = (
            build_dataset(model, midnight(day), SINCE, home).dataset.read() for day in ("2024-01-02", "2024-01-03")
        )
        assert len(early) == 24 * 12 - 6  # of the last half hour, the end included, none is matured
        assert (early[LABEL] - early["glucose"]).unique().tolist() == [ahead]
        assert_frame_equal(early, later.head(len(early)), check_exact=True)


@pytest.mark.parametrize("wait", [3, 30])
def test_the_holdouts_rate_is_the_populations_when_the_wait_depends_on_the_label(tmp_path: Path, wait: int) -> None:
    """A return is known after a day, that an order is kept half a day before its horizon: a quarter comes back."""

    def settled(rows: pd.DataFrame) -> pd.DataFrame:
        return rows[["order_id", "customer", "due_at", "settled_at", "is_returned"]]

    n = np.arange(150 * 20)
    placed = pd.Series(pd.Timestamp("2024-01-01", tz="UTC") + pd.to_timedelta(n * 72, unit="min")).dt.as_unit("us")
    is_returned = np.random.default_rng(0).random(len(n)) < 0.25
    days = np.where(is_returned, 1.0, wait - 0.5)
    known = (placed + pd.to_timedelta(days, unit="D")).dt.as_unit("us")
    world = pd.DataFrame({"order_id": [f"o{i:04d}" for i in n], "customer": "ada", "product": "coat"})
    world = world.assign(placed_at=placed, quantity=1, is_gift=False, due_at=placed, settled_at=known)
    world = world.assign(is_returned=is_returned)

    def source(schema: type[pa.DataFrameModel], time: str, name: str) -> Source:
        columns = list(schema.to_schema().columns)

        def read(start: datetime, end: datetime) -> pd.DataFrame:
            return world.loc[(world[time] >= start) & (world[time] < end), columns]

        return Source(schema, read, name=name)

    home, window = Home(tmp_path), Window.of_days("2024-01-01", "2024-05-29")
    materialize(orders.computed(lambda rows: rows, source(Order, "placed_at", "placed")), window, home.features)
    materialize(outcomes.computed(settled, source(Outcome, "settled_at", "settled")), window, home.features)
    view = FeatureView(orders, outcomes["is_returned"].within(days=wait), [orders["quantity"]])
    model, cutoff = Model("m", view, holdout="14d"), midnight("2024-04-10")
    frame = build_dataset(model, cutoff, midnight("2024-01-01"), home).dataset.read()
    early, late = split(model, cutoff, frame)
    assert (early.sum() > 500, late.sum()) == (True, 14 * 20)
    assert frame.loc[late, LABEL].mean() == pytest.approx(0.25, abs=0.03)


def test_rows_begin_with_since(shop: Home) -> None:
    frame = build_dataset(returns, CUTOFF, midnight("2024-01-10"), shop).dataset.read()
    assert frame["placed_at"].min() == at(date(2024, 1, 10), 8)


def test_its_features_are_those_of_the_view(shop: Home) -> None:
    frame = build_dataset(returns, CUTOFF, SINCE, shop).dataset.read()
    view = read_view(returns.view, Window(SINCE, CUTOFF), shop.features)
    view = view.set_index("order_id").loc[frame["order_id"]].reset_index()
    names = ["order_id", *returns.view.columns]
    assert_frame_equal(frame[names], view[names], check_exact=True)


def _settled_after(hours: dict[str, int]) -> object:
    """Outcomes of some orders settled so many hours after they were placed."""
    late = ALL_ORDERS.assign(hours=ALL_ORDERS["order_id"].map(hours).fillna(26))
    late = late.assign(
        settled_at=late["placed_at"] + pd.to_timedelta(late["hours"], unit="h").astype("timedelta64[us]")
    )
    late = late.assign(due_at=late[["due_at", "settled_at"]].min(axis="columns"))[list(outcomes.columns)]

    def as_settled(_rows: pd.DataFrame) -> pd.DataFrame:
        first, end = Window.of_days(FIRST_DAY, LAST_DAY).start, midnight(LAST_DAY) + timedelta(days=1)
        return late[(late["settled_at"] >= first) & (late["settled_at"] < end)].reset_index(drop=True)

    return outcomes.computed(as_settled, outcome_source)


def test_a_label_known_after_its_horizon_is_never_learned_and_one_at_its_end_is(own_shop: Home) -> None:
    hours = {"2024-01-05-00": 48, "2024-01-05-01": 49, "2024-01-05-02": 120}
    materialize(_settled_after(hours), Window.of_days(FIRST_DAY, LAST_DAY), own_shop.features)
    learned = set(build_dataset(returns, CUTOFF, SINCE, own_shop).dataset.read()["order_id"])
    assert set(hours) & learned == {"2024-01-05-00"}
    assert len(learned) == len(MATURED) - 2


def test_what_was_known_by_the_prediction_is_no_label_wherever_the_window_begins(own_shop: Home) -> None:
    hours = {"2024-01-05-00": -30, "2024-01-05-01": -1, "2024-01-05-02": 0, "2024-01-05-03": 1}
    materialize(_settled_after(hours), Window.of_days(FIRST_DAY, LAST_DAY), own_shop.features)
    for since in ("2024-01-01", "2024-01-04", "2024-01-05"):
        window = Window(midnight(since), midnight("2024-01-08"))
        frame = read_view(returns.view, window, own_shop.features)
        spine = to_polars(frame, orders.columns)
        labels = read_labels(returns, spine, window, own_shop)
        found = dict(zip(frame["order_id"], labels[LABEL], strict=True))
        assert [found[order] is None for order in hours] == [True, True, True, False], since


def test_the_first_of_several_known_outcomes_is_the_label(own_shop: Home) -> None:
    def reversed_later(rows: pd.DataFrame) -> pd.DataFrame:
        first = rows.iloc[[0]]
        later = first.assign(settled_at=first["settled_at"] + timedelta(hours=1), is_returned=~first["is_returned"])
        return pd.concat([rows, later], ignore_index=True)

    day = Window.of_days("2024-01-06", "2024-01-06")
    materialize(outcomes.computed(reversed_later, outcome_source), day, own_shop.features)
    frame = build_dataset(returns, CUTOFF, SINCE, own_shop).dataset.read().set_index("order_id")
    original = ALL_ORDERS.set_index("order_id").loc["2024-01-05-00"]
    assert frame.loc["2024-01-05-00", LABEL] == float(original["is_returned"])
    assert frame.loc["2024-01-05-00", LABEL_KNOWN_AT] == original["settled_at"]


def test_the_same_pins_give_the_same_bytes(shop: Home) -> None:
    first = build_dataset(returns, CUTOFF, SINCE, shop).dataset
    objects = shop.storage.objects()
    again = build_dataset(returns, CUTOFF, SINCE, shop).dataset
    assert (again.id, dict(again.manifest), shop.storage.objects()) == (first.id, dict(first.manifest), objects)


def test_a_rewrite_of_the_same_rows_in_another_chunking_keeps_the_id(own_shop: Home) -> None:
    first = build_dataset(returns, CUTOFF, SINCE, own_shop).dataset
    for part in DAYS.split(2):
        materialize(orders.computed(lambda rows: rows, order_source), part, own_shop.features)
    assert build_dataset(returns, CUTOFF, SINCE, own_shop).dataset.id == first.id


def test_a_correction_gives_another_id_and_the_old_one_stays_readable(own_shop: Home) -> None:
    old = build_dataset(returns, CUTOFF, SINCE, own_shop).dataset
    before = old.read()
    materialize(orders.computed(lambda rows: rows.assign(quantity=9), order_source), DAYS, own_shop.features)
    new = build_dataset(returns, CUTOFF, SINCE, own_shop).dataset
    assert new.id != old.id
    assert new.manifest["tables"]["order"] > old.manifest["tables"]["order"]
    assert own_shop.datasets.get("returns", CUTOFF).id == new.id
    assert_frame_equal(own_shop.datasets.get("returns", CUTOFF, old.id).read(), before, check_exact=True)
    assert (new.read()["quantity"] == 9).sum() == 100


def test_the_manifest_pins_every_table_that_was_read(shop: Home) -> None:
    manifest = build_dataset(returns, CUTOFF, SINCE, shop).dataset.manifest
    groups = (*returns.view.groups, outcomes)
    assert manifest["tables"] == {group.name: shop.features.version(group) for group in groups}
    assert (manifest["cutoff"], manifest["rows"]) == (CUTOFF.isoformat(), len(MATURED))


@pytest.mark.parametrize("group", ["label", "spine"])
def test_a_day_before_the_cutoff_that_was_never_written_is_named(own_shop: Home, group: str) -> None:
    after: datetime = midnight(LAST_DAY) + timedelta(days=4)
    name = {"label": "outcome", "spine": "order"}[group]
    if group == "spine":  # the labels go further
        binding = outcomes.computed(lambda rows: rows, outcome_source)
        materialize(binding, Window.of_days("2024-02-15", "2024-02-18"), own_shop.features)
    with pytest.raises(MissingPartitions, match=f"{name} was not materialized for 2024-02-15"):
        build_dataset(returns, after, SINCE, own_shop)


def test_a_cutoff_before_anything_is_matured_is_refused_and_says_why(shop: Home) -> None:
    with pytest.raises(MissingPartitions, match="labels are final after 2d: choose another cutoff"):
        build_dataset(returns, midnight("2024-01-03"), SINCE, shop)


def test_more_rows_without_a_label_than_declared_are_refused_and_nothing_is_written(own_shop: Home) -> None:
    hours = {f"2024-01-05-{n:02d}": 49 for n in range(20)}  # beyond the horizon: a twentieth, nearly
    materialize(_settled_after(hours), Window.of_days(FIRST_DAY, LAST_DAY), own_shop.features)
    for limit, is_refused in ((0.05, True), (0.06, False)):
        label = outcomes["is_returned"].within(days=2, never_up_to=limit)
        model = evolve(returns, view=evolve(returns.view, label=label))
        if is_refused:
            with pytest.raises(ContractViolation, match=r"share of 0.05 .*20 of 340 rows have none, 5.9%"):
                build_dataset(model, CUTOFF, SINCE, own_shop)
        else:
            assert build_dataset(model, CUTOFF, SINCE, own_shop).never == 20


def test_labels_come_in_the_order_of_the_spine(shop: Home) -> None:
    window = Window.of_days("2024-01-05", "2024-01-09")
    spine = shop.features.read(orders, window)
    shuffled = spine[np.random.default_rng(0).permutation(len(spine)).tolist()]
    labels = read_labels(returns, shuffled, window, shop)
    truth = dict(zip(ALL_ORDERS["order_id"], ALL_ORDERS["is_returned"], strict=True))
    assert labels[LABEL].to_list() == [float(truth[order]) for order in shuffled["order_id"]]
    assert labels.schema[LABEL_KNOWN_AT] == pl.Datetime("us", "UTC")


class Parcel(pa.DataFrameModel):
    """An order in a box: its order has another name here."""

    parcel: str
    order: str
    placed_at: UTC_TIME


def test_the_keys_of_a_label_may_be_called_otherwise_in_the_spine(own_shop: Home) -> None:
    parcels = FeatureGroup(Parcel, keys="parcel", event_time="placed_at")

    def boxed(rows: pd.DataFrame) -> pd.DataFrame:
        return rows.assign(order=rows["order_id"], parcel="p" + rows["order_id"])[list(parcels.columns)]

    materialize(parcels.computed(boxed, order_source), Window.of_days(FIRST_DAY, LAST_DAY), own_shop.features)
    label = outcomes["is_returned"].joined_on(order_id="order").within(days=2)
    model = Model("boxes", FeatureView(parcels, label, [parcels["order"]]))
    frame = build_dataset(model, CUTOFF, SINCE, own_shop).dataset.read()
    expected = MATURED
    assert frame["parcel"].to_list() == ("p" + expected["order_id"]).to_list()
    assert (frame[LABEL] == expected["is_returned"].astype(float).to_numpy()).all()


class Share(pa.DataFrameModel):
    """How the order's price compares with others."""

    share: float = pa.Field(nullable=True)


def of_the_mean(frame: pd.DataFrame) -> DataFrame[Share]:
    """Looks at other rows."""
    return pd.DataFrame({"share": frame["price"] / frame["price"].mean()})


def test_an_on_demand_function_that_looks_at_other_rows_is_found_out_and_nothing_is_written(shop: Home) -> None:
    model = evolve(returns, view=evolve(returns.view, on_demand=[*returns.view.functions, of_the_mean]))
    with pytest.raises(ContractViolation, match=r"on_demand of_the_mean .*share: is computed from its own row alone"):
        build_dataset(model, CUTOFF, SINCE, shop)
    with pytest.raises(MissingPartitions, match="was not built"):
        shop.datasets.get("returns", CUTOFF)


def test_the_labels_own_column_that_is_never_known_in_time_is_refused_as_a_feature(shop: Home) -> None:
    view = evolve(returns.view, features=[*returns.view.selections, outcomes["is_returned"].lookback(days=9)])
    with pytest.raises(
        ContractViolation, match=r"dataset returns .*is_returned: is the label outcome\['is_returned'\]"
    ):
        build_dataset(evolve(returns, view=view), CUTOFF, SINCE, shop)


def test_the_labels_column_of_another_entitys_last_row_is_a_feature(shop: Home) -> None:
    earlier = outcomes["is_returned"].by("customer").lookback(days=9).prefixed("last_")
    view = evolve(returns.view, features=[*returns.view.selections, earlier])
    frame = build_dataset(evolve(returns, view=view), CUTOFF, SINCE, shop).dataset.read()
    all_orders = ALL_ORDERS.set_index("order_id")
    for row in frame.iloc[100::17].itertuples():
        same_customer = ALL_ORDERS["customer"] == all_orders.loc[row.order_id, "customer"]
        known = ALL_ORDERS[same_customer & (ALL_ORDERS["settled_at"] <= row.placed_at)]
        assert row.last_is_returned == known["is_returned"].iloc[-1]
