"""All benchmarks: `python -m benchmarks` prints the tables, writes results.json anew, exits 1 naming each late row.

`python -m benchmarks --document` writes the tables of results.json into docs/performance.md, between its two markers.
"""

import importlib
import os
import sys
import tempfile
import time
from pathlib import Path

import click

from benchmarks.harness import FULL, RESULTS, ROOT, append, past_limits, read, table

NAMES = (
    "store_write",
    "one_more_day",
    "reading",
    "refresh_day",
    "dagster_bookkeeping",
    "event_windows",
    "point_in_time_join",
    "feast_offline",
    "registry",
    "datasets",
    "bucket",
    "hundredfold",
)
BEGIN, END = "<!-- make bench: begin -->", "<!-- make bench: end -->"
DOCUMENT = ROOT / "docs" / "performance.md"


def main() -> None:
    """Run them one after another on the same tables."""
    RESULTS.unlink(missing_ok=True)
    begin = time.monotonic()
    with tempfile.TemporaryDirectory(prefix="fti-bench-") as folder:
        os.environ["FTI_BENCH_FOLDER"] = folder
        for name in NAMES:
            module, start = importlib.import_module(f"benchmarks.{name}"), time.monotonic()
            rows = module.run(Path(folder), FULL)
            append(rows)
            click.echo(f"{table(module.TITLE, rows)}\n\n{time.monotonic() - start:.0f} s\n")
    late = past_limits(read())
    click.echo(f"all: {time.monotonic() - begin:.0f} s")
    if late:
        raise SystemExit("past its limit: " + "; ".join(late))


def document(path: Path = DOCUMENT, results: Path = RESULTS) -> None:
    """Put the results as one table between the markers. ValueError when there are none, or no markers."""
    rows, text = read(results), path.read_text()
    if not rows or BEGIN not in text or END not in text:
        raise ValueError(f"{path}: expected rows in {results} (run `make bench`), and the lines {BEGIN} and {END}")
    head, rest = text.split(BEGIN)
    path.write_text(f"{head}{BEGIN}\n\n{table('`make bench`', rows)}\n\n{END}{rest.split(END)[1]}")


if __name__ == "__main__":
    document() if "--document" in sys.argv else main()
