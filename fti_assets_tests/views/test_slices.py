import os
import signal
from datetime import date
from pathlib import Path

import pandas as pd
import polars as pl
import pytest
from attrs import evolve
from pandera.typing.pandas import DataFrame
from polars.testing import assert_frame_equal

from fti_assets.contracts.errors import DeclarationError, MissingPartitions, WorkerDied
from fti_assets.contracts.feature_view import FeatureView
from fti_assets.contracts.time import Window
from fti_assets.features.materialize import materialize
from fti_assets.stores.executor import Executor
from fti_assets.stores.feature_store import FeatureStore
from fti_assets.stores.home import Home
from fti_assets.stores.slices import Slice
from fti_assets.stores.storage import Storage
from fti_assets.views import joining
from fti_assets.views.assemble import assemble
from fti_assets.views.inputs import read_inputs, table_versions
from fti_assets.views.slices import slices
from fti_assets_tests.worlds import (
    FIRST_DAY,
    LAST_DAY,
    Amount,
    amount,
    at,
    order_source,
    orders,
    returns,
)

VIEW = returns.view
EVERYTHING = Window.of_days(FIRST_DAY, LAST_DAY)
JANUARY, FEBRUARY = Window.of_days(FIRST_DAY, "2024-01-31"), Window.of_days("2024-02-01", LAST_DAY)
PLAIN = evolve(VIEW, on_demand=[])
TWO = Executor("processes:2")
NINE = orders.computed(lambda rows: rows.assign(quantity=9), order_source)


@pytest.fixture
def store(shop: Home, tmp_path: Path) -> FeatureStore:
    """The shop's features with no slice kept."""
    return without_slices(shop, tmp_path / "features")


def without_slices(home: Home, folder: Path) -> FeatureStore:
    """The tables of a home, linked into a folder."""
    folder.mkdir()
    assert home.features.storage.folder is not None
    for path in home.features.storage.folder.iterdir():
        if path.name != "_slices":
            (folder / path.name).symlink_to(path)
    return FeatureStore(Storage(folder))


def rows_of(parts: list[Slice]) -> pl.DataFrame:
    return pl.concat(part.read() for part in parts)


def in_one_join(view: FeatureView, window: Window, store: FeatureStore) -> pl.DataFrame:
    """The slow, obvious twin: all in one join, by way of pandas."""
    frame = assemble(view, *read_inputs(view, window, store, {}))
    columns = {name: kind.polars for name, kind in view.row_columns.items()}
    return pl.from_pandas(frame[list(columns)], nan_to_null=True).cast(columns)


def blobs(parts: list[Slice]) -> list[str]:
    return [part.blob for part in parts]


def test_a_whole_month_is_a_slice_and_each_day_of_another_month_is_one(store: FeatureStore) -> None:
    parts = slices(VIEW, EVERYTHING, store)
    assert [part.window for part in parts] == [JANUARY, *FEBRUARY.split(1)]
    assert [part.rows for part in parts] == [31 * 20, *[20] * 14]
    assert_frame_equal(rows_of(parts), in_one_join(VIEW, EVERYTHING, store), check_exact=True)
    assert list(parts[0].read().columns) == list({**VIEW.spine.columns, **VIEW.columns})


def test_a_view_without_on_demand_functions_has_the_same_values(store: FeatureStore) -> None:
    expected = in_one_join(VIEW, EVERYTHING, store).drop("amount")
    assert_frame_equal(rows_of(slices(PLAIN, EVERYTHING, store)), expected, check_exact=True)


def day_by_day(store: FeatureStore) -> None:
    for day in EVERYTHING.split(1):
        slices(VIEW, day, store)


def backwards_in_pieces(store: FeatureStore) -> None:
    for part in reversed(list(EVERYTHING.split(4))):
        slices(VIEW, part, store)


def some_days(store: FeatureStore) -> None:
    slices(VIEW, Window.of_days("2024-01-10", "2024-02-03"), store)


@pytest.mark.parametrize("before", [day_by_day, backwards_in_pieces, some_days])
@pytest.mark.parametrize("executor", [Executor(""), TWO])
def test_bytes_are_equal_whatever_was_there_and_whoever_makes_them(
    shop: Home, tmp_path: Path, before: object, executor: Executor
) -> None:
    nothing_there, something_there = (without_slices(shop, tmp_path / name) for name in ("nothing", "something"))
    before(something_there)
    made = slices(VIEW, EVERYTHING, something_there, executor=executor)
    assert blobs(made) == blobs(slices(VIEW, EVERYTHING, nothing_there))


def test_ties_are_settled_alike_in_a_day_and_in_a_month(own_shop: Home) -> None:
    history = VIEW.groups[1]
    rows = own_shop.features.read(history, EVERYTHING)
    twice = pl.concat([rows, rows.with_columns(pl.col("is_returned_count_7d") + 100)]).to_pandas()
    own_shop.features.write(history, twice, EVERYTHING)
    whole = rows_of(slices(VIEW, EVERYTHING, own_shop.features))
    assert (whole["is_returned_count_7d"].drop_nulls() >= 100).all()
    days = pl.concat(rows_of(slices(VIEW, day, own_shop.features)) for day in EVERYTHING.split(1))
    assert_frame_equal(days, whole, check_exact=True)


