from datetime import UTC, datetime, timedelta

import numpy as np
import polars as pl
import pytest
from polars.testing import assert_frame_equal

from fti_assets.features.windows import tiles as module
from fti_assets.features.windows.measures import Measures
from fti_assets.features.windows.tiles import Tiles, from_kept, tiles_of

START = datetime(1970, 1, 3, tzinfo=UTC)
HOUR = timedelta(hours=1)
ALL = ("count", "sum", "mean", "std", "min", "max", "first", "last", "distinct")
MEASURES = Measures(["key"], "known", {"delay": ALL, "gate": ("last", "distinct")}, order=["n"])


def rows_of(cells: list[tuple[str, float, float | None, str | None]]) -> pl.DataFrame:
    rows = [(key, START + at * HOUR, delay, gate, n) for n, (key, at, delay, gate) in enumerate(cells)]
    schema = {
        "key": pl.String,
        "known": pl.Datetime("us", "UTC"),
        "delay": pl.Float64,
        "gate": pl.String,
        "n": pl.Int64,
    }
    return MEASURES.of(pl.DataFrame(rows, schema, orient="row"))


ROWS = rows_of([("UA", 1, 4.0, "B"), ("UA", 2, 2.0, "A"), ("UA", 3, None, "B"), ("DL", 25, None, None)])


def test_a_tile_holds_what_its_rows_came_to() -> None:
    tiles = tiles_of(ROWS, MEASURES, 24 * HOUR)
    assert tiles.keys["by_key"].to_list() == ["DL", "UA"]
    ua, dl = (tiles.cells.row(n, named=True) for n in (0, 1))
    assert (ua["key"], ua["tile"], ua["rows"], ua["count_0"], ua["mean_0"], ua["m2_0"]) == (1, 2, 3, 2, 3.0, 2.0)
    assert (ua["min_0"], ua["max_0"], ua["first_0"], ua["last_0"], ua["last_1"]) == (2.0, 4.0, 4.0, 2.0, "B")
    assert (dl["key"], dl["tile"], dl["rows"], dl["count_0"], dl["last_0"], dl["last_1"]) == (0, 3, 1, 0, None, None)
    assert tiles.distinct[1].rows() == [(1, "A", 2), (1, "B", 2)]
    assert tiles.since(3).cells["key"].to_list() == [0]
    assert tiles.since(3).distinct[1].height == 0


def many() -> pl.DataFrame:
    random = np.random.default_rng(3)
    cells = zip(
        random.choice(["UA", "DL", "AA"], 500).tolist(),
        random.integers(0, 300, 500).tolist(),
        random.normal(1e9, 1, 500).tolist(),
        random.choice(["A", "B", None], 500).tolist(),
        strict=True,
    )
    return rows_of(list(cells))


def _sorted(tiles: Tiles) -> list[pl.DataFrame]:
    return [tiles.keys, tiles.cells.sort("key", "tile"), *tiles.distinct.values()]


def test_tiles_kept_a_day_at_a_time_come_back_bit_for_bit() -> None:
    rows = many()
    whole = tiles_of(rows, MEASURES, HOUR)
    days = rows.with_columns(day=pl.col("known") // 86_400_000_000).partition_by("day", include_key=False)
    back = from_kept([tiles_of(day, MEASURES, HOUR).kept() for day in days], MEASURES)
    for given, expected in zip(_sorted(back), _sorted(whole), strict=True):
        assert_frame_equal(given, expected, check_exact=True)


def test_the_order_of_rows_and_the_way_of_finding_cells_change_no_bit(monkeypatch: pytest.MonkeyPatch) -> None:
    expected = _sorted(tiles_of(many(), MEASURES, HOUR))
    monkeypatch.setattr(module, "_DENSE", 0)
    shuffled = _sorted(tiles_of(many().sample(fraction=1.0, shuffle=True, seed=1), MEASURES, HOUR))
    for given, wanted in zip(shuffled, expected, strict=True):
        assert_frame_equal(given, wanted, check_exact=True)


def test_no_rows_have_no_tiles() -> None:
    tiles = tiles_of(rows_of([]), MEASURES, HOUR)
    assert (tiles.cells.height, tiles.keys.height, tiles.kept().height) == (0, 0, 0)
    assert tiles.kept().schema == tiles_of(ROWS, MEASURES, HOUR).kept().schema
