"""The same join by Feast, whose offline store works on pandas < 3: in an environment of its own, thrown away.

Its file store merges every spine row with all rows of its key and drops most of them, so it is given two weeks.
"""

import json
import subprocess
import sys
from pathlib import Path

import click

from benchmarks.harness import Call, Row, Size, contest, main
from benchmarks.point_in_time_join import LOOKBACK_MINUTES, ME, WORK, columns_of, prepare
from benchmarks.world import VIEW

TITLE = "The same against Feast's file offline store"
DAYS = 14
SCRIPT = Path(__file__).with_name("feast_script.py")


def run(folder: Path, size: Size) -> list[Row]:
    """Two weeks; no row, and a line that says why, where Feast cannot be installed."""
    python = folder / "feast" / "bin" / "python"
    if not python.exists():
        for command in (
            [sys.executable, "-m", "venv", str(folder / "feast")],
            [str(python), "-m", "pip", "install", "--quiet", "feast", "pandas<3"],
        ):
            done = subprocess.run(command, capture_output=True, text=True, check=False)  # noqa: S603  # our own
            if done.returncode:
                click.echo(f"Feast left out, {' '.join(command[1:4])} failed: {done.stderr.strip().splitlines()[-1:]}")
                return []
    days = 4 if size.tiny else DAYS
    prepare(folder, days)
    calls = {
        "fti": Call(ME, "fti", (str(folder / f"store{days}"), f"{folder}/store{days}/_slices/blobs/*", days, "")),
        "feast": Call("benchmarks.feast_offline", "feast", (str(python), str(folder / f"plain{days}"))),
    }
    best = contest(calls, min(size.rounds, 2), slow=["feast"])
    ratio = best["fti"].seconds / best["feast"].seconds
    return [Row(WORK, "Feast, file offline store", f"{days} days", ratio, None, best["fti"].peak_mib)]


def feast(python: str, plain: str) -> dict[str, float]:
    """The seconds that `get_historical_features` and writing its answer took."""
    views = [
        {
            "name": s.group.name,
            "key": s.keys[0],
            "spine_key": s.spine_keys[s.keys[0]],
            "known_at": s.group.known_at,
            "minutes": LOOKBACK_MINUTES[s.group.name],
            "columns": [c for c in columns_of(s.group.name) if c in s.columns],
        }
        for s in VIEW.joined
    ]
    done = subprocess.run(  # noqa: S603  # our own
        [python, str(SCRIPT), plain, json.dumps(views)], capture_output=True, text=True, check=False
    )
    if done.returncode:
        raise RuntimeError(f"Feast failed:\n{done.stderr[-2000:]}")
    return dict(json.loads(done.stdout.splitlines()[-1]))


if __name__ == "__main__":
    main(TITLE, run)
