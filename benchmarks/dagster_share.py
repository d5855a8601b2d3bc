"""How much of a backfill's time is Dagster's: the same pipelines through it and called directly, in one run.

python benchmarks/dagster_share.py [first day] [last day]
"""

import os
import sys
import tempfile
import time
from datetime import date
from pathlib import Path

import click

from fti_assets.flights.demo import defs
from fti_assets.flights.features import BINDINGS
from fti_assets.orchestration.instance import open_instance
from fti_assets.orchestration.runner import Runner
from fti_assets.pipelines.features import materialize
from fti_assets.spec.time import Window
from fti_assets.stores.home import Home

CHUNK_DAYS = 92


def main(first: str = "2013-01-01", last: str = "2013-12-31") -> None:
    """Print the seconds of both ways and the share that is Dagster's."""
    window = Window.of_days(first, last)
    rows = len(BINDINGS) * len(window.days)
    with tempfile.TemporaryDirectory() as folder:
        direct, through = Home(Path(folder) / "direct"), Home(Path(folder) / "through")
        materialize(BINDINGS[0], Window.of_days(first, first), direct.features)  # parses the source files once
        begin = time.monotonic()
        for part in window.split(CHUNK_DAYS):
            for binding in BINDINGS:
                materialize(binding, part, direct.features)
        alone = time.monotonic() - begin
        os.environ["FTI_HOME"] = str(through.root)
        with open_instance(through) as instance:
            runner = Runner(defs, instance, lambda _: None)
            begin = time.monotonic()
            for part in window.split(CHUNK_DAYS):
                runner.run_range("features", "features", part.days[0], part.days[-1])
            dagster = time.monotonic() - begin
    click.echo(f"{len(BINDINGS)} feature groups, {first} to {last}, {rows} partitions")
    click.echo(f"called directly    {alone:7.1f} s")
    click.echo(f"through Dagster    {dagster:7.1f} s")
    click.echo(f"Dagster's share    {1 - alone / dagster:7.1%}, {1000 * (dagster - alone) / rows:.1f} ms a partition")


if __name__ == "__main__":
    main(*(date.fromisoformat(day).isoformat() for day in sys.argv[1:]))
