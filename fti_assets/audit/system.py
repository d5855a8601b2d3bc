"""The leakage audit of a whole system: every group, every view, every label, in a store made for it."""

from collections.abc import Callable, Iterable, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass
from itertools import chain

import attrs
import polars as pl

from fti_assets.audit.beside_inputs import state_kept
from fti_assets.audit.evidence import Evidence, evidence_of
from fti_assets.audit.feature_groups import audit_binding, rows_of
from fti_assets.audit.findings import Finding, without_repeats
from fti_assets.audit.known_times import audit_times
from fti_assets.audit.labels import audit_labels
from fti_assets.audit.views import audit_view
from fti_assets.contracts.binding import Aggregated, Binding, Computed
from fti_assets.contracts.errors import ContractViolation, DeclarationError, unknown
from fti_assets.contracts.feature_view import FeatureView
from fti_assets.contracts.group import Group
from fti_assets.contracts.model import Model
from fti_assets.contracts.names import counted
from fti_assets.contracts.reading_order import in_order
from fti_assets.contracts.selection import Selection
from fti_assets.contracts.time import Window
from fti_assets.features.materialize import imported_by, materialize
from fti_assets.stores.executor import Executor
from fti_assets.stores.feature_store import WHOLE
from fti_assets.stores.frames import empty
from fti_assets.stores.home import Home
from fti_assets.views.inputs import known_window
from fti_assets.views.joining import imported_by as imported_by_view

DAYS_AT_ONCE = 31
"""How many days of labels are computed at a time to judge dimensions by."""


@dataclass(frozen=True)
class Audit:
    """What was looked at, on which days, and what was found."""

    findings: list[Finding]
    window: Window
    evidence: list[Evidence]
    groups: int
    views: int
    features: int
    moments: int

    @property
    def leaks(self) -> list[Finding]:
        """The findings that fail the audit."""
        return [finding for finding in self.findings if finding.severity == "leak"]

    @property
    def too_little(self) -> list[Evidence]:
        """The groups and models with so few rows that nothing found says nothing."""
        return [part for part in self.evidence if not part.is_enough]


def audit_system(
    bindings: Sequence[Binding],
    models: Sequence[Model],
    windows: Sequence[Window],
    home: Home,
    a_day: int,
    say: Callable[[str], None],
    calendar: Window | None = None,
) -> Audit:
    """Build the groups of a window, with the history that they need, in an empty home, and audit everything there.

    Of the windows it is the first in which there is enough of each group and model, or else the one in which most have
    enough. `calendar` is all the time of which there are labels, by which dimensions are judged.
    Raises DeclarationError for a group that is read and not computed, ContractViolation for a batch that breaks its
    contract, LookupError when no group has a row in any of the windows.
    """
    bindings = in_order(bindings)
    views = _distinct(model.view for model in models)
    _refuse_unbound(bindings, models)
    window, evidence = _window_with_enough(bindings, models, windows, home, say)
    looks = [
        *(Looking(f"feature group {binding.group.name}", binding, window, home, a_day) for binding in bindings),
        Looking("known times", tuple(bindings), window, home, a_day),
        *(Looking(f"view of {view.spine.name}", view, window, home, a_day) for view in views),
    ]
    for model in models:
        outcomes = _all_outcomes(model, bindings, calendar or window, home)
        looks.append(Looking(f"label of {model.name}", model, window, home, a_day, outcomes))
    imported = [part for binding in bindings for part in imported_by(binding)]
    imported += [part for view in views for part in imported_by_view(view)]
    answers = Executor().map(
        look_at, looks, lambda look, findings: _said(say, look.name, findings), what="the audit", imported=imported
    )
    findings = list(chain.from_iterable(answers))
    features = sum(len(view.columns) for view in views)
    moments = a_day * len(window.days)
    return Audit(without_repeats(findings), window, evidence, len(bindings), len(models), features, moments)


