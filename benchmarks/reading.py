"""Reading a table of ten years, and its size on disk, against the same rows in one plain Parquet file a month.

Each side reads files that it has just read, so the disk does not count. A day is read by a process that holds the
table open, as all of a process's readers do.
"""

import time
from collections.abc import Callable
from datetime import timedelta
from functools import partial
from pathlib import Path

import polars as pl

from benchmarks.harness import Call, Row, Size, in_turn, main, measure
from benchmarks.world import FIRST, GROUPS, span
from fti_assets.contracts.time import DAY, Window
from fti_assets.stores.feature_store import FeatureStore
from fti_assets.stores.storage import Storage

TITLE = "Reading a table of ten years, and its size"
ME, WORLD = "benchmarks.reading", "benchmarks.world"
NAME = "departures"
GROUP = next(group for group in GROUPS if group.name == NAME)
TIMES, DAYS = 20, 200
A_DAYS_CPU = 0.025
PLAIN = "plain Parquet, a file a month"


def run(folder: Path, size: Size) -> list[Row]:
    """The flights' departures: a year out of ten, days out of ten years, and the bytes of all of it."""
    days = size.days(size.years)
    store, plain = folder / f"store{days}", folder / f"months{days}"
    if not store.exists():
        measure(Call(WORLD, "write_store", (str(store), days)))
    if not plain.exists():
        measure(Call(WORLD, "write_months", (str(plain), NAME, days)))
    year = measure(Call(ME, "read_a_year", (str(store), str(plain), days, 2 if size.tiny else TIMES)))
    day = measure(Call(ME, "read_a_day", (str(store), days, 2 if size.tiny else DAYS)))
    limits = dict.fromkeys(("year", "day", "disk")) if size.tiny else {"year": 1.25, "day": 1.0, "disk": 1.1}
    scale, disk = size.scale(size.years), _bytes(store / NAME) / _bytes(plain)
    return [
        Row("reading a year of a table", PLAIN, scale, year.answer["ratio"], limits["year"], year.peak_mib),
        Row("reading a day of a table, CPU", "25 ms", scale, day.answer["ratio"], limits["day"], day.peak_mib),
        Row("disk of a table", PLAIN, scale, disk, limits["disk"], year.peak_mib),
    ]


def read_a_year(store: str, plain: str, days: int, times: int) -> dict[str, float]:
    """Whole months, up to a year of them, from the middle: by the store, and by Polars from their plain files."""
    files = sorted(Path(plain).glob("*.parquet"))
    start = len(files) // 2
    chosen = files[start : start + 12]
    window = _months(chosen, span(days))
    features = FeatureStore(Storage(store))
    sides = {"fti": lambda: features.read(GROUP, window), "plain": lambda: pl.read_parquet(chosen)}
    if not sides["fti"]().equals(sides["plain"]()):
        raise ValueError("the store's rows are not those of the plain files")
    seconds = in_turn({name: partial(_seconds, read) for name, read in sides.items()}, times)
    return {"ratio": seconds["fti"] / seconds["plain"], **seconds}


def read_a_day(store: str, days: int, times: int) -> dict[str, float]:
    """Days here and there, by a store that has the table open: the mean CPU of one, against its limit."""
    features = FeatureStore(Storage(store))
    features.read(GROUP, span(1))
    starts = [FIRST + timedelta(days=n * 7919 % days) for n in range(times)]
    begin = time.process_time()
    for start in starts:
        features.read(GROUP, Window(start, start + DAY))
    seconds = (time.process_time() - begin) / times
    return {"ratio": seconds / A_DAYS_CPU, "milliseconds": seconds * 1000}


def _months(files: list[Path], every: Window) -> Window:
    first, last = (Window.of_days(f"{file.stem}-01", f"{file.stem}-01").start for file in (files[0], files[-1]))
    return Window(max(first, every.start), min((last + timedelta(days=31)).replace(day=1), every.end))


def _seconds(read: Callable[[], pl.DataFrame]) -> float:
    begin = time.perf_counter()
    read()
    return time.perf_counter() - begin


def _bytes(folder: Path) -> int:
    return sum(path.stat().st_size for path in folder.rglob("*") if path.is_file())


if __name__ == "__main__":
    main(TITLE, run)
