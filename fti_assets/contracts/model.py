"""A model: what it is fitted on, how, and what it must show."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import timedelta

from fti_assets.contracts.errors import DeclarationError, unknown
from fti_assets.contracts.estimator import XGBoost
from fti_assets.contracts.feature_view import FeatureView
from fti_assets.contracts.gates import BeatsBaseline, Gate, SliceFloor
from fti_assets.contracts.names import checked_name, checked_owners
from fti_assets.contracts.time import duration


@dataclass(frozen=True)
class Model:
    """A view, an estimator and the gates between a candidate and production.

    At cutoff C it is fitted on the rows whose label was known before C. The last `holdout` before C is kept back
    to evaluate on; when the gates have the figures, the recipe is fitted again on all rows.
    Where the view has several labels, `label` names the one to learn; the model's own `view` then has that one alone.
    """

    name: str
    view: FeatureView
    estimator: XGBoost = XGBoost()
    gates: Sequence[Gate] = (BeatsBaseline(),)
    holdout: timedelta | str = "14d"
    description: str = ""
    owners: Sequence[str] = ()
    label: str = ""

    def __post_init__(self) -> None:
        checked_name("model", self.name)
        object.__setattr__(self, "gates", tuple(self.gates))
        object.__setattr__(self, "owners", checked_owners(f"model {self.name}", self.owners))
        object.__setattr__(self, "holdout", duration(self.holdout))
        if not isinstance(self.view, FeatureView):
            raise DeclarationError(f"model {self.name}: view={self.view!r}: expected a FeatureView")
        if self.label or len(self.view.labels) > 1:
            if not self.label:
                several = ", ".join(sorted(self.view.labels))
                raise DeclarationError(
                    f"model {self.name}: its view has several labels: expected label=, one of {several}"
                )
            if self.label not in self.view.labels:
                raise DeclarationError(f"model {self.name}: {unknown('label', self.label, self.view.labels)}")
            object.__setattr__(self, "view", self.view.learning(self.label))
        if not isinstance(self.estimator, XGBoost):
            raise DeclarationError(f"model {self.name}: estimator={self.estimator!r}: expected an fti.XGBoost(…)")
        if not self.gates:
            raise DeclarationError(f"model {self.name}: expected at least one gate, such as fti.BeatsBaseline()")
        for gate in self.gates:
            if isinstance(gate, type) or not hasattr(gate, "judge"):
                raise DeclarationError(
                    f"model {self.name}: gate {gate!r}: expected a value, such as fti.BeatsBaseline()"
                )
        for column in self.slices:
            if self.view.columns.get(column) != "text":
                texts = [c for c, kind in self.view.columns.items() if kind == "text"]
                raise DeclarationError(f"model {self.name}: SliceFloor: {unknown('text feature', column, texts)}")

    @property
    def slices(self) -> tuple[str, ...]:
        """The columns by which evaluations are sliced."""
        return tuple(dict.fromkeys(g.column for g in self.gates if isinstance(g, SliceFloor)))

    @property
    def holdout_length(self) -> timedelta:
        """How long before the cutoff the evaluation begins."""
        return duration(self.holdout)