@attrs.frozen
class Looking:
    """What is audited, with the days and the home: all that a worker is told.

    Attributes:
        subject: one group's binding, all bindings for their known times, a view, or a model for its label.
        outcomes: rows of the label's group from as much of time as there is, by which dimensions are judged.
    """

    name: str
    subject: Binding | tuple[Binding, ...] | FeatureView | Model
    window: Window
    home: Home
    a_day: int
    outcomes: pl.DataFrame | None = attrs.field(default=None, eq=False)


def look_at(task: Looking) -> list[Finding]:
    """What is found of one subject."""
    match task.subject:
        case tuple():
            return audit_times(task.subject, task.window, task.home.features)
        case FeatureView():
            return audit_view(task.subject, task.window, task.home, task.a_day)
        case Model():
            return audit_labels(task.subject, task.window, task.home, task.outcomes)
        case _:
            return audit_binding(task.subject, task.window, task.home.features, task.a_day)


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


def _window_with_enough(
    bindings: Sequence[Binding],
    models: Sequence[Model],
    windows: Sequence[Window],
    home: Home,
    say: Callable[[str], None],
) -> tuple[Window, list[Evidence]]:
    tries: list[tuple[int, Window, list[Evidence]]] = []
    for window in windows:
        built = history_of(bindings, models, window)
        if not _build(bindings, window, built, home, say):
            continue
        evidence = evidence_of(bindings, models, window, built, home)
        few = [part.what for part in evidence if not part.is_well_chosen]
        tries.append((len(few), window, evidence))
        if not few:
            break
        if window != windows[-1]:
            say(f"too few rows of {few[0]}{f' and {len(few) - 1} more' if few[1:] else ''}: looking at later days")
    if not tries:
        raise LookupError(f"no feature group has a row in {windows[-1]}: choose other days with --from")
    _, window, evidence = min(tries, key=lambda tried: tried[0])
    return window, evidence


def _build(
    bindings: Sequence[Binding], window: Window, built: Mapping[Group, Window], home: Home, say: Callable[[str], None]
) -> int:
    """Compute all groups, and take from functions what they keep of it; the number of rows, without dimensions."""
    say(f"computing {len(bindings)} feature groups for {window}, with the history that they need")
    rows = 0
    with state_kept(binding.function for binding in bindings if isinstance(binding, Computed)):
        for binding in bindings:
            if binding.group.dimension:
                materialize(binding, WHOLE, home.features)
            else:
                rows += materialize(binding, built[binding.group], home.features).rows
    return rows


def _all_outcomes(model: Model, bindings: Sequence[Binding], calendar: Window, home: Home) -> pl.DataFrame | None:
    """The labels' group's rows of all the calendar, without its times, where a dimension has numbers to compare.

    A group that is computed from others has only the days that were built, so of it there are none. Months with a batch
    that breaks its contract are left out.
    """
    group, label = model.view.label.group, model.view.label.column
    if not label or not group.columns[label].is_numeric:  # rows that are counted have no value to compare
        return None
    (binding,) = (binding for binding in bindings if binding.group == group)
    dimensions = [selection for selection in model.view.joined if selection.group.dimension]
    if binding.groups or not any(s.group.columns[c].is_numeric for s in dimensions for c in s.columns):
        return None
    columns = [column for column in group.columns if column == label or column not in group.values]
    columns += [column for s in dimensions for key in s.spine_keys.items() for column in key if column in group.values]
    rows = [empty(group.columns).select(list(dict.fromkeys(columns)))]
    for part in group.period.split(group.period.covering(calendar), DAYS_AT_ONCE):
        with suppress(ContractViolation):  # a bad day elsewhere does not stop the audit of these days
            rows.append(rows_of(binding, part, home.features).select(rows[0].columns))
    return pl.concat(rows)


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


def _said(say: Callable[[str], None], what: str, findings: list[Finding]) -> None:
    say(f"{what}: {counted(len(findings), 'finding') if findings else 'nothing found'}")
