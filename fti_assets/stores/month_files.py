"""The Parquet files of a table: each holds whole partitions of one month, in order."""

import io
import uuid
from collections.abc import Iterable, Iterator, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from functools import lru_cache
from itertools import pairwise
from pathlib import Path

import attrs
import polars as pl
from polars.exceptions import PanicException, PolarsError

from fti_assets.contracts.errors import Corrupt, StorageError
from fti_assets.stores.contents import contents_of
from fti_assets.stores.sealed import sha256
from fti_assets.stores.storage import Storage
from fti_assets.stores.table_contract import CONTENT, MONTH, PARTITION, TableContract

_ROW_GROUP = 1 << 14
"""Rows that are read together: a day of flights is read in two thirds of the time that a month's rows take."""
_AT_ONCE = 8
"""Objects of a bucket that are fetched at once."""
_KEPT = 4096
"""Files whose contents this process remembers."""
EVERYTHING = ("", "~")
"""Before the first key and after the last."""


@attrs.frozen
class MonthFile:
    """A file of whole partitions that start in one month.

    Attributes:
        path: where it lies below the table; it ends with the SHA-256 of its bytes.
        first: the key of its first partition.
        last: the key of its last partition.
        rows: how many rows it has.
        size: how many bytes.
        content: the content of its partition, where it has one alone; else "".
    """

    path: str
    first: str
    last: str
    rows: int
    size: int
    content: str

    @property
    def month(self) -> str:
        """Its value of the column by which files are parted."""
        return self.first[:7]


def write_month(storage: Storage, rows: pl.DataFrame) -> MonthFile:
    """Write rows, which have keys and contents of partitions of one month and are in their order."""
    first, last = rows[PARTITION][0], rows[PARTITION][-1]
    file = io.BytesIO()
    # more effort makes it no smaller but takes half as long again
    rows.write_parquet(file, compression="zstd", compression_level=1, row_group_size=_ROW_GROUP)
    content = file.getvalue()
    path = f"{MONTH}={first[:7]}/{uuid.uuid4().hex}.{sha256(content)}.parquet"
    storage.create(path, content)
    return MonthFile(path, first, last, len(rows), len(content), rows[CONTENT][0] if first == last else "")


def read_months(
    storage: Storage, files: Sequence[MonthFile], types: Mapping[str, pl.DataType], first: str, last: str
) -> pl.DataFrame:
    """The rows of the partitions from one key to another, in the order of the keys and then as they were written.

    A column that a file lacks is null. Corrupt, naming the file, where one is gone, was changed or was cut.
    """
    chosen = sorted((file for file in files if file.last >= first and file.first <= last), key=lambda file: file.first)
    if not chosen:
        return pl.DataFrame(schema=dict(types))
    with _in_words(storage, chosen):
        rows = pl.scan_parquet(
            _sources(storage, chosen),
            schema={PARTITION: pl.String(), **types},
            missing_columns="insert",
            extra_columns="ignore",
            hive_partitioning=False,
            glob=False,
        )
        if any(file.first < first or file.last > last for file in chosen):
            rows = rows.filter(pl.col(PARTITION).is_between(pl.lit(first), pl.lit(last)))
        if any(later.first <= earlier.last for earlier, later in pairwise(chosen)):
            rows = rows.sort(PARTITION, maintain_order=True)
        return rows.select(list(types)).collect()


def contents_in(storage: Storage, files: Iterable[MonthFile], first: str, last: str) -> dict[str, str]:
    """The content of each partition with rows from one key to another, in order."""
    contents: dict[str, str] = {}
    for file in files:
        if file.last >= first and file.first <= last:
            inside = {key: content for key, content in _contents(storage, file).items() if first <= key <= last}
            if twice := contents.keys() & inside.keys():
                raise Corrupt(f"{storage.url_of(file.path)}: another file holds {min(twice)} too")
            contents |= inside
    return dict(sorted(contents.items()))


def verify_month(storage: Storage, file: MonthFile, contract: TableContract) -> None:
    """Read a file whole. Corrupt, naming it, when its bytes or its rows are not those that were written."""
    _verify_bytes(storage, file)
    rows = read_months(storage, [file], contract.stored_types, *EVERYTHING)
    parts = rows.select(pl.struct(PARTITION, CONTENT).rle().struct.unnest()).unnest("value")
    contents = pl.Series(contents_of(rows, contract.columns, parts["len"].to_list()), dtype=pl.String)
    said = (file.first, file.last, file.rows)
    if (parts[PARTITION][0], parts[PARTITION][-1], len(rows)) != said or not contents.equals(parts[CONTENT]):
        raise Corrupt(f"{storage.url_of(file.path)}: it holds other rows than the table's log says")


@lru_cache(_KEPT)
def _contents(storage: Storage, file: MonthFile) -> Mapping[str, str]:
    if file.content:
        return {file.first: file.content}
    types = {PARTITION: pl.String(), CONTENT: pl.String()}
    return dict(read_months(storage, [file], types, file.first, file.last).unique(maintain_order=True).iter_rows())


def _sources(storage: Storage, files: Sequence[MonthFile]) -> list[Path] | list[bytes]:
    """What Polars reads the files by: their paths in a folder, their bytes of a bucket."""
    if storage.folder is not None:
        return [storage.folder / file.path for file in files]
    with ThreadPoolExecutor(_AT_ONCE) as pool:
        return list(pool.map(lambda file: _bytes(storage, file), files))


def _bytes(storage: Storage, file: MonthFile) -> bytes:
    content = storage.read(file.path)
    where = storage.url_of(file.path)
    if content is None:
        raise Corrupt(f"{where}: it is gone, but the table's log names it")
    if len(content) != file.size:
        raise Corrupt(f"{where}: it was cut: it has {len(content)} of {file.size} bytes")
    return content


def _verify_bytes(storage: Storage, file: MonthFile) -> None:
    if sha256(_bytes(storage, file)) != file.path.split(".")[1]:
        raise Corrupt(f"{storage.url_of(file.path)}: it was changed since it was written")


@contextmanager
def _in_words(storage: Storage, files: Sequence[MonthFile]) -> Iterator[None]:
    try:
        yield
    except (PolarsError, PanicException, OSError) as error:
        for file in files:
            _verify_bytes(storage, file)
        raise StorageError(f"{storage.url}: {str(error).partition(chr(10))[0]}") from error
