"""The point-in-time join in pandas and in DuckDB."""

from pathlib import Path

import duckdb
import pandas as pd

from benchmarks.point_in_time_join import LOOKBACK_MINUTES, columns_of
from benchmarks.world import VIEW


def pandas_asof(tables: str, out: str, below: str) -> int:
    """`pd.merge_asof`, one group after the other."""
    rows = _read(tables, "departures", below, None).sort_values("predict_at")
    for selection in VIEW.joined:
        name, (key,), at = selection.group.name, selection.keys, str(selection.group.known_at)
        # taken row by row from files in order, as ours: of rows known at once the last
        right = _read(tables, name, below, columns_of(name)).rename(columns=selection.names)
        rows = pd.merge_asof(
            rows,
            right.rename(columns={key: selection.spine_keys[key], at: f"known_{name}"}),
            left_on="predict_at",
            right_on=f"known_{name}",
            by=selection.spine_keys[key],
            tolerance=pd.Timedelta(minutes=LOOKBACK_MINUTES[name]),
        )
    Path(out).mkdir(exist_ok=True)
    rows.to_parquet(f"{out}/all.parquet", compression="lz4")
    return len(rows)


def _read(tables: str, name: str, below: str, columns: list[str] | None) -> pd.DataFrame:
    files = [str(path) for path in sorted(Path(tables, name).glob(f"{below}*.parquet"))]
    return pd.read_parquet(files, columns=columns, partitioning=None)


def duckdb_asof(tables: str, out: str, below: str) -> int:
    """`ASOF LEFT JOIN`; it takes no tolerance, so what is too old is made null afterwards."""
    Path(out).mkdir(exist_ok=True)
    columns, joins = ["s.*"], []
    for n, selection in enumerate(VIEW.joined):
        name, (key,), at = selection.group.name, selection.keys, str(selection.group.known_at)
        fresh = f"s.predict_at - g{n}.{at} <= INTERVAL {LOOKBACK_MINUTES[name]} MINUTE"
        columns += [f"CASE WHEN {fresh} THEN g{n}.{c} END AS {new}" for c, new in selection.names.items()]
        joins.append(
            f"ASOF LEFT JOIN read_parquet('{tables}/{name}/{below}*.parquet', hive_partitioning = false) g{n} "
            f"ON s.{selection.spine_keys[key]} = g{n}.{key} AND s.predict_at >= g{n}.{at}"
        )
    spine = f"read_parquet('{tables}/departures/{below}*.parquet', hive_partitioning = false) s"
    query = f"SELECT {', '.join(columns)} FROM {spine} {' '.join(joins)}"
    with duckdb.connect() as connection:
        connection.execute("SET TimeZone = 'UTC'; SET preserve_insertion_order = false")
        written = connection.execute(f"COPY ({query}) TO '{out}/all.parquet' (FORMAT parquet, COMPRESSION lz4)")
        return int(written.fetchone()[0])
