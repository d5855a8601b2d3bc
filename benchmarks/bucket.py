"""A week of predictions by a home in a bucket, against the same in a folder: the server is of this machine.

The champion, the features of the week and the log are read from the home and written to it, by a process that opens
it; what the server itself takes is in it. The rows that they predict are compared.
"""

import os
from pathlib import Path

import polars as pl

from benchmarks.harness import Call, Row, Size, contest, main, measure
from benchmarks.world import FIRST, VIEW, parts_of, span
from fti_assets.contracts.model import Model
from fti_assets.contracts.time import DAY, Window
from fti_assets.inference.batch import issue
from fti_assets.stores.feature_store import contract_of
from fti_assets.stores.home import Home
from fti_assets.stores.storage import Storage
from fti_assets.stores.tables import PartitionedTable
from fti_assets.training.datasets import build_dataset
from fti_assets.training.train import train
from fti_assets_tests.stores.buckets import s3_server

TITLE = "A week of predictions on a bucket"
ME = "benchmarks.bucket"
MODEL = Model("late", VIEW)
WEEK = 7
DAYS, FEWER_DAYS = 90, 40
"""As many are written and learned from; the last weeks of them are predicted."""


def run(folder: Path, size: Size) -> list[Row]:
    """Each side predicts another week each round, since a week is issued once."""
    rounds, url, days = size.rounds, "s3://bench/home", FEWER_DAYS if size.tiny else DAYS
    (folder / "s3").mkdir()
    before = dict(os.environ)
    with s3_server(folder / "s3") as environment:
        os.environ.update(environment)
        try:
            Storage("s3://bench").create("ready", b"")  # the bucket is there once it is written to
            homes = {"folder": str(folder / "predicting"), "bucket": url}
            for home in homes.values():
                measure(Call(ME, "prepare", (home, days, rounds)))
            weeks = [
                contest({name: Call(ME, "week", (home, n)) for name, home in homes.items()}, 1) for n in range(rounds)
            ]
        finally:
            for name in environment:
                os.environ.pop(name) if name not in before else os.environ.update({name: before[name]})
    if any(week["folder"].answer != week["bucket"].answer for week in weeks):
        raise ValueError("the week has other predictions in the bucket")
    seconds = {name: min(week[name].seconds for week in weeks) for name in homes}
    ratio = seconds["bucket"] / seconds["folder"]
    return [Row("a week of predictions, S3", "in a folder", f"{days} days", ratio, None, weeks[0]["bucket"].peak_mib)]


def prepare(url: str, days: int, weeks: int) -> None:
    """A home with features, a dataset and a champion that serves the last so many weeks."""
    home = Home(url)
    for group in (*VIEW.groups, VIEW.label.group):
        table = PartitionedTable(home.features.storage.at(group.name), contract_of(group))
        for window, rows in parts_of(group, days):
            table.write(rows, window, pl.col(str(group.known_at)))
    cutoff = span(days).end - weeks * WEEK * DAY
    build_dataset(MODEL, cutoff, FIRST, home)
    version = train(MODEL, cutoff, home).version
    home.registry.promote(MODEL.name, version.version, who="bench", why="it serves", effective=cutoff, expected=None)


def week(url: str, n: int) -> list[float]:
    """Issue the n-th week; the sum and the count of its predictions."""
    home = Home(url)
    champion = home.registry.champion(MODEL.name)
    start = champion.cutoff + n * WEEK * DAY
    issued = issue(MODEL, Window(start, start + WEEK * DAY), home)
    return [float(sum(day.rows for day in issued)), *(day.mean_prediction or 0.0 for day in issued)]


if __name__ == "__main__":
    main(TITLE, run)
