"""Writing a year of one group to the feature store in one backfill, against the same rows as plain Parquet.

The limit is held against a file a day: that is what a store of days must write, whoever writes it. A single file holds
the same rows with a 364th of the footers, but no day of it can be replaced; it is told, with no limit.
"""

import shutil
import time
from pathlib import Path

from benchmarks.harness import Call, Row, Size, contest, main
from benchmarks.world import VIEW, parts_of
from fti_assets.stores.feature_store import FeatureStore
from fti_assets.stores.storage import Storage

TITLE = "Store write of a year, one backfill"
ME = "benchmarks.store_write"


def run(folder: Path, size: Size) -> list[Row]:
    """The year's 336,776 departures."""
    days = min(size.days(1), 364)
    calls = {name: Call(ME, name, (str(folder / name), days)) for name in ("fti", "a_file_a_day", "one_file")}
    best = contest(calls, size.rounds)
    scale = f"{days} days" if size.tiny else "1×"
    limits = {"a_file_a_day": None if size.tiny else 1.5, "one_file": None}
    return [
        Row(
            "store write of a year",
            f"plain Parquet, {name.replace('_', ' ')}",
            scale,
            best["fti"].seconds / best[name].seconds,
            limit,
            best["fti"].peak_mib,
        )
        for name, limit in limits.items()
    ]


def fti(folder: str, days: int) -> dict[str, float]:
    """The feature store: checked, sorted, a file a day, one commit."""
    ((window, rows),) = parts_of(VIEW.spine, days)
    frame, store = rows.to_pandas(), FeatureStore(Storage(Path(folder)))
    begin = time.perf_counter()
    store.write(VIEW.spine, frame, window)
    return _done(begin, folder)


def a_file_a_day(folder: str, days: int) -> dict[str, float]:
    """From pandas to a Parquet file for each day."""
    import polars as pl

    ((_, rows),) = parts_of(VIEW.spine, days)
    frame = rows.to_pandas()
    begin = time.perf_counter()
    day = pl.col("predict_at").dt.date().alias("ds")
    parts = pl.from_pandas(frame).with_columns(day).partition_by("ds", include_key=False, as_dict=True)
    for (ds,), part in parts.items():
        (Path(folder) / f"ds={ds}").mkdir(parents=True)
        part.write_parquet(Path(folder) / f"ds={ds}" / "0.parquet")
    return _done(begin, folder)


def one_file(folder: str, days: int) -> dict[str, float]:
    """From pandas to one Parquet file."""
    import polars as pl

    ((_, rows),) = parts_of(VIEW.spine, days)
    frame = rows.to_pandas()
    Path(folder).mkdir()
    begin = time.perf_counter()
    pl.from_pandas(frame).write_parquet(Path(folder) / "0.parquet")
    return _done(begin, folder)


def _done(begin: float, folder: str) -> dict[str, float]:
    seconds = time.perf_counter() - begin
    shutil.rmtree(folder)
    return {"seconds": seconds}


if __name__ == "__main__":
    main(TITLE, run)
