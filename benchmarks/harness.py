"""How the benchmarks measure, judge and report: both sides in one run, in turn, each in a process of its own."""

import json
import os
import subprocess
import sys
import tempfile
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from statistics import fmean
from typing import Any

import click

RESULTS = Path(__file__).with_name("results.json")
ROOT = Path(__file__).parents[1]
SETTLED = 2
"""So many turns of sides that take turns do not count: they load what all need."""


@dataclass(frozen=True)
class Row:
    """A line of a table: our cost as a multiple of another's, and how much it may be; None where it is only told.

    A limit of 1 / 3.5 reads: at least 3.5 times faster. `peak_mib` is the highest memory of our side's process.
    """

    work: str
    against: str
    scale: str
    ratio: float
    limit: float | None = None
    peak_mib: int | None = None

    @property
    def is_past_limit(self) -> bool:
        """Whether the ratio is above its limit, or no number."""
        return self.limit is not None and not self.ratio <= self.limit


@dataclass(frozen=True)
class Size:
    """How much is measured: so many times the year, best of so many rounds; `tiny` for tests of the benchmarks."""

    years: int = 10
    many_years: int = 100
    rounds: int = 3
    tiny: bool = False

    def days(self, years: int) -> int:
        """So many years of flights in days; a few days where tiny."""
        return 4 + years if self.tiny else years * 364 + 2

    def scale(self, years: int) -> str:
        """What a row says of it."""
        return f"{self.days(years)} days" if self.tiny else f"{years}×"


FULL = Size()
TINY = Size(years=2, many_years=4, rounds=1, tiny=True)


@dataclass(frozen=True)
class Measured:
    """One call in a process of its own: its seconds without imports, the process's highest memory, what it returned."""

    seconds: float
    peak_mib: int
    answer: Any


@dataclass(frozen=True)
class Call:
    """A function of a module of the benchmarks, and its arguments, to be called in a process of its own."""

    module: str
    function: str
    arguments: tuple[str | int, ...] = ()


def measure(call: Call) -> Measured:
    """Make one call in a fresh process, on a disk that is at rest.

    Raises RuntimeError with what it wrote to stderr when it fails.
    """
    os.sync()  # or it would wait for what others have written
    command = [sys.executable, "-m", "benchmarks.child", json.dumps(asdict(call))]
    done = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=False)  # noqa: S603  # our own
    if done.returncode:
        raise RuntimeError(f"{call.module}.{call.function} failed:\n{done.stderr[-3000:]}")
    return Measured(**json.loads(done.stdout.splitlines()[-1]))


def contest(calls: Mapping[str, Call], rounds: int, slow: Iterable[str] = ()) -> dict[str, Measured]:
    """The fastest of so many rounds of each call, taken in turn; those of `slow`, far from any limit, once."""
    best: dict[str, Measured] = {}
    for n in range(rounds):
        for name, call in calls.items():
            if n and name in slow:
                continue
            measured = measure(call)
            if name not in best or measured.seconds < best[name].seconds:
                best[name] = measured
    return best


def in_turn(sides: Mapping[str, Callable[[], float]], times: int) -> dict[str, float]:
    """The mean seconds of each side, called in turn in this process: for work of a tenth of a second.

    The sides take turns at being first, two times in a row, so they meet the machine's same moods. `SETTLED` times
    more are made before, which do not count.
    """
    seconds: dict[str, list[float]] = {name: [] for name in sides}
    for n in range(SETTLED + times):
        for name in sides if n % 4 < 2 else reversed(list(sides)):
            seconds[name].append(sides[name]())
    return {name: fmean(each[SETTLED:]) for name, each in seconds.items()}


def table(title: str, rows: Sequence[Row]) -> str:
    """The rows as a Markdown table."""
    lines = [f"**{title}**", "", "| work | against | scale | ratio | limit | peak MiB |", "|---|---|---|---|---|---|"]
    for row in rows:
        limit = "" if row.limit is None else f"≤ {row.limit:.2f}" + (" **past its limit**" if row.is_past_limit else "")
        lines.append(
            f"| {row.work} | {row.against} | {row.scale} | {_ratio(row.ratio)} | {limit} | {row.peak_mib or ''} |"
        )
    return "\n".join(lines)


def _ratio(ratio: float) -> str:
    return f"{ratio:.2f}" + (f" ({1 / ratio:.1f} × less)" if 0 < ratio < 0.67 else "")


def append(rows: Sequence[Row], path: Path = RESULTS) -> None:
    """Add the rows to the results."""
    held = json.loads(path.read_text()) if path.exists() else []
    path.write_text(json.dumps([*held, *map(asdict, rows)], indent=1, ensure_ascii=False) + "\n")


def read(path: Path = RESULTS) -> list[Row]:
    """The rows of the results."""
    return [Row(**row) for row in json.loads(path.read_text())] if path.exists() else []


def past_limits(rows: Iterable[Row]) -> list[str]:
    """A sentence for each row that is past its limit."""
    return [
        f"{row.work} against {row.against} at {row.scale}: {row.ratio:.2f}, at most {row.limit:.2f}"
        for row in rows
        if row.is_past_limit
    ]


def main(title: str, run: Callable[[Path, Size], list[Row]]) -> None:
    """Run one benchmark by itself: print its table, append its rows to the results, exit 1 for one past its limit."""
    with tempfile.TemporaryDirectory(prefix="fti-bench-") as folder:
        rows = run(Path(folder), FULL)
    append(rows)
    click.echo(table(title, rows))
    late = past_limits(rows)
    if late:
        raise SystemExit("past its limit: " + "; ".join(late))
