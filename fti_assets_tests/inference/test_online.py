from collections.abc import Iterator
from datetime import date, timedelta
from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from fti_assets.contracts.errors import ContractViolation, MissingPartitions
from fti_assets.contracts.time import Window
from fti_assets.inference.online import SERVED_DAYS, answer, load_online, online_features
from fti_assets.inference.requests import request_frame
from fti_assets.models.scorer import Scorer
from fti_assets.stores.home import Home
from fti_assets.training.promotion import gate_candidates
from fti_assets.views.reading import read_view
from fti_assets_tests import worlds

VIEW = worlds.returns.view
HISTORY = worlds.BINDINGS[3]
SERVED = Window.of_days(worlds.LAST_DAY - timedelta(days=SERVED_DAYS - 1), worlds.LAST_DAY)
ORDER = {"order_id": "7", "customer": "ada", "product": "boots", "quantity": 2, "is_gift": False}


@pytest.fixture(scope="module")
def home(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Home]:
    """The shop's whole history, its groups online."""
    home = Home(tmp_path_factory.mktemp("shop"))
    worlds.write_history(home)
    load_online(worlds.products, [VIEW], home)
    load_online(worlds.customer_history, [VIEW], home)
    with home.online.held_open():
        yield home


def served_orders() -> list[dict[str, object]]:
    """The orders of the served days, as requests."""
    rows = worlds.ALL_ORDERS[list(worlds.orders.columns)]
    return rows[rows["placed_at"] >= SERVED.start].to_dict("records")


def test_a_row_online_is_the_row_in_batch_alone_or_among_others(home: Home) -> None:
    batch = read_view(VIEW, SERVED, home.features)
    orders = served_orders()
    assert len(batch) == len(orders) == 40
    together = online_features(VIEW, request_frame(VIEW, orders), home.online)
    pd.testing.assert_frame_equal(together, batch)
    alone = [online_features(VIEW, request_frame(VIEW, [order]), home.online) for order in orders]
    pd.testing.assert_frame_equal(pd.concat(alone, ignore_index=True), batch)


def test_a_prediction_online_is_the_prediction_in_batch_bit_for_bit(home: Home) -> None:
    worlds.train_candidate(home, date(2024, 2, 1))
    gate_candidates(worlds.returns, home, who="test")
    scorer = Scorer(home.registry.champion("returns"))
    batch = scorer.predict(read_view(VIEW, SERVED, home.features))
    online = [answer(VIEW, scorer, request_frame(VIEW, [order]), home.online) for order in served_orders()]
    assert np.concatenate(online).tobytes() == batch.tobytes()
    assert len(set(batch)) > 3


def test_what_the_store_does_not_know_is_null_and_still_completed(home: Home) -> None:
    stranger = {**ORDER, "customer": "zoe", "product": "hat", "placed_at": "2024-02-14T09:00:00Z"}
    (row,) = online_features(VIEW, request_frame(VIEW, [stranger]), home.online).to_dict("records")
    assert all(pd.isna(row[name]) for name in ("is_returned_count_7d", "price", "category", "amount"))
    assert row["quantity"] == 2


def test_a_time_that_the_rows_do_not_reach_is_refused_naming_the_one_that_they_do(home: Home) -> None:
    reach = r"the online rows of customer_history reach 2024-02-15 00:00:00\+00:00, not placed_at="
    for time in ("2024-02-15T00:00:00Z", "2024-02-18T00:00:00Z", "9999-12-31T00:00:00Z"):
        with pytest.raises(MissingPartitions, match=f"{reach}{time[:10]}"):
            online_features(VIEW, request_frame(VIEW, [ORDER | {"placed_at": time}]), home.online)
    last = ORDER | {"placed_at": "2024-02-14T23:59:59.999999Z"}
    [row] = online_features(VIEW, request_frame(VIEW, [last]), home.online).to_dict("records")
    assert row["is_returned_count_7d"] > 0


def test_one_row_too_late_refuses_all_that_are_asked_for_with_it(home: Home) -> None:
    rows = [ORDER | {"placed_at": f"2024-02-{day}T12:00:00Z"} for day in (14, 15)]
    with pytest.raises(MissingPartitions, match="not placed_at=2024-02-15 12:00"):
        online_features(VIEW, request_frame(VIEW, rows), home.online)


