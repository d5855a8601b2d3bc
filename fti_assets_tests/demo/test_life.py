"""A life of three weeks: killed in the middle, taken up again, and once more when there is nothing left to do."""

import json
import signal
import subprocess
import sys
from collections.abc import Iterator
from dataclasses import dataclass, replace
from datetime import date, timedelta
from typing import Any

import polars as pl
import pytest

from fti_assets.cli.demo_summary import print_summary
from fti_assets.contracts.cutoffs import Cutoffs
from fti_assets.contracts.time import Window, midnight
from fti_assets.demo.demo import run_demo
from fti_assets.demo.life import Life
from fti_assets.stores.home import Home
from fti_assets_tests.assets.living_shop import (
    MODEL,
    MONITORING,
    PREDICTIONS,
    SINCE,
    UNTIL,
    definitions,
    opened,
)
from fti_assets_tests.worlds import BINDINGS, returns

pytestmark = pytest.mark.slow

LIFE = Life(
    bindings=BINDINGS,
    models=[returns],
    since=date.fromisoformat(SINCE),
    calendar=Cutoffs("2024-01-22"),
    last_day=date(2024, 2, 11),
    until=date.fromisoformat(UNTIL),
    chunk_days=30,
)
WAYS = {"this run", "never retrain", "every 4 weeks", "constant"}
FIRST_WEEK, SECOND_WEEK = Window.of_days("2024-01-22", "2024-01-28"), Window.of_days("2024-01-29", "2024-02-04")
KILLED_IN_THE_SECOND_WEEK = """
import os, pathlib, signal, sys
from fti_assets.assets import monitoring
from fti_assets.demo.demo import run_demo
from fti_assets.stores.home import Home
from fti_assets_tests.demo.test_life import LIFE, SECOND_WEEK, definitions

watch = monitoring.watch

def killed(predictions, window, home):
    if window.start >= SECOND_WEEK.start:
        os.kill(os.getpid(), signal.SIGKILL)
    return watch(predictions, window, home)

monitoring.watch = killed
run_demo(definitions(), LIFE, Home(pathlib.Path(os.environ["FTI_HOME"])), print)
"""


@dataclass(frozen=True)
class Lived:
    """What was there after each of the three starts."""

    home: Home
    killed_by: int
    statuses: list[dict[str, int]]
    issued: list[pl.DataFrame]
    said: list[list[str]]
    summaries: list[dict[str, Any]]


@pytest.fixture(scope="module")
def lives(tmp_path_factory) -> Iterator[Lived]:
    home, defs = Home(tmp_path_factory.mktemp("life")), definitions()
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("FTI_HOME", str(home.local))
        child = subprocess.run([sys.executable, "-c", KILLED_IN_THE_SECOND_WEEK], capture_output=True, check=False)
        lived = Lived(home, -child.returncode, [], [], [], [])
        _look(lived)
        for _ in range(2):
            said: list[str] = []
            lived.summaries.append(run_demo(defs, LIFE, home, said.append))
            lived.said.append(said)
            _look(lived)
        yield lived


def _look(lived: Lived) -> None:
    with opened(lived.home, definitions()) as shop:
        lived.statuses.append(dict(shop.runs()))
    lived.issued.append(lived.home.prediction_log.read(returns, LIFE.lived))


def test_a_week_begins_at_each_cutoff():
    assert LIFE.cutoffs == [midnight(day) for day in ("2024-01-22", "2024-01-29", "2024-02-05")]
    assert LIFE.lived == Window.of_days("2024-01-22", "2024-02-11")


def test_a_week_that_is_not_over_has_a_cutoff_too():
    shorter = replace(LIFE, last_day=date(2024, 2, 5), until=date(2024, 2, 9))
    assert len(shorter.cutoffs) == 3


def test_the_first_start_died_in_a_run_after_it_had_issued_the_second_week(lives):
    assert lives.killed_by == signal.SIGKILL
    assert lives.statuses[0]["STARTED"] == 1
    assert lives.issued[0]["predicted_for"].dt.date().unique().sort().to_list() == [*FIRST_WEEK.days, *SECOND_WEEK.days]


def test_the_second_start_marks_the_dead_run_and_completes_the_life(lives):
    assert lives.statuses[1] == {"FAILURE": 1, "SUCCESS": lives.statuses[1]["SUCCESS"]}
    assert lives.said[0][0] == "1 runs of a killed demo are marked as failed; what they finished is kept"
    assert not any(line.startswith("features") for line in lives.said[0]), "the backfill was done"
    with opened(lives.home, definitions()) as shop:
        days = [str(day) for day in LIFE.lived.days]
        assert shop.partitions(PREDICTIONS) == shop.partitions(MONITORING) == days
        assert shop.partitions(MODEL) == ["2024-01-22", "2024-01-29", "2024-02-05"]


def test_nothing_that_was_issued_changes(lives):
    killed, resumed, again = lives.issued

    assert resumed.head(len(killed)).equals(killed)
    assert again.equals(resumed)
    assert len(resumed) == 20 * 21
    assert resumed["model_version"].to_list() == [1] * 140 + [2] * 140 + [3] * 140


def test_the_third_start_runs_nothing(lives):
    assert lives.statuses[2] == lives.statuses[1]
    assert all(": retrain returns, " in line for line in lives.said[1]), "decisions are read back, nothing is run"


def test_the_summary_has_what_was_promised_and_is_the_same_again(lives):
    written = json.loads((lives.home.local / "summary.json").read_text())
    model = written["models"]["returns"]

    assert written == json.loads(json.dumps(lives.summaries[1]))
    assert lives.summaries[0]["models"] == lives.summaries[1]["models"]
    assert set(model["by month"]) == set(model["gain over constant"]) == WAYS
    # the orders of the last days settle before the calendar's end: every prediction has its label
    assert model["rows"] == model["by month"]["this run"]["all"]["rows"] == 20 * 21
    assert list(model["by month"]["this run"]) == ["2024-01", "2024-02", "all"]
    assert [v["outcome"] for v in model["versions"]] == ["promoted"] * 3
    assert [v["trigger"] for v in model["versions"]] == ["no champion yet", *["the champion is 7 days old"] * 2]
    assert model["gain over constant"]["constant"] == 0
    assert set(lives.summaries[0]["seconds"]) >= {
        "decide",
        "train",
        "predict and monitor",
        "compare ways of retraining",
    }


def test_never_retraining_is_this_run_until_the_second_champion(lives):
    """The first week is predicted by version 1 in both; with cutoffs each four weeks there is one version in three."""
    by_month = lives.summaries[0]["models"]["returns"]["by month"]

    assert by_month["never retrain"] == by_month["every 4 weeks"]
    first = midnight(FIRST_WEEK.days[0])
    assert first + timedelta(weeks=4) > midnight(LIFE.last_day)


def test_the_summary_is_told_as_tables(lives, capsys):
    print_summary(lives.summaries[0])
    text = capsys.readouterr().out

    assert "returns: log_loss by month on 420" in text
    assert "3 trained, 3 promoted, 0 rejected" in text
