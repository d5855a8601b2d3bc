"""The leakage audit of a whole system: every group, every view, every label, in a store made for it."""

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass

from fti_assets.audit.feature_groups import audit_binding
from fti_assets.audit.findings import Finding, without_repeats
from fti_assets.audit.known_times import audit_times
from fti_assets.audit.views import audit_labels, audit_view
from fti_assets.contracts.binding import Aggregated, Binding
from fti_assets.contracts.errors import DeclarationError, unknown
from fti_assets.contracts.feature_view import FeatureView
from fti_assets.contracts.group import Group
from fti_assets.contracts.model import Model
from fti_assets.contracts.names import counted
from fti_assets.contracts.reading_order import in_order
from fti_assets.contracts.selection import Selection
from fti_assets.contracts.time import Window
from fti_assets.features.materialize import materialize
from fti_assets.stores.feature_store import WHOLE
from fti_assets.stores.home import Home
from fti_assets.views.reading import known_window


@dataclass(frozen=True)
class Audit:
    """What was looked at and what was found."""

    findings: list[Finding]
    groups: int
    views: int
    features: int
    moments: int

    @property
    def leaks(self) -> list[Finding]:
        """The findings that fail the audit."""
        return [finding for finding in self.findings if finding.severity == "leak"]


def audit_system(
    bindings: Sequence[Binding],
    models: Sequence[Model],
    window: Window,
    home: Home,
    a_day: int,
    say: Callable[[str], None],
) -> Audit:
    """Build the groups of the window, with the history that they need, in an empty home, and audit everything there.

    Raises DeclarationError for a group that is read and not computed, ContractViolation for a batch that breaks its
    contract, LookupError when no model has a row in the window.
    """
    bindings = in_order(bindings)
    views = _distinct(model.view for model in models)
    _refuse_unbound(bindings, models)
    _build(bindings, models, window, home, say)
    findings: list[Finding] = []
    for binding in bindings:
        leaks = audit_binding(binding, window, home.features, a_day)
        findings += _said(say, f"feature group {binding.group.name}", leaks)
    findings += _said(say, "known times", audit_times(bindings, window, home.features))
    for view in views:
        findings += _said(say, f"view of {view.spine.name}", audit_view(view, window, home, a_day))
    for model in models:
        findings += _said(say, f"label of {model.name}", audit_labels(model, window, home))
    features = sum(len(view.columns) for view in views)
    return Audit(without_repeats(findings), len(bindings), len(models), features, a_day * len(window.days))


def history_of(bindings: Sequence[Binding], models: Iterable[Model], window: Window) -> dict[Group, Window]:
    """The days that each group must be there for: the window, what is read back from it, and the labels after it."""
    windows = {binding.group: window for binding in bindings}

    def reach(group: Group, needed: Window) -> None:
        have = windows[group]
        windows[group] = Window(min(have.start, needed.start), max(have.end, needed.end))

    for model in models:
        view, after = model.view, window.widened(after=model.view.label.horizon)
        reach(view.label.group, after)
        for selection in view.joined:
            reach(selection.group, Window(known_window(selection.group, window, selection.age).start, after.end))
    for binding in reversed(bindings):
        needed = windows[binding.group]
        if isinstance(binding, Aggregated):
            reach(binding.windows.source, needed.widened(before=binding.halo))
        for source in binding.inputs:
            if isinstance(source, Group):
                reach(source, needed)
            elif isinstance(source, Selection):
                reach(source.group, needed.widened(before=source.halo))
    return {group: group.period.covering(needed) for group, needed in windows.items()}


def _build(
    bindings: Sequence[Binding], models: Sequence[Model], window: Window, home: Home, say: Callable[[str], None]
) -> None:
    say(f"computing {len(bindings)} feature groups for {window}, with the history that they need")
    windows, rows = history_of(bindings, models, window), 0
    for binding in bindings:
        if binding.group.dimension:
            materialize(binding, WHOLE, home.features)
        else:
            rows += materialize(binding, windows[binding.group], home.features).rows
    if not rows:
        raise LookupError(f"no feature group has a row in {window}: choose other days with --from")


def _refuse_unbound(bindings: Sequence[Binding], models: Iterable[Model]) -> None:
    bound = {binding.group.name for binding in bindings}
    read = {f"feature group {b.group.name}": list(b.groups) for b in bindings}
    read |= {f"model {model.name}": [*model.view.groups, model.view.label.group] for model in models}
    for reader, groups in read.items():
        for group in groups:
            if group.name not in bound:
                raise DeclarationError(f"{reader}: among the bindings, {unknown('feature group', group.name, bound)}")


def _distinct(views: Iterable[FeatureView]) -> list[FeatureView]:
    """The views, but of those that differ in the label alone the first."""
    kept: list[FeatureView] = []
    for view in views:
        if not any(
            view.spine == v.spine and view.selections == v.selections and view.functions == v.functions for v in kept
        ):
            kept.append(view)
    return kept


def _said(say: Callable[[str], None], what: str, findings: list[Finding]) -> list[Finding]:
    say(f"{what}: {counted(len(findings), 'finding') if findings else 'nothing found'}")
    return findings
