"""A registry of 208 versions against one of 52: four years of weekly trainings against one, in seconds of CPU.

Each call is a process's first: it reads and verifies the whole journal. The registry lies in a folder, so that what is
measured is not a bucket's answers.
"""

import json
import shutil
import time
from collections.abc import Callable
from datetime import datetime
from pathlib import Path

from click.testing import CliRunner

from benchmarks.harness import Call, Row, Size, main, measure
from benchmarks.world import FIRST
from fti_assets.cli.main import main as fti
from fti_assets.contracts.time import DAY
from fti_assets.stores.home import Home
from fti_assets.stores.registry import Registry

TITLE = "A registry of four years of weeks, against one year"
ME = "benchmarks.registry"
MODEL = "delay"
YEAR, YEARS = 52, 208
ROUNDS = 7
WORKS = ("list", "show", "register", "promote")
LIMIT = 4.0


def run(folder: Path, size: Size) -> list[Row]:
    """Each of the registry's works at both sizes."""
    few, many, rounds = (3, 6, 1) if size.tiny else (YEAR, YEARS, ROUNDS)
    measured = measure(Call(ME, "seconds", (str(folder / "registry"), few, many, rounds)))
    year, years = (measured.answer[str(versions)] for versions in (few, many))
    limit, scale = None if size.tiny else LIMIT, f"{few} and {many} versions"
    return [
        Row(f"registry: {work}, CPU", "with fewer versions", scale, years[work] / year[work], limit, measured.peak_mib)
        for work in WORKS
    ]


def seconds(folder: str, few: int, many: int, rounds: int) -> dict[str, dict[str, float]]:
    """The least seconds of CPU of each work at both sizes, which take turns."""
    for versions in (few, many):
        _fill(Home(f"{folder}/{versions}").registry, versions)
    best = {str(versions): dict.fromkeys(WORKS, float("inf")) for versions in (few, many)}
    for n in range(rounds):
        for versions in (few, many):
            for work in WORKS:
                home = f"{folder}/{work}{n}of{versions}"  # no journal of this place is known to the process
                shutil.copytree(f"{folder}/{versions}", home)
                spent = _spent(_work(work, home, versions))
                best[str(versions)][work] = min(best[str(versions)][work], spent)
    return best


def _work(name: str, home: str, versions: int) -> Callable[[], object]:
    registry = Home(home).registry
    return {
        "list": lambda: _fti(home, "list"),
        "show": lambda: _fti(home, "show", MODEL, str(versions)),
        "register": lambda: _register(registry, versions),
        "promote": lambda: _promote(registry, versions, versions - 1),
    }[name]


def _spent(work: Callable[[], object]) -> float:
    begin = time.process_time()
    work()
    return time.process_time() - begin


def _fti(home: str, *arguments: str) -> None:
    CliRunner().invoke(fti, ["--home", home, "registry", *arguments], catch_exceptions=False)


def _fill(registry: Registry, versions: int) -> None:
    """So many weeks: each trains a version, which every second time becomes the champion."""
    for n in range(versions):
        _register(registry, n)
        if n % 2 == 0:
            _promote(registry, n + 1, n - 1 if n else None)
        else:
            failed = [{"gate": "beats_champion", "passed": False, "reason": "a tie"}]
            registry.reject(MODEL, n + 1, who="bench", why="a tie", verdicts=failed, effective=_week(n))


def _register(registry: Registry, n: int) -> None:
    metrics = {"metric": "log_loss", "loss": 0.48, "baseline_loss": 0.53, "rows": 12_000}
    files = {"model.ubj": f"trees of week {n}".encode() * 1000, "metrics.json": json.dumps(metrics).encode()}
    facts = {"run_id": f"run {n}", "tables": {f"group_{table}": n for table in range(20)}}
    registry.register(MODEL, files, cutoff=_week(n), facts=facts)


def _promote(registry: Registry, version: int, champion: int | None) -> None:
    week = _week(version - 1)
    registry.promote(MODEL, version, who="bench", why="better", effective=week, expected=champion)


def _week(n: int) -> datetime:
    return FIRST + 7 * n * DAY


if __name__ == "__main__":
    main(TITLE, run)
