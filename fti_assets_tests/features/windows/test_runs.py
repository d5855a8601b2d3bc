from datetime import UTC, datetime, timedelta

import numpy as np
import polars as pl
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from polars.testing import assert_frame_equal

from fti_assets.contracts.time import DAY, Window
from fti_assets.features.windows import runs as module
from fti_assets.features.windows.measures import EPOCH, Measures
from fti_assets.features.windows.runs import joined, level_of, runs_in
from fti_assets.features.windows.tiles import Tiles, from_kept, tiles_of
from fti_assets.features.windows.trailing import grid_windows

ALL = ("count", "sum", "mean", "std", "min", "max", "first", "last")
MEASURES = Measures(["key"], "known", {"delay": ALL, "gate": ("last",)}, order=["n"])


def tiles_of_days(days: int = 110) -> Tiles:
    """Tiles of the days from 1970-01-01; one of the keys has no rows in some of them."""
    random, rows = np.random.default_rng(5), 6 * days
    frame = pl.DataFrame(
        {
            "key": random.choice(["UA", "DL", "AA"], rows, p=[0.6, 0.35, 0.05]),
            "known": [datetime(1970, 1, 1, tzinfo=UTC) + timedelta(hours=float(h)) for h in np.arange(rows) * 4],
            "delay": random.normal(1e3, 50, rows),
            "gate": random.choice(["A", "B"], rows),
            "n": np.arange(rows),
        }
    )
    return tiles_of(MEASURES.of(frame.cast({"known": pl.Datetime("us", "UTC")})), MEASURES, DAY)


def numbers(*levels: list[int]) -> list[np.ndarray]:
    return [np.array(level, int) for level in levels]


def test_a_window_of_40_tiles_is_made_of_runs_and_one_of_three_of_its_tiles() -> None:
    assert level_of(40) == 5
    assert [level.tolist() for level in runs_in([40], 70, 71)] == [[], [15, 34], [16], [], [], [1]]
    # that is 30 to 31 and 68 to 69, 64 to 67, and 32 to 63
    assert [level.tolist() for level in runs_in([40], 64, 65)] == [[], [], [], [3], [], [1]]  # 24 to 31 and 32 to 63
    assert [level.tolist() for level in runs_in([3], 70, 71)] == [[67, 68, 69]]


def test_every_tile_of_a_window_is_in_one_run_and_90_tiles_are_in_eleven_at_most() -> None:
    for span in (1, 7, 32, 33, 64, 90):
        for t in range(300):
            runs = [(n << level, n + 1 << level) for level, ns in enumerate(runs_in([span], t, t + 1)) for n in ns]
            assert sorted(tile for run in runs for tile in range(*run)) == list(range(t - span, t))
            assert len(runs) <= 11


def test_joined_runs_hold_what_their_tiles_hold() -> None:
    tiles = tiles_of_days()
    runs = joined(tiles, MEASURES, numbers([], [], [2]))  # the tiles 8 to 11, and their halves
    assert sorted(set(runs.cells.select("level", "tile").rows())) == [(1, 4), (1, 5), (2, 2)]
    mine = tiles.cells.filter(pl.col("tile").is_between(8, 11), pl.col("key") == 1).sort("tile")
    run = runs.cells.row(by_predicate=(pl.col("level") == 2) & (pl.col("key") == 1), named=True)
    assert (run["rows"], run["count_0"]) == (mine["rows"].sum(), mine["count_0"].sum())
    assert (run["min_0"], run["max_0"]) == (mine["min_0"].min(), mine["max_0"].max())
    assert (run["first_0"], run["last_1"]) == (mine["first_0"][0], mine["last_1"][-1])
    assert run["sum_0"] == pytest.approx(mine["sum_0"].sum())


def test_runs_that_are_held_are_not_joined_again() -> None:
    tiles = tiles_of_days()
    held = tiles.and_runs(joined(tiles, MEASURES, numbers([], [4], [2])))
    assert joined(held, MEASURES, numbers([], [4], [2])).cells.height == 0
    longer = joined(held, MEASURES, numbers([], [], [], [1]))
    assert sorted(set(longer.cells.select("level", "tile").rows())) == [(1, 6), (1, 7), (2, 3), (3, 1)]


@settings(max_examples=40, deadline=None)
@given(
    st.sets(st.sampled_from([1, 5, 31, 32, 33, 47, 64, 90]), min_size=1, max_size=3),
    st.integers(0, 115),
    st.integers(1, 12),
    st.lists(st.sets(st.integers(0, 9)), max_size=5),
    st.integers(0, 99),
)
def test_windows_of_runs_have_the_bits_of_windows_of_tiles(
    spans: set[int], first: int, instants: int, levels: list[set[int]], seed: int
) -> None:
    """From tiles alone, with any runs beside them, and with those kept in the place of their tiles."""
    tiles = tiles_of_days()
    lengths = {f"{span}d": span * DAY for span in spans}
    window = Window(EPOCH + first * DAY, EPOCH + (first + instants) * DAY)
    expected = grid_windows(tiles, MEASURES, lengths, DAY, window)
    some = [[], *(sorted(n for n in level if n + 1 << j + 1 <= 110) for j, level in enumerate(levels))]
    runs = joined(tiles, MEASURES, numbers(*some))
    given_ = grid_windows(tiles.and_runs(runs), MEASURES, lengths, DAY, window)
    assert_frame_equal(given_, expected, check_exact=True)
    wanted = runs_in(spans, first, first + instants)
    alone = joined(tiles, MEASURES, wanted)
    needed = [
        pl.DataFrame({"level": level, "tile": ns}, {"level": pl.Int64, "tile": pl.Int64})
        for level, ns in enumerate(wanted)
    ]
    whole = tiles.and_runs(alone).kept().join(pl.concat(needed), on=["level", "tile"], how="semi")
    kept = [frame.drop("part") for frame in _parted(whole, seed)]
    assert_frame_equal(grid_windows(from_kept(kept, MEASURES), MEASURES, lengths, DAY, window), expected)


def _parted(frame: pl.DataFrame, seed: int) -> list[pl.DataFrame]:
    part = np.random.default_rng(seed).integers(0, 3, frame.height)
    return frame.with_columns(part=pl.Series(part, dtype=pl.Int64)).partition_by("part") or [frame.with_columns(part=0)]


def test_keys_taken_in_blocks_make_the_same_runs(monkeypatch: pytest.MonkeyPatch) -> None:
    tiles, wanted = tiles_of_days(), numbers([], [], [], [0, 1, 3])
    expected = joined(tiles, MEASURES, wanted).cells.sort("level", "tile", "key")
    monkeypatch.setattr(module, "_CELLS", 1)
    assert_frame_equal(joined(tiles, MEASURES, wanted).cells.sort("level", "tile", "key"), expected, check_exact=True)
