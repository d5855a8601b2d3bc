"""The point-in-time join of a hundred years, 33.7 million shuffled spine rows, against ten: time per row and memory."""

import shutil
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from statistics import fmean

from benchmarks.harness import Call, Row, Size, main, measure
from benchmarks.point_in_time_join import ME, WORK, WORLD

TITLE = "The same at a hundred times the year, the spine shuffled"
MEMORY_MIB = 3 * 1024


def prepare(folder: Path, days: int) -> str:
    """The tables of so many days, unless another benchmark made them; half of them on each core."""
    store = folder / f"store{days}"
    if not store.exists():
        halves = ("departures carriers weather", "takeoffs arrivals")
        with ThreadPoolExecutor(2) as threads:
            calls = [Call(WORLD, "write_store", (str(store), days, names)) for names in halves]
            list(threads.map(measure, calls))
    return str(store)


def run(folder: Path, size: Size) -> list[Row]:
    """A hundred years once, and ten years before and after it; what was made for it is deleted.

    A run of a hundred years is slow and fast by turns, as the machine is: so it is held against the mean of ten's.
    """
    few, many = size.days(size.years), size.days(size.many_years)
    around = min(size.rounds, 2)
    stores = {days: prepare(folder, days) for days in (few, many)}
    ten, hundred = (Call(ME, "fti", (stores[days], "", days, "")) for days in (few, many))
    before, long, after = [measure(ten) for _ in range(around)], measure(hundred), [measure(ten) for _ in range(around)]
    datasets = {
        days: measure(Call("benchmarks.datasets", "build_anew", (stores[days], f"{stores[days]}_home", days)))
        for days in stores
    }
    shutil.rmtree(folder / f"store{many}")
    scale, small, peak = size.scale(size.many_years), size.scale(size.years), long.peak_mib
    short, least = fmean(each.seconds for each in before + after), min(each.peak_mib for each in before + after)
    per_row = (long.seconds / long.answer) / (short / before[0].answer)
    grown = datasets[many].peak_mib / datasets[few].peak_mib
    free = None if size.tiny else 1.0
    return [
        Row(f"{WORK}, time per row", f"itself at {small}", scale, per_row, None if size.tiny else 1.15, peak),
        Row(f"{WORK}, peak memory", f"{MEMORY_MIB} MiB", scale, peak / MEMORY_MIB, free, peak),
        Row(f"{WORK}, peak memory", f"itself at {small}", scale, peak / least, free and 1.5, peak),
        Row("dataset, peak memory", f"itself at {small}", scale, grown, free and 1.2, datasets[many].peak_mib),
    ]


if __name__ == "__main__":
    main(TITLE, run)
