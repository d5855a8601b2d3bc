"""The demo: a system lives through its data, through Dagster, and says what came of it."""

from collections.abc import Callable
from functools import partial
from typing import Any

import dagster as dg

from fti_assets.assets.instance.settings import open_instance
from fti_assets.demo.life import Life, live
from fti_assets.demo.runner import Runner, sole_runner
from fti_assets.demo.summary import summarize
from fti_assets.stores.home import Home
from fti_assets.stores.json_files import read_json, write_json


def run_demo(defs: dg.Definitions, life: Life, home: Home, say: Callable[[str], None]) -> dict[str, Any]:
    """Live through the life, or through what is left of it, and write `summary.json` in the home.

    The seconds of each stage add up over all starts, those that were killed included.
    Raises Conflict while another demo runs in the same home.
    """
    timing = home.local / "seconds.json"
    with sole_runner(home), open_instance(home) as instance:
        runner = Runner(defs, instance, say, read_json(timing, {}), partial(write_json, timing))
        dead = runner.end_dead_runs()
        if dead:
            say(f"{dead} runs of a killed demo are marked as failed; what they finished is kept")
        live(life, runner, home)
        with runner.stage("compare ways of retraining"):
            summary = summarize(life, home)
        summary["seconds"] = {stage: round(spent, 1) for stage, spent in runner.seconds.items()}
        write_json(home.local / "summary.json", summary)
    return summary
