import hashlib
from datetime import UTC, datetime, timedelta, timezone
from pathlib import Path

import polars as pl
import pytest

from fti_assets.contracts.errors import DeclarationError, MissingPartitions
from fti_assets.stores.datasets import DatasetStore
from fti_assets.stores.storage import Storage

CUTOFF = datetime(2024, 2, 1, tzinfo=UTC)
FRAME = pl.DataFrame({"order_id": ["a", "b"], "quantity": [1, None], "label": [0.0, 1.0]})
MANIFEST = {"nullable": ["quantity"], "tables": {"order": 3}}


@pytest.fixture
def store(tmp_path: Path) -> DatasetStore:
    return DatasetStore(Storage(tmp_path))


def test_the_same_rows_have_the_same_id_which_is_that_of_their_bytes(store: DatasetStore) -> None:
    first = store.write("returns", CUTOFF, FRAME, MANIFEST)
    again = store.write("returns", CUTOFF, FRAME.clone(), MANIFEST)
    assert (again.id, again.path) == (first.id, first.path)
    assert hashlib.sha256(first.path.read_bytes()).hexdigest().startswith(first.id)
    assert len(list(first.path.parent.iterdir())) == 3


def test_the_newest_is_the_cutoffs_and_older_ones_stay(store: DatasetStore) -> None:
    first = store.write("returns", CUTOFF, FRAME, MANIFEST)
    second = store.write("returns", CUTOFF, FRAME.reverse(), {**MANIFEST, "tables": {"order": 4}})
    assert second.id != first.id
    assert store.get("returns", CUTOFF) == second
    assert store.get("returns", CUTOFF, first.id) == first
    assert first.manifest["tables"] == {"order": 3}


def test_rows_come_back_with_types_that_do_not_depend_on_nulls(store: DatasetStore) -> None:
    frame = store.write("returns", CUTOFF, FRAME.head(1), MANIFEST).read()
    assert [str(dtype) for dtype in frame.dtypes] == ["str", "Int64", "float64"]


def test_a_cutoff_is_a_moment_whatever_its_zone(store: DatasetStore) -> None:
    store.write("returns", CUTOFF, FRAME, MANIFEST)
    assert store.get("returns", CUTOFF.astimezone(timezone(timedelta(hours=9)))).manifest == MANIFEST


def test_a_dataset_that_was_not_built_says_what_to_do(store: DatasetStore) -> None:
    with pytest.raises(
        MissingPartitions, match="returns at cutoff 2024-02-01 was not built: materialize datasets/returns"
    ):
        store.get("returns", CUTOFF)
    store.write("returns", CUTOFF, FRAME, MANIFEST)
    with pytest.raises(MissingPartitions, match="has no version 00"):
        store.get("returns", CUTOFF, "00")
    with pytest.raises(DeclarationError, match="model name"):
        store.get("../returns", CUTOFF)