def test_a_window_may_begin_and_end_within_a_day(store: FeatureStore) -> None:
    window = Window(at(date(2024, 1, 10), 12), at(date(2024, 1, 12), 9, 30))
    parts = slices(VIEW, window, store)
    assert [part.window.start for part in parts] == [window.start, at(date(2024, 1, 11)), at(date(2024, 1, 12))]
    assert_frame_equal(rows_of(parts), in_one_join(VIEW, window, store), check_exact=True)


def counted_joins(monkeypatch: pytest.MonkeyPatch) -> list[tuple[int, int]]:
    """How many rows of the spine, and of the longest group, each later join is of."""
    sizes, plain = [], joining.join

    def counting(view: FeatureView, spine: pl.DataFrame, groups: dict[str, pl.DataFrame]) -> pl.DataFrame:
        sizes.append((spine.height, max(frame.height for frame in groups.values())))
        return plain(view, spine, groups)

    monkeypatch.setattr(joining, "join", counting)
    return sizes


def test_what_was_joined_is_not_joined_again(store: FeatureStore, monkeypatch: pytest.MonkeyPatch) -> None:
    day_by_day(store)
    joins = counted_joins(monkeypatch)
    slices(VIEW, EVERYTHING, store)
    assert joins == []


def test_days_that_follow_each_other_are_joined_at_once_and_never_more_than_a_month(
    store: FeatureStore, monkeypatch: pytest.MonkeyPatch
) -> None:
    slices(VIEW, Window.of_days("2024-02-05", "2024-02-05"), store)
    joins = counted_joins(monkeypatch)
    slices(VIEW, EVERYTHING, store)
    assert [spine for spine, _ in joins] == [31 * 20, 4 * 20, 9 * 20]
    assert max(group for _, group in joins) <= 7 * (31 + 3)  # seven customers, a lookback of three days


def test_what_was_corrected_is_joined_again_and_nothing_else(own_shop: Home, monkeypatch: pytest.MonkeyPatch) -> None:
    before = slices(VIEW, EVERYTHING, own_shop.features)
    materialize(NINE, Window.of_days("2024-02-05", "2024-02-05"), own_shop.features)
    joins = counted_joins(monkeypatch)
    after = slices(VIEW, EVERYTHING, own_shop.features)
    assert [spine for spine, _ in joins] == [20]
    assert [old == new for old, new in zip(before, after, strict=True)] == [part != 5 for part in range(15)]
    assert_frame_equal(rows_of(after), in_one_join(VIEW, EVERYTHING, own_shop.features), check_exact=True)


def test_pinned_versions_give_the_rows_of_then(own_shop: Home, tmp_path: Path) -> None:
    before, pins = blobs(slices(VIEW, EVERYTHING, own_shop.features)), table_versions(VIEW, own_shop.features)
    materialize(NINE, Window.of_days("2024-01-05", "2024-01-09"), own_shop.features)
    fresh = without_slices(own_shop, tmp_path / "fresh")
    assert blobs(slices(VIEW, EVERYTHING, fresh, pins)) == before != blobs(slices(VIEW, EVERYTHING, fresh))


def test_a_deleted_slice_is_made_again_with_the_same_bytes(store: FeatureStore) -> None:
    parts = slices(VIEW, FEBRUARY, store)
    store.storage.delete(store.storage.objects("_slices/records")[3:7])
    assert slices(VIEW, FEBRUARY, store) == parts


def test_a_day_that_was_never_written_is_named_and_nothing_is_kept(store: FeatureStore) -> None:
    with pytest.raises(MissingPartitions, match="order was not materialized for 2024-02-15"):
        slices(VIEW, Window.of_days("2024-02-01", "2024-02-15"), store)
    assert store.storage.objects("_slices") == []


def test_a_view_that_workers_cannot_import_is_refused(store: FeatureStore) -> None:
    def local(frame: pd.DataFrame) -> DataFrame[Amount]:
        return amount(frame)

    with pytest.raises(
        DeclarationError, match=r"view of order: .*local of .*: expected a class or function at the top"
    ):
        slices(evolve(VIEW, on_demand=[local]), EVERYTHING, store, executor=TWO)


def die_once(frame: pd.DataFrame) -> DataFrame[Amount]:
    """What an order costs; the first worker to reach its last days is killed."""
    flag = Path(os.environ["DIED"])
    if frame["placed_at"].min() >= at(date(2024, 2, 10)) and not flag.exists():
        flag.touch()
        os.kill(os.getpid(), signal.SIGKILL)
    return amount(frame)


def test_a_killed_worker_is_told_and_a_rerun_completes(
    store: FeatureStore, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("DIED", str(tmp_path / "died"))
    view = evolve(VIEW, on_demand=[die_once])
    with pytest.raises(WorkerDied, match=r"killed.*run it again to do the rest"):
        slices(view, EVERYTHING, store, executor=TWO)
    parts = slices(view, EVERYTHING, store, executor=TWO)
    assert_frame_equal(rows_of(parts), in_one_join(VIEW, EVERYTHING, store), check_exact=True)
