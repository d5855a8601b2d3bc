import polars as pl
import pytest

from fti_assets.contracts.errors import Corrupt
from fti_assets.stores.storage import Storage
from fti_assets.stores.tiles import TileStore

FIRST, SECOND, MONTH = "2024-01-01", "2024-01-02", "2024-01"
FRAME = pl.DataFrame({"by_key": ["a", "ü"], "0.min": [0.1, None], "1.distinct": [["x"], None]})


def test_a_days_tiles_come_back_under_their_name_alone(storage: Storage) -> None:
    store = TileStore(storage)
    asked = {FIRST: "one", SECOND: "two"}
    assert store.get("carriers", asked) == {}
    assert store.absent("carriers", asked) == [FIRST, SECOND]
    store.put("carriers", asked, {FIRST: FRAME})
    assert store.get("carriers", asked)[FIRST].equals(FRAME)
    assert store.absent("carriers", asked) == [SECOND]
    assert store.get("carriers", {FIRST: "other"}) == {}
    assert store.get("routes", asked) == {}


def test_new_tiles_of_a_day_replace_the_old_and_no_others(storage: Storage) -> None:
    store = TileStore(storage)
    store.put("carriers", {FIRST: "old", SECOND: "old"}, {FIRST: FRAME, SECOND: FRAME})
    store.put("carriers", {FIRST: "new"}, {FIRST: FRAME.head(1)})
    assert storage.objects() == ["carriers/2024-01/2024-01-01.new.arrows", "carriers/2024-01/2024-01-02.old.arrows"]
    assert store.get("carriers", {FIRST: "new"})[FIRST].height == 1


def test_a_month_replaces_the_same_month_alone(storage: Storage) -> None:
    store = TileStore(storage)
    store.put("carriers", {FIRST: "old", MONTH: "old"}, {FIRST: FRAME, MONTH: FRAME})
    store.put("carriers", {MONTH: "new"}, {MONTH: FRAME.head(1)})
    assert storage.objects() == ["carriers/2024-01/2024-01-01.old.arrows", "carriers/2024-01/2024-01.new.arrows"]
    assert store.get("carriers", {FIRST: "old", MONTH: "new"})[MONTH].height == 1


def test_tiles_of_which_a_bit_was_flipped_are_refused_by_name(storage: Storage) -> None:
    store, key = TileStore(storage), "carriers/2024-01/2024-01-01.one.arrows"
    store.put("carriers", {FIRST: "one"}, {FIRST: FRAME})
    content = storage.read(key) or b""
    for place in range(0, len(content), len(content) // 40):
        storage.delete([key])
        storage.create(key, content[:place] + bytes([content[place] ^ 1]) + content[place + 1 :])
        with pytest.raises(Corrupt, match=r"2024-01-01\.one\.arrows: it was changed or cut"):
            store.get("carriers", {FIRST: "one"})
