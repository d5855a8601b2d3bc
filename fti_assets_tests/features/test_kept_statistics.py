import pandas as pd
import polars as pl
import pytest

from fti_assets.contracts.source import Source
from fti_assets.contracts.time import Window, midnight
from fti_assets.features.materialize import materialize
from fti_assets.stores.feature_store import WHOLE
from fti_assets.stores.home import Home
from fti_assets_tests.worlds import BINDINGS, Order, Product, as_given, catalogue_source, order_source, orders, products

ORDERS = BINDINGS[0]
JANUARY = Window.of_days("2024-01-01", "2024-01-31")
TODAY = Window.of_days("2024-02-01", "2024-02-01")


@pytest.fixture
def home(tmp_path) -> Home:
    return Home(tmp_path)


def without_quantity(start, end) -> pd.DataFrame:
    return order_source.read(start, end).iloc[:6]


FEW = orders.computed(as_given, Source(Order, without_quantity, name="few_orders"))


def test_the_statistics_of_what_is_written_are_kept_beside_it(home):
    written = materialize(ORDERS, JANUARY, home.features)

    kept = home.features.statistics.read(orders, JANUARY)
    assert kept.equals(written.kept.statistics)
    quantity = kept.filter(pl.col("column") == "quantity")
    assert quantity["rows"].to_list() == [20] * 31
    # pieces are 1, 2, 3, 1, 2, …: the third row of the first day has the first 3
    assert (quantity["min"][0], quantity["q50"][0], quantity["max"][0]) == (1.0, 2.0, 3.0)
    assert not any(written.kept.unusual.values())


def test_materializing_a_partition_again_replaces_its_statistics(home):
    materialize(ORDERS, JANUARY, home.features)
    before = home.features.statistics.read(orders, JANUARY)
    day = Window.of_days("2024-01-10", "2024-01-10")

    materialize(FEW, day, home.features)
    changed = home.features.statistics.read(orders, JANUARY)
    assert changed.filter(pl.col("start") == day.start)["rows"].unique().to_list() == [6]
    assert changed.filter(pl.col("start") != day.start).equals(before.filter(pl.col("start") != day.start))

    materialize(ORDERS, day, home.features)
    assert home.features.statistics.read(orders, JANUARY).equals(before)


def test_a_range_and_its_days_one_by_one_leave_the_same_statistics_and_the_same_findings(home, tmp_path):
    other = Home(tmp_path / "other")
    window = Window.of_days("2024-01-01", "2024-01-09")
    materialize(ORDERS, window, home.features)
    together = materialize(FEW, TODAY, home.features).kept
    for day in window.days:
        materialize(ORDERS, Window.of_days(day, day), other.features)
    apart = materialize(FEW, TODAY, other.features).kept

    assert other.features.statistics.read(orders, JANUARY).equals(home.features.statistics.read(orders, JANUARY))
    assert apart.unusual == together.unusual


def test_a_partition_is_judged_by_the_28_days_before_it(home):
    materialize(ORDERS, JANUARY, home.features)

    kept = materialize(FEW, TODAY, home.features).kept

    assert kept.before["start"].min() == midnight("2024-01-04")
    found = kept.unusual[TODAY.start]
    assert [(each.check, each.column) for each in found] == [("volume", ""), ("freshness", "placed_at")]
    assert materialize(ORDERS, TODAY, home.features).kept.unusual == {TODAY.start: ()}


def test_a_dimension_is_judged_by_what_it_replaces(home):
    def one_product(start, end) -> pd.DataFrame:
        return catalogue_source.read(start, end).iloc[:0]

    emptied = products.computed(as_given, Source(Product, one_product, name="emptied"))
    assert materialize(BINDINGS[2], WHOLE, home.features).kept.unusual == {WHOLE.start: ()}

    (found,) = materialize(emptied, WHOLE, home.features).kept.unusual[WHOLE.start]

    assert (found.check, found.found, found.expected) == ("volume", "no rows", "5 to 5 rows, never none")


def test_a_batch_stands_when_its_statistics_cannot_be_written(home):
    (home.local / "features").mkdir()
    (home.local / "features" / "_statistics").write_text("a file where the folder should be")

    written = materialize(ORDERS, TODAY, home.features)

    assert len(home.features.read(orders, TODAY)) == 20
    (found,) = written.kept.unusual[TODAY.start]
    assert found.check == "statistics"
    assert "materialize again" in found.expected


def test_statistics_that_cannot_be_read_are_said_and_mended_by_deleting_them(home):
    materialize(ORDERS, JANUARY, home.features)
    file = home.local / "features" / "_statistics" / "order" / "2024-01" / "00000000"
    file.write_bytes(b"torn")

    assert materialize(ORDERS, JANUARY, home.features).kept.unusual[JANUARY.start][0].check == "statistics"

    file.unlink()
    materialize(ORDERS, JANUARY, home.features)
    assert len(home.features.statistics.read(orders, JANUARY)) == 31 * len(orders.columns)
