"""The Parquet files of a table's partitions: many are written together, many are read as one frame."""

import uuid
from collections.abc import Mapping, Sequence
from datetime import datetime
from pathlib import Path

import polars as pl

from fti_assets.stores.delta_log import Action, milliseconds

_AT_ONCE = 31
"""Files that are written at once: one after the other takes half as long again, because threads wait for each other."""


def directory_of(values: Mapping[str, str]) -> str:
    """The folder of a partition, by its values of the table's partition columns."""
    return "/".join(f"{name}={value}" for name, value in values.items())


def write_files(
    table: Path, parts: Mapping[datetime, tuple[Mapping[str, str], pl.DataFrame]]
) -> dict[datetime, Action]:
    """Write each partition's rows to a file in the folder of its values; gives what adds each to the table's log."""
    paths = {start: f"{directory_of(values)}/{uuid.uuid4()}.parquet" for start, (values, _) in parts.items()}
    for first in range(0, len(parts), _AT_ONCE):
        sinks = []
        for start, path in list(paths.items())[first : first + _AT_ONCE]:
            (table / path).parent.mkdir(parents=True, exist_ok=True)
            # a day is one row group, and more effort makes it no smaller but takes half as long again
            sinks.append(
                parts[start][1]
                .lazy()
                .sink_parquet(table / path, compression="zstd", compression_level=1, statistics=False, lazy=True)
            )
        pl.collect_all(sinks)
    return {
        start: {
            "path": paths[start],
            "partitionValues": dict(values),
            "size": (table / paths[start]).stat().st_size,
            "modificationTime": milliseconds(),
            "dataChange": True,
            "stats": f'{{"numRecords":{rows.height}}}',
        }
        for start, (values, rows) in parts.items()
    }


def read_files(paths: Sequence[Path], columns: Sequence[str]) -> pl.DataFrame:
    """The rows of some files of a table, of one at least, in the order of the files."""
    return pl.read_parquet(list(paths), columns=list(columns), hive_partitioning=False, glob=False)
