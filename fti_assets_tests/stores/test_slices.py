import random
from pathlib import Path

import polars as pl
import pytest

from fti_assets.contracts.errors import Corrupt
from fti_assets.contracts.time import Window
from fti_assets.stores.slices import SliceStore
from fti_assets.stores.storage import Storage

DAY = Window.of_days("2024-01-05", "2024-01-05")
FRAME = pl.DataFrame({"key": ["a", None], "value": [0.1, float("nan")]})
OTHERS = FRAME.reverse()


def test_rows_come_back_as_they_were_put_under_their_key_alone(storage: Storage) -> None:
    store = SliceStore(storage)
    assert store.get("one") is None
    made = store.put("one", DAY, FRAME)
    assert store.get("one") == made
    assert (made.window, made.rows, made.blob in made.url.replace("/", "")) == (DAY, 2, True)
    assert made.read().equals(FRAME)
    assert made.read(["value"]).equals(FRAME.select("value"))
    assert store.get("two") is None


def test_rows_that_are_kept_stay_and_equal_ones_are_kept_once(storage: Storage) -> None:
    store = SliceStore(storage)
    made = store.put("one", DAY, FRAME)
    assert store.put("one", DAY, OTHERS) == made
    assert store.put("two", DAY, pl.concat([FRAME.head(1), FRAME.tail(1)])).blob == made.blob
    assert len(storage.objects("records")) == 2


def test_a_slice_is_found_again_by_what_a_record_says_of_it(storage: Storage) -> None:
    store = SliceStore(storage)
    made = store.put("one", DAY, FRAME)
    assert store.of(made.facts) == made


def test_what_is_gone_is_told_with_its_name(tmp_path: Path) -> None:
    made = SliceStore(Storage(tmp_path)).put("one", DAY, FRAME)
    Path(made.url).unlink()
    with pytest.raises(Corrupt, match=f"{made.url}: it is gone, but something names it"):
        made.read()


@pytest.mark.parametrize("kind", ["records", "blobs"])
def test_one_flipped_bit_of_a_slice_is_refused_with_the_objects_name(tmp_path: Path, kind: str) -> None:
    store = SliceStore(Storage(tmp_path))
    store.put("one", DAY, FRAME)
    [key] = store._records.objects() if kind == "records" else store._blobs.storage.objects()
    path, dice = tmp_path / kind / key, random.Random(0)  # noqa: S311  # not for secrets
    content = path.read_bytes()
    for _ in range(40):
        changed = bytearray(content)
        changed[dice.randrange(len(changed))] ^= 1 << dice.randrange(8)
        path.write_bytes(changed)
        with pytest.raises(Corrupt, match=str(path)):
            store.get("one").read()
    path.write_bytes(content)
    assert store.get("one").read().equals(FRAME)


def test_the_record_of_another_slice_is_refused(tmp_path: Path) -> None:
    store = SliceStore(Storage(tmp_path))
    store.put("one", DAY, FRAME)
    store.put("two", DAY, OTHERS)
    (tmp_path / "records/two").replace(tmp_path / "records/one")
    with pytest.raises(Corrupt, match="records/one: it is the record of another slice"):
        store.get("one")
