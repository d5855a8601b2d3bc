"""The point-in-time join of a hundred years, 33.7 million shuffled spine rows, against ten: time per row and memory."""

import shutil
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

from benchmarks.harness import Call, Row, Size, contest, main, measure
from benchmarks.point_in_time_join import ME, WORK, WORLD

TITLE = "The same at a hundred times the year, the spine shuffled"
MEMORY_MIB = 3 * 1024


def prepare(folder: Path, days: int) -> str:
    """The tables of so many days, unless another benchmark made them; half of them on each core."""
    store = folder / f"store{days}"
    if not store.exists():
        halves = ("departures carriers", "takeoffs weather")
        with ThreadPoolExecutor(2) as threads:
            calls = [Call(WORLD, "write_store", (str(store), days, names)) for names in halves]
            list(threads.map(measure, calls))
    return str(store)


def run(folder: Path, size: Size) -> list[Row]:
    """Ten years best of two, a hundred once; what was made for it is deleted."""
    few, many = size.days(size.years), size.days(size.many_years)
    out = str(folder / "out_hundredfold")
    ten = contest({"ten": Call(ME, "fti", (prepare(folder, few), out, few, 1))}, min(size.rounds, 2))["ten"]
    hundred = measure(Call(ME, "fti", (prepare(folder, many), out, many, 1)))
    shutil.rmtree(out)
    shutil.rmtree(folder / f"store{many}")
    scale, small, peak = size.scale(size.many_years), size.scale(size.years), hundred.peak_mib
    per_row = (hundred.seconds / hundred.answer) / (ten.seconds / ten.answer)
    free = None if size.tiny else 1.0
    return [
        Row(f"{WORK}, time per row", f"itself at {small}", scale, per_row, None if size.tiny else 1.15, peak),
        Row(f"{WORK}, peak memory", f"{MEMORY_MIB} MiB", scale, peak / MEMORY_MIB, free, peak),
        Row(f"{WORK}, peak memory", f"itself at {small}", scale, peak / ten.peak_mib, free and 1.5, peak),
    ]


if __name__ == "__main__":
    main(TITLE, run)