def test_so_much_later_as_is_declared_a_row_finds_what_is_young_enough(home: Home) -> None:
    # the last row is known at the last day's first instant, and may be three days old
    days = [{**ORDER, "placed_at": f"{worlds.LAST_DAY + timedelta(days=n)}T00:00:00Z"} for n in (3, 4)]
    requests = request_frame(VIEW, days)
    frame = online_features(VIEW, requests, home.online, stale_up_to=timedelta(days=3, microseconds=1))
    assert frame["is_returned_count_7d"].isna().tolist() == [False, True]
    with pytest.raises(MissingPartitions, match="and stale_up_to=3d more is answered: materialize"):
        online_features(VIEW, requests, home.online, stale_up_to=timedelta(days=3))


def test_an_earlier_prediction_is_refused(home: Home) -> None:
    early = {**ORDER, "placed_at": "2024-02-12T23:59:59Z"}
    with pytest.raises(ContractViolation, match=r"placed_at: 2024-02-13 00:00:00\+00:00 or later"):
        online_features(VIEW, request_frame(VIEW, [early]), home.online)


def test_a_load_says_what_it_holds(home: Home) -> None:
    loaded = load_online(worlds.customer_history, [VIEW], home)
    # two served days and three of lookback, of rows that are known when they are true; seven customers a day
    assert (loaded.rows, loaded.until) == (7 * 5, SERVED.end)
    assert load_online(worlds.products, [VIEW], home).rows == 5


def test_a_group_is_not_loaded_before_it_is_written(tmp_path: Path) -> None:
    with pytest.raises(MissingPartitions, match="online/customer_history: feature group customer_history was not mat"):
        load_online(worlds.customer_history, [VIEW], Home(tmp_path))


@pytest.mark.parametrize(("spine_until", "begin"), [("2024-01-08", "2024-01-07"), ("2024-01-12", "2024-01-09")])
def test_a_groups_own_newest_rows_are_loaded_whatever_its_spine_has(
    spine_until: str, begin: str, tmp_path: Path
) -> None:
    home, outcomes = Home(tmp_path), worlds.BINDINGS[1]
    for binding, until in ((worlds.BINDINGS[0], spine_until), (outcomes, "2024-01-10"), (HISTORY, "2024-01-10")):
        worlds.materialize(binding, Window.of_days(worlds.FIRST_DAY, until), home.features)
    loaded = load_online(worlds.customer_history, [VIEW], home)
    assert loaded.until == worlds.at(date(2024, 1, 11))
    [history] = [selection for selection in VIEW.joined if selection.group == worlds.customer_history]
    times = [worlds.at(date.fromisoformat(begin)), worlds.at(date(2024, 1, 10), 23)]
    requests = request_frame(VIEW, [ORDER | {"placed_at": time.isoformat()} for time in times])
    answered = home.online.look_up(history, requests, "placed_at")
    assert answered["is_returned_count_7d"].null_count() == 0
    early = requests.with_columns(placed_at=requests["placed_at"] - timedelta(days=9))
    with pytest.raises(ContractViolation, match=f"{begin} 00:00:00"):
        home.online.look_up(history, early, "placed_at")


def test_a_dimension_that_was_never_written_is_not_loaded_as_empty(tmp_path: Path) -> None:
    with pytest.raises(MissingPartitions, match="feature group products was not materialized: materialize it first"):
        load_online(worlds.products, [VIEW], Home(tmp_path))


def test_a_missing_day_is_not_loaded_as_nulls(tmp_path: Path) -> None:
    home = Home(tmp_path)
    worlds.write_history(home, last_day=date(2024, 1, 10))
    materialized = Window.of_days("2024-01-11", "2024-01-12")
    worlds.materialize(worlds.BINDINGS[1], materialized, home.features)
    worlds.materialize(HISTORY, Window.of_days("2024-01-12", "2024-01-12"), home.features)
    with pytest.raises(MissingPartitions, match="customer_history was not materialized for 2024-01-11"):
        load_online(worlds.customer_history, [VIEW], home)
