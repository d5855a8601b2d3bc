"""Refreshing one day of a window of 90 days and of one of 7: days are kept as tiles, so both need one day's rows.

By carrier the answers are of one size, and the limit is for what the longer window costs. By aircraft it is told what
a longer answer adds: in 90 days 1.7 times as many have flown.

The last day of a month makes the month's tile, too: so the mean over many days in a row is told.
"""

import shutil
from functools import partial
from pathlib import Path
from statistics import fmean
from tempfile import TemporaryDirectory

from benchmarks.harness import SETTLED, Call, Row, Size, in_turn, main, measure
from benchmarks.one_more_day import seconds_of_a_day
from benchmarks.world import span
from fti_assets.contracts.binding import Binding
from fti_assets.contracts.feature_group import as_binding
from fti_assets.features.materialize import materialize
from fti_assets.flights import contracts, sources, transformations
from fti_assets.stores.feature_store import FeatureStore
from fti_assets.stores.storage import Storage

TITLE = "Refreshing one day of a 90-day window, against a 7-day window"
ME = "benchmarks.refresh_day"
WINDOWS = ("90d", "7d")


def _windows(key: str, length: str) -> Binding:
    name = f"{key}_{length}"
    return as_binding(contracts.arrivals.windows(key, {"delay": ["mean", "std"]}, over=length, name=name))


BINDINGS = {(key, length): _windows(key, length) for key in ("carrier", "tail_number") for length in WINDOWS}


def run(folder: Path, size: Size) -> list[Row]:
    """The last month of five, a day at a time, after the history before it was computed."""
    days, last = (20, 2) if size.tiny else (157, 30)
    measure(Call(ME, "prepare", (str(folder / "refresh"), days, SETTLED + last)))
    rows = []
    for key, limit in (("carrier", None if size.tiny else 1.2), ("tail_number", None)):
        call = Call(ME, "refresh", (str(folder / "refresh"), last, key))
        rounds = [measure(call) for _ in range(min(size.rounds, 2))]
        long, short = (fmean(each.answer[window] for each in rounds) for window in WINDOWS)
        work, peak = f"one day of a 90-day window by {key}", max(each.peak_mib for each in rounds)
        rows.append(Row(work, "of a 7-day window", f"{days} days", long / short, limit, peak))
    return rows


def prepare(folder: str, days: int, last: int) -> None:
    """The landings, and the windows of all days but the last ones."""
    store = FeatureStore(Storage(folder))
    landings = contracts.arrivals.computed(transformations.as_landed, sources.landings)
    materialize(landings, span(days), store)
    for binding in BINDINGS.values():
        materialize(binding, span(days - last), store)


def refresh(folder: str, days: int, key: str) -> dict[str, float]:
    """The last days one after the other, by each window; in a copy, so that each is new."""
    with TemporaryDirectory(prefix="fti-bench-") as own:
        store = FeatureStore(Storage(shutil.copytree(folder, own, dirs_exist_ok=True)))
        sides = {window: partial(seconds_of_a_day, BINDINGS[key, window], store) for window in WINDOWS}
        return in_turn(sides, days)


if __name__ == "__main__":
    main(TITLE, run)
