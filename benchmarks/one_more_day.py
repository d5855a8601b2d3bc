"""Adding one day to a table of a year and to one of ten: a store whose log is read anew each time gets slower.

A write alone is measured in seconds of CPU, since it waits for the disk; a day of windows as people see it.
"""

import time
from functools import partial
from pathlib import Path
from statistics import fmean

import polars as pl

from benchmarks.harness import SETTLED, Call, Row, Size, in_turn, main, measure
from benchmarks.world import FIRST, one_year_of
from fti_assets.contracts.binding import Binding
from fti_assets.contracts.feature_group import FeatureGroup, as_binding
from fti_assets.contracts.time import DAY, Window
from fti_assets.features.materialize import materialize
from fti_assets.flights import contracts
from fti_assets.stores.feature_store import FeatureStore, contract_of
from fti_assets.stores.storage import Storage
from fti_assets.stores.tables import PartitionedTable

TITLE = "Adding one day to ten years, against adding one to a year"
ME = "benchmarks.one_more_day"
KINDS = {"write": ("store write of one day, CPU", 1.6), "aggregate": ("materialize one day of windows", 1.2)}
TIMES = 32


def run(folder: Path, size: Size) -> list[Row]:
    """A day's write alone, and a day of windows over 30 days read, computed, checked and written."""
    few, many = size.days(1), size.days(size.years)
    rounds, times = min(size.rounds, 2), 2 if size.tiny else TIMES
    for days in (few, many):
        measure(Call(ME, "prepare", (str(folder / f"days{days}"), days, days - rounds * (SETTLED + times))))
    rows = []
    for kind, (work, limit) in KINDS.items():
        measured = [measure(Call(ME, kind, (str(folder), few, many, times))) for _ in range(rounds)]
        year, years = (fmean(each.answer[str(days)] for each in measured) for days in (few, many))
        scale, peak = f"{few} and {many} days", max(each.peak_mib for each in measured)
        rows.append(Row(work, "the same in a table of a year", scale, years / year, None if size.tiny else limit, peak))
    return rows


def prepare(folder: str, days: int, windows: int) -> None:
    """So many days of landings, and fewer of carriers' windows, each a day of February over and over."""
    _write(folder, contracts.arrivals, "landed_at", _a_day("arrivals", "landed_at"), days)
    nothing = _a_day("carriers", "as_of")
    _write(folder, contracts.carriers, "as_of", nothing, windows)


def _a_day(name: str, known_at: str) -> pl.DataFrame:
    start = FIRST + 40 * DAY
    return one_year_of(name).filter(pl.col(known_at).is_between(start, start + DAY, closed="left"))


def _write(folder: str, group: FeatureGroup, known_at: str, day: pl.DataFrame, days: int) -> None:
    table = PartitionedTable(Storage(Path(folder) / group.name), contract_of(group))
    for window in Window(FIRST, FIRST + days * DAY).split(364):
        shifts = pl.DataFrame({"shift": [start - (FIRST + 40 * DAY).date() for start in window.days]})
        times = pl.col(pl.Datetime("us", "UTC")) + pl.col("shift")
        rows = day.join(shifts, how="cross", maintain_order="right_left").with_columns(times).drop("shift")
        table.write(rows, window, pl.col(known_at))


def write(folder: str, few: int, many: int, times: int) -> dict[str, float]:
    """A month of days added to each store, with the checkpoint of its log that it brings."""
    import deltalake  # noqa: F401  # which the first checkpoint would load

    day = _a_day("arrivals", "landed_at")

    def add(store: FeatureStore) -> float:
        start = store.known_until(contracts.arrivals)
        moved = day.with_columns(pl.col(pl.Datetime("us", "UTC")) + (start - FIRST - 40 * DAY)).to_pandas()
        begin = time.process_time()
        store.write(contracts.arrivals, moved, Window(start, start + DAY))
        return time.process_time() - begin

    return in_turn({str(days): partial(add, _store(folder, days)) for days in (few, many)}, times)


def aggregate(folder: str, few: int, many: int, times: int) -> dict[str, float]:
    """A month of days of carriers' windows, each of which was never written."""
    carriers = as_binding(contracts.carriers)
    sides = {str(days): partial(seconds_of_a_day, carriers, _store(folder, days)) for days in (few, many)}
    return in_turn(sides, times)


def seconds_of_a_day(binding: Binding, store: FeatureStore) -> float:
    """Materialize the day after the last one that has rows."""
    start = store.known_until(binding.group)
    begin = time.perf_counter()
    materialize(binding, Window(start, start + DAY), store)
    return time.perf_counter() - begin


def _store(folder: str, days: int) -> FeatureStore:
    return FeatureStore(Storage(Path(folder) / f"days{days}"))


if __name__ == "__main__":
    main(TITLE, run)
