import random
from datetime import UTC, datetime, timedelta, timezone
from pathlib import Path

import pandas as pd
import polars as pl
import pytest

from fti_assets.contracts.errors import Corrupt, DeclarationError, MissingPartitions
from fti_assets.contracts.time import Window
from fti_assets.stores.datasets import Dataset, DatasetStore
from fti_assets.stores.records import Records
from fti_assets.stores.slices import SliceStore
from fti_assets.stores.storage import Storage

CUTOFF = datetime(2024, 2, 1, tzinfo=UTC)
DAYS = [Window.of_days(day, day) for day in ("2024-01-05", "2024-01-06")]
ORDERS = [
    pl.DataFrame({"order_id": ["a", "b"], "quantity": [1, None]}),
    pl.DataFrame({"order_id": ["c"], "quantity": [3]}),
]
PLACED = {"row": pl.UInt32, "label": pl.Float64, "known_at": pl.Datetime("us", "UTC")}
LABELS = [
    pl.DataFrame({"row": [1, 0], "label": [1.0, 0.0], "known_at": [CUTOFF, CUTOFF - timedelta(days=9)]}, PLACED),
    pl.DataFrame({"row": [0], "label": [1.0], "known_at": [CUTOFF]}, PLACED),
]
MANIFEST = {"nullable": ["quantity"], "columns": ["order_id", "quantity", "label", "known_at"], "tables": {"order": 3}}


@pytest.fixture
def store(storage: Storage) -> DatasetStore:
    return store_in(storage)


def store_in(storage: Storage) -> DatasetStore:
    return DatasetStore(storage.at("datasets"), SliceStore(storage.at("slices")))


def written(store: DatasetStore, labels: list[pl.DataFrame] = LABELS, tables: int = 3) -> Dataset:
    """A dataset of the orders of two days."""
    parts = [
        {
            "rows": store._slices.put(str(day.start), day, orders).facts,
            "labels": store._slices.put(f"{day.start} {len(learned)} {learned['row'].to_list()}", day, learned).facts,
        }
        for day, orders, learned in zip(DAYS, ORDERS, labels, strict=True)
    ]
    return store.write("returns", CUTOFF, {**MANIFEST, "tables": {"order": tables}, "parts": parts})


def test_its_rows_are_those_that_the_labels_name_in_their_order(store: DatasetStore) -> None:
    frame = written(store).read()
    assert list(frame) == MANIFEST["columns"]
    assert frame[["order_id", "label"]].to_numpy().tolist() == [["b", 1.0], ["a", 0.0], ["c", 1.0]]
    assert frame["quantity"].to_list() == [pd.NA, 1, 3]


def test_parts_are_the_same_rows_a_slice_at_a_time_in_the_same_types(store: DatasetStore) -> None:
    dataset = written(store)
    parts, whole = list(dataset.parts()), dataset.read()
    assert [part["order_id"].to_list() for part in parts] == [["b", "a"], ["c"]]
    assert all(part.dtypes.to_dict() == whole.dtypes.to_dict() for part in parts)
    assert [str(dtype) for dtype in whole.dtypes] == ["str", "Int64", "float64", "datetime64[us, UTC]"]


def test_rows_may_be_read_from_a_time_on(store: DatasetStore) -> None:
    assert written(store).read(since=("known_at", CUTOFF))["order_id"].to_list() == ["b", "c"]


def test_the_same_rows_have_the_same_id_and_are_written_once(storage: Storage) -> None:
    first = written(store_in(storage))
    objects = storage.objects()
    assert written(store_in(storage)) == first
    assert storage.objects() == objects
    assert written(store_in(storage), tables=4).id == first.id  # other tables, equal rows


def test_the_newest_is_the_cutoffs_and_older_ones_stay(store: DatasetStore) -> None:
    first = written(store)
    second = written(store, [LABELS[0].reverse(), LABELS[1]], tables=4)
    assert second.id != first.id
    assert store.get("returns", CUTOFF) == second
    assert store.get("returns", CUTOFF, first.id) == first
    assert first.manifest["tables"] == {"order": 3}
    assert written(store) == store.get("returns", CUTOFF)  # the first again is the newest


def test_a_cutoff_is_a_moment_whatever_its_zone(store: DatasetStore) -> None:
    dataset = written(store)
    assert store.get("returns", CUTOFF.astimezone(timezone(timedelta(hours=9)))) == dataset


def test_a_dataset_that_was_not_built_says_what_to_do(store: DatasetStore) -> None:
    with pytest.raises(
        MissingPartitions, match="returns at cutoff 2024-02-01 was not built: materialize datasets/returns"
    ):
        store.get("returns", CUTOFF)
    written(store)
    with pytest.raises(MissingPartitions, match="has no version 00"):
        store.get("returns", CUTOFF, "00")
    with pytest.raises(DeclarationError, match="model name"):
        store.get("../returns", CUTOFF)


@pytest.mark.parametrize("part", ["datasets/returns/2024", "slices/blobs"])
def test_one_flipped_bit_of_a_dataset_is_refused_with_the_objects_name(tmp_path: Path, part: str) -> None:
    storage, dice = Storage(tmp_path), random.Random(1)  # noqa: S311  # not for secrets
    rows = written(store_in(storage)).read()
    paths = [tmp_path / key for key in storage.objects() if key.startswith(part)]
    for n in range(40):
        path = paths[n % len(paths)]
        content = path.read_bytes()
        changed = bytearray(content)
        changed[dice.randrange(len(changed))] ^= 1 << dice.randrange(8)
        path.write_bytes(changed)
        with pytest.raises(Corrupt, match=str(path)):
            store_in(storage).get("returns", CUTOFF).read()
        path.write_bytes(content)
    assert store_in(storage).get("returns", CUTOFF).read().equals(rows)


def test_a_manifest_put_in_anothers_place_is_refused(tmp_path: Path) -> None:
    storage = Storage(tmp_path)
    written(store_in(storage))
    written(store_in(storage), [LABELS[0].reverse(), LABELS[1]])
    journal = tmp_path / "datasets/returns/2024-02-01T0000Z"
    (journal / "00000000.json").write_bytes((journal / "00000001.json").read_bytes())
    with pytest.raises(Corrupt, match=r"00000000.json: the chain is broken"):
        Records(Storage(journal)).verify()


def test_labels_that_were_turned_round_are_refused(tmp_path: Path) -> None:
    """The file of labels that was exchanged for another that can be read: it would train a model of other labels."""
    dataset = written(store_in(Storage(tmp_path)))
    path = Path(dataset._slices.of(dataset.manifest["parts"][0]["labels"]).url)
    pl.read_parquet(path).with_columns(label=1 - pl.col("label")).write_parquet(path)
    with pytest.raises(Corrupt, match="it was changed or cut"):
        dataset.read()
