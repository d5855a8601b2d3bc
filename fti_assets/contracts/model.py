"""A model: what it is fitted on, how, and what it must show."""

from collections.abc import Sequence
from datetime import timedelta
from functools import cached_property

import attrs

from fti_assets.contracts.errors import DeclarationError, unknown
from fti_assets.contracts.estimator import Estimator
from fti_assets.contracts.feature_view import FeatureView
from fti_assets.contracts.gates import BeatsBaseline, Gate
from fti_assets.contracts.kinds import Kind
from fti_assets.contracts.names import as_names, check_owners, checked_name
from fti_assets.contracts.time import duration


def _as_gates(gates: Sequence[Gate]) -> tuple[Gate, ...]:
    return tuple(gates)


@attrs.frozen
class Model:
    """A view, an estimator and the gates between a candidate and production.

    At cutoff C it is fitted on the rows whose label was known before C. The last `holdout` before C is kept back to
    evaluate on; when the gates have the figures, the recipe is fitted again on all rows.

    Args:
        name: what the model is called.
        view: its rows, features and label.
        estimator: how it is fitted; by default `fti.XGBoost()`. One of your own has `parameters`, `fit` and `load`.
        gates: what a candidate must show before it serves. One of your own has `judge(evaluation)`, which gives an
            `fti.Verdict`; one with an attribute `column` finds the figures of that column's values in the evaluation.
        holdout: how much time before the cutoff is kept back.
        label: where the view has several labels, which one to learn; the model's own `view` has that one alone.
        description: what it predicts, in a sentence.
        online: whether requests are answered, `fti serve` and `online/*`; False for predictions in batch alone.
        stale_up_to: how long after the time that the loaded rows reach a request may be answered, `"36h"`, flagged as
            stale; without it only requests for times that they reach are.
        owners: mail addresses, or `team:` and a name.

    Raises:
        DeclarationError: a label that the view does not have, an estimator or gate that cannot be asked, a column to
            slice by that is no text feature.

    Example:
        >>> import pandera.pandas as pa
        >>> import fti_assets as fti
        >>> class Order(pa.DataFrameModel):
        ...     order_id: str
        ...     placed_at: fti.UTC
        ...     amount: float
        >>> class Outcome(pa.DataFrameModel):
        ...     order_id: str
        ...     settled_at: fti.UTC
        ...     is_returned: bool
        >>> orders = fti.FeatureGroup(Order, keys="order_id", event_time="placed_at")
        >>> outcomes = fti.FeatureGroup(Outcome, keys="order_id", event_time="settled_at")
        >>> view = fti.FeatureView(orders, label=outcomes["is_returned"].within(days=3), features=[orders["amount"]])
        >>> returns = fti.Model("returns", view, gates=[fti.BeatsBaseline(margin=0.05)], holdout="14d")
        >>> returns.view.label.is_binary
        True
    """

    name: str
    _given_view: FeatureView = attrs.field(alias="view")
    estimator: Estimator | None = attrs.field(default=None, kw_only=True)
    gates: tuple[Gate, ...] = attrs.field(default=(BeatsBaseline(),), converter=_as_gates, kw_only=True)
    holdout: timedelta = attrs.field(default=timedelta(days=14), converter=duration, kw_only=True)
    label: str = attrs.field(default="", kw_only=True)
    description: str = attrs.field(default="", kw_only=True)
    online: bool = attrs.field(default=True, kw_only=True)
    stale_up_to: timedelta | None = attrs.field(
        default=None, converter=attrs.converters.optional(duration), kw_only=True
    )
    owners: tuple[str, ...] = attrs.field(default=(), converter=as_names, kw_only=True)

    def __attrs_post_init__(self) -> None:
        checked_name("model", self.name)
        check_owners(f"model {self.name}", self.owners)
        if not isinstance(self._given_view, FeatureView):
            raise self._error(f"view={self._given_view!r}: expected a FeatureView")
        labels = self._given_view.labels
        if not self.label and len(labels) > 1:
            raise self._error(f"its view has several labels: expected label=, one of {', '.join(sorted(labels))}")
        if self.label and self.label not in labels:
            raise self._error(unknown("label", self.label, labels))
        if self.estimator is not None and not all(hasattr(self.estimator, m) for m in ("parameters", "fit", "load")):
            raise self._error(f"estimator={self.estimator!r}: expected one such as fti.XGBoost(rounds=100)")
        if not self.gates:
            raise self._error("expected at least one gate, such as fti.BeatsBaseline()")
        for gate in self.gates:
            if isinstance(gate, type) or not hasattr(gate, "judge"):
                raise self._error(f"gate {gate!r}: expected a value, such as fti.BeatsBaseline()")
        for column in self.slices:
            if self.view.columns.get(column) != Kind.TEXT:
                texts = [name for name, kind in self.view.columns.items() if kind == Kind.TEXT]
                raise self._error(f"a gate's column: {unknown('text feature', column, texts)}")

    @cached_property
    def view(self) -> FeatureView:
        """The view with the one label that is learned."""
        return self._given_view.learning(self.label) if self.label else self._given_view

    @property
    def slices(self) -> tuple[str, ...]:
        """The columns by which evaluations are sliced: those of its gates that have one."""
        columns = (getattr(gate, "column", None) for gate in self.gates)
        return tuple(dict.fromkeys(column for column in columns if isinstance(column, str)))

    def check_online(self) -> None:
        """Raise DeclarationError where a request cannot have the features that it has in batch.

        Windows that end at rows are stored for these rows, so a request would get those of its key's last one.
        """
        for selection in self.view.joined:
            windows = getattr(selection.group, "aggregation", None)
            if windows is not None and windows.at is not None:
                raise self._error(
                    f"the windows of {selection.group.name} end at the rows of {windows.at.name}, and a request online "
                    "would be answered by those of its key's last row, not by its own: let them end on a grid, with "
                    f"every= in the place of at={windows.at.name}, or say fti.Model(…, online=False), which is then "
                    "predicted in batch alone"
                )

    def _error(self, message: str) -> DeclarationError:
        return DeclarationError(f"model {self.name}: {message}")
