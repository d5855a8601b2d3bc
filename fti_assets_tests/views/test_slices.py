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

from fti_assets.contracts.errors import Conflict, DeclarationError, MissingPartitions, WorkerDied
from fti_assets.contracts.time import Window
from fti_assets.features.materialize import materialize
from fti_assets.stores.frames import to_polars
from fti_assets.stores.home import Home
from fti_assets.views import slices
from fti_assets.views.reading import read_view, table_versions
from fti_assets.views.slices import write_view
from fti_assets_tests.worlds import FIRST_DAY, LAST_DAY, Amount, amount, at, order_source, orders, returns

VIEW = returns.view
EVERYTHING = Window.of_days(FIRST_DAY, LAST_DAY)
PLAIN = evolve(VIEW, on_demand=[])


def written(folder: Path) -> pl.DataFrame:
    return pl.concat([pl.read_parquet(path) for path in sorted(folder.glob("*.parquet"))])


def expected(home: Home) -> pl.DataFrame:
    return to_polars(read_view(VIEW, EVERYTHING, home.features), {**VIEW.spine.columns, **VIEW.columns})


@pytest.mark.parametrize(("days", "workers"), [(45, 1), (15, 1), (4, 1), (15, 2), (4, 2)])
def test_rows_are_those_of_the_view_whatever_the_windows_and_the_workers(
    shop: Home, tmp_path: Path, days: int, workers: int
) -> None:
    told = write_view(VIEW, EVERYTHING, shop.features, tmp_path / "out", days=days, workers=workers)
    assert_frame_equal(written(tmp_path / "out"), expected(shop), check_exact=True)
    assert (told.rows, len(told.files)) == (900, -(-45 // days))
    assert told.bytes == sum(path.stat().st_size for path in (tmp_path / "out").iterdir())


def test_a_view_without_on_demand_functions_has_the_same_values(shop: Home, tmp_path: Path) -> None:
    write_view(PLAIN, EVERYTHING, shop.features, tmp_path, days=20)
    assert_frame_equal(written(tmp_path), expected(shop).drop("amount"), check_exact=True)


def test_ties_are_settled_alike_in_every_slicing(own_shop: Home, tmp_path: Path) -> None:
    history = VIEW.groups[1]
    rows = own_shop.features.read(history, EVERYTHING)
    twice = pl.concat([rows, rows.with_columns(pl.col("is_returned_count_7d") + 100)]).to_pandas()
    own_shop.features.write(history, twice, EVERYTHING)
    for days in (45, 15, 4):
        write_view(VIEW, EVERYTHING, own_shop.features, tmp_path / str(days), days=days)
    whole = written(tmp_path / "45")
    assert (whole["is_returned_count_7d"].drop_nulls() >= 100).all()
    assert_frame_equal(written(tmp_path / "15"), whole, check_exact=True)
    assert_frame_equal(written(tmp_path / "4"), whole, check_exact=True)


def test_a_window_may_begin_and_end_within_a_day(shop: Home, tmp_path: Path) -> None:
    window = Window(at(date(2024, 1, 10), 12), at(date(2024, 1, 12), 9, 30))
    write_view(VIEW, window, shop.features, tmp_path, days=1)
    assert_frame_equal(
        written(tmp_path),
        expected(shop).filter(pl.col("placed_at").is_between(window.start, window.end, closed="left")),
        check_exact=True,
    )


def test_what_was_written_from_the_same_rows_is_kept(own_shop: Home, tmp_path: Path) -> None:
    write_view(VIEW, EVERYTHING, own_shop.features, tmp_path, days=15)
    again = write_view(VIEW, EVERYTHING, own_shop.features, tmp_path, days=15)
    assert [file.kept for file in again.files] == [True, True, True]
    day = Window.of_days("2024-01-20", "2024-01-20")
    materialize(orders.computed(lambda rows: rows.assign(quantity=9), order_source), day, own_shop.features)
    corrected = write_view(VIEW, EVERYTHING, own_shop.features, tmp_path, days=15)
    assert [file.kept for file in corrected.files] == [True, False, True]
    assert_frame_equal(written(tmp_path), expected(own_shop), check_exact=True)


def test_pinned_versions_write_the_rows_of_then(own_shop: Home, tmp_path: Path) -> None:
    before, pins = expected(own_shop), table_versions(VIEW, own_shop.features)
    nine = orders.computed(lambda rows: rows.assign(quantity=9), order_source)
    materialize(nine, Window.of_days("2024-01-05", "2024-01-09"), own_shop.features)
    write_view(VIEW, EVERYTHING, own_shop.features, tmp_path, versions=pins)
    assert_frame_equal(written(tmp_path), before, check_exact=True)


def test_another_slicing_does_not_double_the_rows_of_a_folder(shop: Home, tmp_path: Path) -> None:
    write_view(VIEW, EVERYTHING, shop.features, tmp_path, days=15)
    with pytest.raises(Conflict, match="choose another folder or delete them"):
        write_view(VIEW, EVERYTHING, shop.features, tmp_path, days=20)


def test_a_day_that_was_never_written_is_named_and_nothing_is_written(shop: Home, tmp_path: Path) -> None:
    with pytest.raises(MissingPartitions, match="order was not materialized for 2024-02-15"):
        write_view(VIEW, Window.of_days("2024-02-01", "2024-02-15"), shop.features, tmp_path / "out")
    assert not (tmp_path / "out").exists()


def test_a_view_that_workers_cannot_import_is_refused(shop: Home, tmp_path: Path) -> None:
    def local(frame: pd.DataFrame) -> DataFrame[Amount]:
        return amount(frame)

    with pytest.raises(
        DeclarationError, match=r"view of order: .*local of .*: expected a class or function at the top"
    ):
        write_view(evolve(VIEW, on_demand=[local]), EVERYTHING, shop.features, tmp_path, days=15, workers=2)


def die_once(frame: pd.DataFrame) -> DataFrame[Amount]:
    """What an order costs; the first worker to reach its last days is killed."""
    flag = Path(os.environ["DIED"])
    if frame["placed_at"].min() >= at(date(2024, 1, 31)) and not flag.exists():
        flag.touch()
        os.kill(os.getpid(), signal.SIGKILL)
    return amount(frame)


def test_a_killed_worker_is_told_and_a_rerun_completes(
    shop: Home, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("DIED", str(tmp_path / "died"))
    view = evolve(VIEW, on_demand=[die_once])
    with pytest.raises(WorkerDied, match=r"killed.*run it again to do the rest"):
        write_view(view, EVERYTHING, shop.features, tmp_path / "out", days=15, workers=2)
    assert all(len(pl.read_parquet(path)) for path in (tmp_path / "out").glob("*.parquet"))
    told = write_view(view, EVERYTHING, shop.features, tmp_path / "out", days=15, workers=2)
    assert told.rows == 900
    assert_frame_equal(written(tmp_path / "out"), expected(shop), check_exact=True)


def test_the_range_is_never_in_memory_at_once(shop: Home, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    sizes, plain = [], slices.join

    def counting(view: object, spine: pl.DataFrame, groups: dict[str, pl.DataFrame]) -> pl.DataFrame:
        sizes.append((spine.height, max(frame.height for frame in groups.values())))
        return plain(view, spine, groups)

    monkeypatch.setattr(slices, "join", counting)
    write_view(VIEW, EVERYTHING, shop.features, tmp_path, days=3)
    assert len(sizes) == 15
    assert max(rows for rows, _ in sizes) == 60
    assert max(rows for _, rows in sizes) <= 7 * 7  # seven customers, three days and a lookback of three before them


def test_one_slice_for_two_workers_sees_what_was_written_in_between(own_shop: Home, tmp_path: Path) -> None:
    write_view(VIEW, EVERYTHING, own_shop.features, tmp_path, days=45, workers=2)
    nine = orders.computed(lambda rows: rows.assign(quantity=9), order_source)
    materialize(nine, Window.of_days("2024-01-05", "2024-01-09"), own_shop.features)
    write_view(VIEW, EVERYTHING, own_shop.features, tmp_path, days=45, workers=2)
    assert_frame_equal(written(tmp_path), expected(own_shop), check_exact=True)
