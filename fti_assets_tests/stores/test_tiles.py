from datetime import date
from pathlib import Path

import polars as pl

from fti_assets.stores.tiles import Days, TileStore

FIRST, SECOND = Days(date(2024, 1, 1)), Days(date(2024, 1, 2))
FRAME = pl.DataFrame({"by_key": ["a", "ü"], "mean_0": [0.1, None], "distinct_1": [["x"], None]})


def test_a_days_tiles_come_back_under_their_name_alone(tmp_path: Path) -> None:
    store = TileStore(tmp_path / "tiles")
    names = {FIRST: "one", SECOND: "two"}
    assert store.get("carriers", names) == {}
    assert store.absent("carriers", names) == [FIRST, SECOND]
    store.put("carriers", names, {FIRST: FRAME})
    assert store.get("carriers", names)[FIRST].equals(FRAME)
    assert store.absent("carriers", names) == [SECOND]
    assert store.get("carriers", {FIRST: "other"}) == {}
    assert store.get("routes", names) == {}


def test_new_tiles_of_a_day_replace_the_old_and_no_others(tmp_path: Path) -> None:
    store = TileStore(tmp_path)
    store.put("carriers", {FIRST: "old", SECOND: "old"}, {FIRST: FRAME, SECOND: FRAME})
    store.put("carriers", {FIRST: "new"}, {FIRST: FRAME.head(1)})
    assert sorted(path.name for path in (tmp_path / "carriers").iterdir()) == [
        "2024-01-01-new.arrows",
        "2024-01-02-old.arrows",
    ]
    assert store.get("carriers", {FIRST: "new"})[FIRST].height == 1


def test_a_run_of_days_replaces_one_of_the_same_days_alone(tmp_path: Path) -> None:
    store, run = TileStore(tmp_path), Days(FIRST.first, 2)
    store.put("carriers", {FIRST: "old", run: "old"}, {FIRST: FRAME, run: FRAME})
    store.put("carriers", {run: "new"}, {run: FRAME.head(1)})
    assert sorted(path.name for path in (tmp_path / "carriers").iterdir()) == [
        "2024-01-01-old.arrows",
        "2024-01-01x2-new.arrows",
    ]
    assert store.get("carriers", {FIRST: "old", run: "new"})[run].height == 1
