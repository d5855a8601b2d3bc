"""Aggregated groups through the store: what windows say, and what is refused."""

from datetime import timedelta
from pathlib import Path

import pytest

from fti_assets.contracts.errors import ContractViolation, MissingPartitions
from fti_assets.contracts.feature_group import as_binding
from fti_assets.contracts.time import DAY, Window, midnight
from fti_assets.features.materialize import aggregate, materialize
from fti_assets.features.windows import distinct
from fti_assets.stores.feature_store import FeatureStore
from fti_assets.stores.home import Home
from fti_assets.stores.storage import Storage
from fti_assets_tests.features.windows.habits import DAILY, DAYS, EXACT, SAWTOOTH, a_day, kept, windows
from fti_assets_tests.worlds import ALL_ORDERS, order_source, orders


def test_windows_at_rows_are_what_a_reader_counts(own_shop: Home) -> None:
    frame = aggregate(EXACT, a_day("2024-01-24"), own_shop.features)
    assert len(frame) == 20  # one for each order of the day
    row = frame.iloc[12]
    at_row, known = row["as_of"], ALL_ORDERS["placed_at"]
    for label, length in (("36h", timedelta(hours=36)), ("9d", 9 * DAY)):
        mine = ALL_ORDERS[(ALL_ORDERS["customer"] == row["customer"]) & (known >= at_row - length) & (known < at_row)]
        assert row[f"quantity_sum_{label}"] == mine["quantity"].sum()
        assert row[f"quantity_last_{label}"] == mine["quantity"].iloc[-1]
        assert row[f"product_first_{label}"] == mine["product"].iloc[0]
        assert row[f"product_distinct_{label}"] == mine["product"].nunique()
        assert row[f"quantity_count_gift_{label}"] == mine["is_gift"].sum()


def test_windows_that_hold_their_end_count_the_rows_known_at_it_from_the_partition_that_begins_there(
    own_shop: Home,
) -> None:
    at_midnight = orders.computed(lambda rows: rows.assign(placed_at=rows["placed_at"].dt.floor("D")), order_source)
    materialize(at_midnight, Window.of_days("2024-01-01", "2024-01-24"), own_shop.features)
    counts = {}
    for closed in ("left", "right"):
        binding = as_binding(
            orders.windows("customer", {"quantity": "count"}, over="4d", name=f"of_{closed}", closed=closed)
        )
        for _ in ("from rows", "from tiles"):
            frame = aggregate(binding, a_day("2024-01-24"), own_shop.features)
            counts[closed] = frame.set_index("customer")["quantity_count_4d"].to_dict()
    days = ALL_ORDERS["placed_at"].dt.floor("D")
    for closed, first, last in (("left", "2024-01-20", "2024-01-23"), ("right", "2024-01-21", "2024-01-24")):
        mine = ALL_ORDERS[days.between(midnight(first), midnight(last))]
        assert counts[closed] == mine["customer"].value_counts().to_dict()


def test_an_hour_of_windows_has_those_at_its_own_rows(own_shop: Home) -> None:
    binding = windows("hour_by_hour", ("9h", "4d"), partitions="hourly", at=orders)
    ten = midnight("2024-01-24") + timedelta(hours=10)
    frame = aggregate(binding, Window(ten, ten + timedelta(hours=1)), own_shop.features)
    assert [as_of - ten for as_of in frame["as_of"]] == [timedelta(0), timedelta(minutes=30)]


def test_whole_numbers_stay_exact_beside_nulls_and_are_written(own_shop: Home) -> None:
    early = Window.of_days("2024-01-01", "2024-01-02")
    frame = aggregate(EXACT, early, own_shop.features)
    assert str(frame["quantity_last_7d"].dtype) == "Int64"
    assert frame["quantity_last_7d"].isna().sum() > 0
    assert materialize(EXACT, early, own_shop.features).rows == 40


def test_first_and_last_of_numbers_beyond_what_a_double_holds_are_exact(own_shop: Home) -> None:
    large = 2**60 + 1
    correction = orders.computed(lambda rows: rows.assign(quantity=large), order_source)
    materialize(correction, a_day("2024-01-22"), own_shop.features)
    for _ in ("from rows", "from tiles"):
        frame = aggregate(DAILY, a_day("2024-01-23"), own_shop.features)
        assert set(frame["quantity_last_7d"]) == {large}


def test_each_day_that_windows_reach_is_needed(tmp_path: Path) -> None:
    store = FeatureStore(Storage(tmp_path / "other"))
    with pytest.raises(MissingPartitions, match="feature group order was not materialized for 2024-01-24"):
        aggregate(SAWTOOTH, a_day("2024-01-24"), store)


def test_too_many_different_values_write_nothing(own_shop: Home, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(distinct, "AT_MOST", 1)
    with pytest.raises(ContractViolation, match="quantity: has at most 1 different values a key and day"):
        materialize(DAILY, DAYS, own_shop.features)
    assert own_shop.features.version(DAILY.group) is None
    assert kept(own_shop.features, "daily_habits") == {}
