"""What a life came to: figures by month beside other ways of retraining, models, seconds."""

from collections.abc import Sequence
from dataclasses import asdict
from datetime import datetime, timedelta
from typing import Any

from fti_assets.contracts.model import Model
from fti_assets.contracts.time import midnight
from fti_assets.demo.life import Life
from fti_assets.models.evaluation import metric_of
from fti_assets.monitoring.replay import Lived
from fti_assets.stores.home import Home
from fti_assets.training.backtest import trained_at

EVERY_WEEKS = 4
EVERY = timedelta(weeks=EVERY_WEEKS)
THIS_RUN = "this run"
CONSTANT = "constant"


def summarize(life: Life, home: Home) -> dict[str, Any]:
    """The numbers of a life that has been lived, ready for JSON.

    "This run" is read from the prediction log; the other ways predict the same rows with a version per cutoff and no
    gates; "constant" predicts the training mean at each cutoff. A classifier is also retrained every four weeks; for a
    number, which costs as much and tells less, the constant and "never retrain" must do.
    """
    return {
        "models": {model.name: _model(model, life, home) for model in life.models},
        "home": home.url,
    }


def _model(model: Model, life: Life, home: Home) -> dict[str, Any]:
    lived = Lived.through(model, life.lived, home)
    cutoffs = _apart(life.cutoffs)
    is_binary = model.view.label.is_binary
    scope = home.backtest(f"every_{EVERY_WEEKS}_weeks")
    schedule = trained_at(model, cutoffs if is_binary else cutoffs[:1], midnight(life.since), home, scope)
    predictions = {
        THIS_RUN: lived.issued(life.lived, home),
        "never retrain": lived.under(schedule[:1]),
        **({f"every {EVERY_WEEKS} weeks": lived.under(schedule)} if is_binary else {}),
        CONSTANT: lived.constant(schedule),
    }
    figures = {way: lived.figures(prediction) for way, prediction in predictions.items()}
    total = {way: by_month["all"].loss for way, by_month in figures.items()}
    return {
        "metric": metric_of(model.view.label.is_binary),
        "rows": figures[THIS_RUN]["all"].rows,
        "gain over constant": {way: 1 - loss / total[CONSTANT] for way, loss in total.items()},
        "by month": {way: {month: asdict(f) for month, f in months.items()} for way, months in figures.items()},
        "versions": _versions(model, home),
    }


def _apart(cutoffs: Sequence[datetime]) -> list[datetime]:
    """The first cutoff, and each that comes four weeks or more after the one before."""
    apart = [cutoffs[0]]
    for cutoff in cutoffs:
        if cutoff >= apart[-1] + EVERY:
            apart.append(cutoff)
    return apart


def _versions(model: Model, home: Home) -> list[dict[str, Any]]:
    rows = []
    for version in home.registry.versions(model.name):
        verdict = home.registry.verdict(model.name, version.version)
        rows.append(
            {
                "version": version.version,
                "cutoff": f"{version.cutoff:%Y-%m-%d}",
                "trigger": version.manifest["facts"].get("trigger", ""),
                "outcome": "waiting" if verdict is None else "promoted" if verdict.action == "promote" else "rejected",
                "reason": "" if verdict is None else verdict.why,
            }
        )
    return rows
