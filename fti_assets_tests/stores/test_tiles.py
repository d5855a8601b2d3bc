from pathlib import Path

import polars as pl

from fti_assets.stores.tiles import TileStore

FIRST, SECOND, MONTH = "2024-01-01", "2024-01-02", "2024-01"
FRAME = pl.DataFrame({"by_key": ["a", "ü"], "0.min": [0.1, None], "1.distinct": [["x"], None]})


def names(root: Path) -> list[str]:
    return sorted(str(path.relative_to(root)) for path in root.rglob("*") if path.is_file())


def test_a_days_tiles_come_back_under_their_name_alone(tmp_path: Path) -> None:
    store = TileStore(tmp_path / "tiles")
    asked = {FIRST: "one", SECOND: "two"}
    assert store.get("carriers", asked) == {}
    assert store.absent("carriers", asked) == [FIRST, SECOND]
    store.put("carriers", asked, {FIRST: FRAME})
    assert store.get("carriers", asked)[FIRST].equals(FRAME)
    assert store.absent("carriers", asked) == [SECOND]
    assert store.get("carriers", {FIRST: "other"}) == {}
    assert store.get("routes", asked) == {}


def test_new_tiles_of_a_day_replace_the_old_and_no_others(tmp_path: Path) -> None:
    store = TileStore(tmp_path)
    store.put("carriers", {FIRST: "old", SECOND: "old"}, {FIRST: FRAME, SECOND: FRAME})
    store.put("carriers", {FIRST: "new"}, {FIRST: FRAME.head(1)})
    assert names(tmp_path) == ["carriers/2024-01/2024-01-01.new.arrows", "carriers/2024-01/2024-01-02.old.arrows"]
    assert store.get("carriers", {FIRST: "new"})[FIRST].height == 1


def test_a_month_replaces_the_same_month_alone(tmp_path: Path) -> None:
    store = TileStore(tmp_path)
    store.put("carriers", {FIRST: "old", MONTH: "old"}, {FIRST: FRAME, MONTH: FRAME})
    store.put("carriers", {MONTH: "new"}, {MONTH: FRAME.head(1)})
    assert names(tmp_path) == ["carriers/2024-01/2024-01-01.old.arrows", "carriers/2024-01/2024-01.new.arrows"]
    assert store.get("carriers", {FIRST: "old", MONTH: "new"})[MONTH].height == 1
