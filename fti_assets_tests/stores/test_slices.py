from pathlib import Path

import polars as pl

from fti_assets.stores.slices import SliceStore

FRAME = pl.DataFrame({"key": ["a", None], "value": [0.1, float("nan")]})


def test_a_frame_comes_back_as_it_was_put_under_its_key_alone(tmp_path: Path) -> None:
    store = SliceStore(tmp_path / "slices")
    assert store.get("one") is None
    store.put("one", FRAME)
    found = store.get("one")
    assert found is not None
    assert found.equals(FRAME)
    assert store.get("two") is None


def test_putting_leaves_no_partial_file_and_deleting_costs_nothing_but_time(tmp_path: Path) -> None:
    store = SliceStore(tmp_path)
    store.put("one", FRAME)
    store.put("one", FRAME)
    assert [path.name for path in tmp_path.iterdir()] == ["one.parquet"]
    (tmp_path / "one.parquet").unlink()
    assert store.get("one") is None
