"""Which rows a cutoff fits its trial on, and which it evaluates it on."""

from dataclasses import dataclass
from datetime import datetime

from fti_assets.contracts.errors import DeclarationError
from fti_assets.contracts.model import Model
from fti_assets.contracts.time import label_of


@dataclass(frozen=True)
class Split:
    """Bounds on the time of prediction, for a cutoff C: all of a model's rows are matured, t + horizon < C.

    Attributes:
        fitted_before: the trial is fitted on rows predicted before it, whose labels were final when the holdout began.
        evaluated_from: where the holdout begins.
        matured_before: where the holdout ends: C less the horizon.
    """

    fitted_before: datetime
    evaluated_from: datetime
    matured_before: datetime

    @classmethod
    def of(cls, model: Model, cutoff: datetime) -> "Split":
        """The split of a model's rows at a cutoff."""
        horizon = model.view.label.horizon
        end = cutoff - horizon
        begin = end - model.holdout
        return cls(begin - horizon, begin, end)


def check_evaluable(model: Model, since: datetime, first_cutoff: datetime) -> None:
    """Raise DeclarationError where no row is there to fit or evaluate on at the first cutoff, saying when one is."""
    view, split = model.view, Split.of(model, first_cutoff)
    begin = max(since, view.since or since)
    horizon, holdout = label_of(view.label.horizon), label_of(model.holdout)
    if begin >= split.fitted_before:
        earliest = begin + 2 * view.label.horizon + model.holdout
        raise DeclarationError(
            f"model {model.name}: first_cutoff={first_cutoff:%Y-%m-%d}: with rows from {begin:%Y-%m-%d}, a holdout of "
            f"{holdout} and labels that are final after {horizon} there is nothing to fit the trial on: expected a "
            f"first_cutoff after {earliest:%Y-%m-%d %H:%M} UTC (the beginning, the horizon twice and the holdout), "
            "earlier rows, or a shorter holdout"
        )
    if view.until and view.until <= split.evaluated_from:
        raise DeclarationError(
            f"model {model.name}: first_cutoff={first_cutoff:%Y-%m-%d}: its view has rows until {view.until:%Y-%m-%d} "
            f"alone, and the holdout begins at {split.evaluated_from:%Y-%m-%d %H:%M} UTC: there is nothing to evaluate "
            "on: expected an earlier first_cutoff, or a later until="
        )
