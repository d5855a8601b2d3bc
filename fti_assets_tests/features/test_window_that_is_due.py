"""A function that is given the window that is due: one call a partition, so the range of a run changes nothing."""

from datetime import timedelta
from pathlib import Path

import pandas as pd
import pandera.pandas as pa
import pytest

from fti_assets.audit.feature_groups import audit_binding
from fti_assets.contracts.binding import Computed
from fti_assets.contracts.errors import ContractViolation
from fti_assets.contracts.feature_group import FeatureGroup
from fti_assets.contracts.source import Source
from fti_assets.contracts.time import UTC, Window
from fti_assets.features.materialize import materialize
from fti_assets.stores.home import Home
from fti_assets_tests.metamorphic import same_bits
from fti_assets_tests.worlds import ALL_ORDERS, BINDINGS, FIRST_DAY, LAST_DAY, Order, order_source, orders

DAYS = Window.of_days("2024-01-08", "2024-01-21")


class Usual(pa.DataFrameModel):
    """The mean quantity of a customer's orders of the days before."""

    customer: str
    as_of: UTC
    mean: float
    number: pd.Int64Dtype = pa.Field(nullable=True)


def usual_by_then(placed: pd.DataFrame, window: Window) -> pd.DataFrame:
    """The mean of all orders before the window: which rows those are, only the window says."""
    before = placed[placed["placed_at"] < window.start]
    means = before.groupby("customer", as_index=False)["quantity"].mean().rename(columns={"quantity": "mean"})
    number = pd.Series([2**60 + 1] * len(means), dtype="Int64") if window.start.day % 2 else None
    return means.assign(as_of=pd.Timestamp(window.start).as_unit("us"), number=number)


def usual(partitions: str) -> Computed:
    group = FeatureGroup(Usual, keys="customer", event_time="as_of", partitions=partitions, name="usual")
    return group.computed(usual_by_then, orders["customer", "quantity"].lookback("3d"))


@pytest.fixture
def home(tmp_path: Path) -> Home:
    home = Home(tmp_path)
    materialize(BINDINGS[0], Window.of_days(FIRST_DAY, LAST_DAY), home.features)
    return home


def test_each_partition_has_what_its_own_window_says(home: Home) -> None:
    materialize(usual("daily"), DAYS, home.features)
    for day in DAYS.days:
        window = Window.of_days(day, day)
        placed = ALL_ORDERS["placed_at"]
        before = ALL_ORDERS[(placed < window.start) & (placed >= window.start - timedelta(days=3))]
        rows = home.features.read(usual("daily").group, window)
        expected = before.groupby("customer")["quantity"].mean().to_dict()
        assert dict(rows.select("customer", "mean").rows()) == expected
        assert set(rows["number"]) == {2**60 + 1 if day.day % 2 else None}


@pytest.mark.parametrize(("partitions", "days"), [("daily", 1), ("daily", 5), ("weekly", 7), ("hourly", 7)])
def test_its_rows_are_the_same_whatever_the_range_that_is_computed(
    home: Home, tmp_path: Path, partitions: str, days: int
) -> None:
    binding, other = usual(partitions), Home(tmp_path / "other")
    materialize(BINDINGS[0], Window.of_days(FIRST_DAY, LAST_DAY), other.features)
    materialize(binding, DAYS, home.features)
    for part in reversed(list(DAYS.split(days))):
        materialize(binding, part, other.features)
    one, many = (place.features.read(binding.group, DAYS).sort("as_of", "customer") for place in (home, other))
    assert len(one) > 10
    assert same_bits(one, many)


def test_a_group_without_rows_in_some_windows_or_in_all_is_written(home: Home) -> None:
    def on_mondays(placed: pd.DataFrame, window: Window) -> pd.DataFrame:
        return placed if window.start.weekday() == 0 else placed.head(0)

    bound = orders.computed(on_mondays, order_source)
    assert materialize(bound, DAYS, home.features).rows_by_partition["2024-01-15"] == 20
    assert materialize(bound, Window.of_days("2024-01-09", "2024-01-10"), home.features).rows == 0


def test_rows_of_every_partition_are_set_aside_and_counted(home: Home) -> None:
    raw = Source(Order, order_source.read, name="raw_orders", on_invalid="quarantine", invalid_up_to=0.5)
    checked = FeatureGroup(Order, keys="order_id", event_time="placed_at", name="checked", on_invalid="quarantine")

    def first_is_wrong(placed: pd.DataFrame, window: Window) -> pd.DataFrame:
        assert placed["placed_at"].between(window.start, window.end).all()
        return placed.assign(quantity=[0, *placed["quantity"].iloc[1:]])

    written = materialize(checked.computed(first_is_wrong, raw), DAYS, home.features)
    assert written.rows == 14 * 19
    assert dict(written.set_aside) == dict.fromkeys(map(str, DAYS.days), 1)


def test_a_partition_that_breaks_its_contract_writes_nothing(home: Home) -> None:
    def wrong_on_tuesdays(placed: pd.DataFrame, window: Window) -> pd.DataFrame:
        return placed.assign(quantity=0) if window.start.weekday() == 1 else placed

    version = home.features.version(orders)
    with pytest.raises(ContractViolation, match="feature group order"):
        materialize(orders.computed(wrong_on_tuesdays, order_source), DAYS, home.features)
    assert home.features.version(orders) == version


def test_the_audit_passes_what_looks_back_from_its_window_and_finds_what_looks_into_it(home: Home) -> None:
    def looks_into_it(placed: pd.DataFrame, window: Window) -> pd.DataFrame:
        return usual_by_then(placed, Window(window.start + timedelta(hours=20), window.end)).assign(
            as_of=pd.Timestamp(window.start).as_unit("us")
        )

    window, clean = Window.of_days("2024-01-10", "2024-01-12"), usual("daily")
    assert audit_binding(clean, window, home.features) == []
    leaky = clean.group.computed(looks_into_it, *clean.inputs)
    assert any(finding.severity == "leak" for finding in audit_binding(leaky, window, home.features))
