"""The decision to retrain, taken from what was known at a cutoff and recorded with its numbers."""

import json
from datetime import UTC, datetime, timedelta

import polars as pl

from fti_assets.contracts.model import Model
from fti_assets.contracts.retrain import Decision, History, Matured, Retrain
from fti_assets.contracts.time import Window
from fti_assets.stores.home import Home


def decide(model: Model, policy: Retrain, cutoff: datetime, since: datetime, home: Home) -> Decision:
    """The policy's decision at a cutoff; recorded, so that a rerun replaces it by the same."""
    decision = policy.decide(history(model, cutoff, since, home))
    row = pl.DataFrame(
        {
            "day": [cutoff],
            "retrain": [decision.retrain],
            "reason": [decision.reason],
            "numbers": [json.dumps(dict(decision.numbers), sort_keys=True)],
        }
    )
    home.monitoring.write("decisions", model.name, row, Window.of_days(cutoff.date(), cutoff.date()))
    return decision


def history(model: Model, cutoff: datetime, since: datetime, home: Home) -> History:
    """What was known at the cutoff: earlier cutoffs, the champion before it, and days matured by then."""
    cutoffs = [v.cutoff for v in home.registry.versions(model.name) if v.cutoff < cutoff]
    rows = home.monitoring.read("performance", model.name, Window(since, cutoff)).filter(pl.col("labels") > 0)
    figures = rows.select("predicted_on", "labels", "mean_prediction", "mean_label").iter_rows()
    matured = [Matured(day.date(), labels, prediction, label) for day, labels, prediction, label in figures]
    champion = home.registry.serving(model.name, cutoff - timedelta(microseconds=1))
    return History(cutoff, champion.cutoff if champion else None, max(cutoffs, default=None), matured)


def decisions(model: Model, window: Window, home: Home) -> dict[datetime, Decision]:
    """The decisions that were recorded in the window, by cutoff."""
    rows = home.monitoring.read("decisions", model.name, window)
    return {
        day.astimezone(UTC): Decision(retrain, reason, json.loads(numbers))
        for day, retrain, reason, numbers in rows.select("day", "retrain", "reason", "numbers").iter_rows()
    }
