"""Adding one day to a table of a year and to one of ten: a store whose log is read anew each time gets slower."""

import time
from pathlib import Path

import polars as pl

from benchmarks.harness import Call, Row, Size, contest, main, measure
from benchmarks.world import FIRST, one_year_of
from fti_assets.flights import contracts
from fti_assets.pipelines.features import materialize
from fti_assets.spec.feature_group import FeatureGroup
from fti_assets.spec.time import DAY, Window
from fti_assets.stores.feature_store import FeatureStore
from fti_assets.stores.tables import PartitionedTable

TITLE = "Adding one day to ten years, against adding one to a year"
ME = "benchmarks.one_more_day"
KINDS = {"write": "store write of one day", "aggregate": "materialize one day of windows"}
TIMES = 5


def run(folder: Path, size: Size) -> list[Row]:
    """A day's write alone, and a day of windows over 30 days read, computed, checked and written."""
    few, many = size.days(1), size.days(size.years)
    for days in (few, many):
        measure(Call(ME, "prepare", (str(folder / f"days{days}"), days)))
    rows = []
    for kind, work in KINDS.items():
        calls = {str(days): Call(ME, kind, (str(folder / f"days{days}"), days)) for days in (few, many)}
        best = contest(calls, size.rounds)
        ratio, peak = best[str(many)].seconds / best[str(few)].seconds, best[str(many)].peak_mib
        scale = f"{few} and {many} days"
        rows.append(Row(work, "the same in a table of a year", scale, ratio, None if size.tiny else 1.2, peak))
    return rows


def prepare(folder: str, days: int) -> None:
    """So many days of landings, and of carriers' windows, each a day of February over and over."""
    _write(folder, contracts.arrivals, "landed_at", _a_day("arrivals", "landed_at"), days)
    nothing = _a_day("carriers", "as_of")
    _write(folder, contracts.carriers, "as_of", nothing, days)


def _a_day(name: str, known_at: str) -> pl.DataFrame:
    start = FIRST + 40 * DAY
    return one_year_of(name).filter(pl.col(known_at).is_between(start, start + DAY, closed="left"))


def _write(folder: str, group: FeatureGroup, known_at: str, day: pl.DataFrame, days: int) -> None:
    table = PartitionedTable(Path(folder) / group.name, group.columns, group.period)
    for window in Window(FIRST, FIRST + days * DAY).split(364):
        shifts = pl.DataFrame({"shift": [start - (FIRST + 40 * DAY).date() for start in window.days]})
        times = pl.col(pl.Datetime("us", "UTC")) + pl.col("shift")
        rows = day.join(shifts, how="cross", maintain_order="right_left").with_columns(times).drop("shift")
        table.write(rows, window, pl.col(known_at))


def write(folder: str, days: int) -> dict[str, float]:  # noqa: ARG001  # both kinds are called so
    """The fastest of five days added to the store, in a process that has the table open."""
    store, day = FeatureStore(Path(folder)), _a_day("arrivals", "landed_at")
    seconds = []
    for _ in range(TIMES + 1):
        start = store.known_until(contracts.arrivals)
        moved = day.with_columns(pl.col(pl.Datetime("us", "UTC")) + (start - FIRST - 40 * DAY)).to_pandas()
        begin = time.perf_counter()
        store.write(contracts.arrivals, moved, Window(start, start + DAY))
        seconds.append(time.perf_counter() - begin)
    return {"seconds": min(seconds[1:])}


def aggregate(folder: str, days: int) -> dict[str, float]:
    """The fastest of five days of carriers' windows, the first left out."""
    from fti_assets.flights.features import BINDINGS

    (binding,) = (each for each in BINDINGS if each.group is contracts.carriers)
    store, seconds = FeatureStore(Path(folder)), []
    for n in range(TIMES + 1):
        start = FIRST + (days - n) * DAY
        begin = time.perf_counter()
        materialize(binding, Window(start, start + DAY), store)
        seconds.append(time.perf_counter() - begin)
    return {"seconds": min(seconds[1:])}


if __name__ == "__main__":
    main(TITLE, run)
