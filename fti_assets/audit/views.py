"""Whether a view's features depend on what became known after the prediction, come too late, or tell the label."""

from collections.abc import Callable, Collection, Iterator, Mapping
from dataclasses import replace
from datetime import datetime
from functools import partial

import attrs
import polars as pl

from fti_assets.audit.alteration import findings_of
from fti_assets.audit.altered_futures import Recompute, compared, future_of
from fti_assets.audit.altered_surroundings import with_another_clock, with_other_data
from fti_assets.audit.findings import NO_ROWS, TOO_LATE, Finding, without_repeats
from fti_assets.audit.look_alikes import FEWEST_ROWS
from fti_assets.audit.sampled_times import middle, moments_of
from fti_assets.contracts.feature_view import FeatureView
from fti_assets.contracts.group import Group
from fti_assets.contracts.time import Window
from fti_assets.stores.frames import to_polars
from fti_assets.stores.home import Home
from fti_assets.views.assemble import assemble, look_up
from fti_assets.views.inputs import earliest_of, reached, read_inputs

ALMOST_ALL = 0.9
"""The share of rows for which a feature exists, but later than the prediction, from which it is known too late."""


def audit_view(view: FeatureView, window: Window, home: Home, a_day: int = 4) -> list[Finding]:
    """What of the features of rows predicted by a moment moves with what is known after it, and what comes too late.

    Every group's rows and the spine's that became known after the moment are altered; a feature that moves is looked
    into one input at a time. That covers the as-of join and the on-demand functions, which see many rows in a batch;
    these are tried with another clock, and with other data beside their frame, too.
    A feature is too late when its group holds the row's key, but only from after the prediction on.
    """
    where = f"view of {view.spine.name}"
    spine, groups = read_inputs(view, window, home.features, {})
    tables = {view.spine: spine, **{group: groups[group.name] for group in view.groups[1:]}}
    columns = {**view.spine.columns, **view.columns}
    identity = [*view.spine.keys, view.predicted_at]

    def assembled(altered: Mapping[Group, Callable[[pl.DataFrame], pl.DataFrame]]) -> pl.DataFrame:
        rows = {g: altered[g](table) if g in altered else table for g, table in tables.items()}
        return to_polars(assemble(view, rows[view.spine], {g.name: t for g, t in rows.items()}), columns)

    def with_other_futures(which: Collection[Group], t: datetime) -> Recompute:
        return lambda alter: assembled({group: future_of(group, alter, t) for group in which})

    base = assembled({})
    if not base.height:
        return [Finding("suspicion", where, "", f"no rows in {window}", advice=NO_ROWS)]
    findings: list[Finding] = []
    timed = [group for group in tables if not group.dimension]
    fixed = [key for group in timed for key in group.keys]
    moments = moments_of([base[view.predicted_at]], window, a_day)
    functions = [function.function for function in view.functions]
    if functions:
        again = partial(assembled, {})
        for altered in (with_another_clock(again), *with_other_data(functions, again, middle(moments))):
            findings += findings_of(altered, where, base, identity)
    for t in moments:
        together = list(compared(where, "", base, with_other_futures(timed, t), fixed, identity, t))
        single: list[Finding] = []
        if any(finding.severity == "leak" for finding in together):
            for group in timed:
                source = f"feature group {group.name}"
                single += compared(where, source, base, with_other_futures([group], t), fixed, identity, t)
        findings += single or together
    named = [replace(finding, where=f"{where}, {origin_of(view, finding.column)}") for finding in findings]
    return without_repeats([*named, *_too_late(view, spine, window, home)])


def origin_of(view: FeatureView, column: str) -> str:
    """Where a view's column comes from."""
    for selection in view.selections:
        if column in selection.names.values():
            return f"feature group {selection.group.name}"
    for function in view.functions:
        if column in function.columns:
            return f"on_demand {function.name}"
    return f"feature group {view.spine.name}"


def _too_late(view: FeatureView, spine: pl.DataFrame, window: Window, home: Home) -> Iterator[Finding]:
    for selection in view.joined:
        group, known_at = selection.group, selection.group.known_at
        if group.dimension:
            continue
        reach = Window(reached(selection, window, earliest_of(view, spine)).start, window.end + view.label.horizon)
        rows = home.features.read(group, reach, list(dict.fromkeys([*selection.keys, *group.times])))
        at, on = view.predicted_at, selection.spine_keys
        known = attrs.evolve(selection, columns=(known_at,), prefix="", unseen=frozenset())
        in_time = look_up(view, known, spine, rows)[known_at].is_not_null()
        last = rows.group_by(list(selection.keys)).agg(last=pl.col(known_at).max())
        last = spine.join(last, left_on=list(on.values()), right_on=list(on), how="left", maintain_order="left")
        late = ~in_time & (last["last"] > spine[at]).fill_null(False)
        too_late, asked = (int(rows.to_numpy().sum()) for rows in (late, in_time | late))
        if asked >= FEWEST_ROWS and too_late >= ALMOST_ALL * asked:
            first = last.filter(late).row(0, named=True)
            yield Finding(
                "suspicion",
                f"view of {view.spine.name}, feature group {group.name}",
                ", ".join(selection.names.values()),
                f"known too late in {too_late / asked:.0%} of rows",
                f"feature group {group.name}",
                key=", ".join(f"{column}={first[column]}" for column in on.values()),
                known_at=f"{first[at]:%Y-%m-%d %H:%MZ}",
                before=f"predicted {first[at]:%Y-%m-%d %H:%M}",
                after=f"{known_at} {first['last']:%Y-%m-%d %H:%M}",
                rows=too_late,
                advice=TOO_LATE,
            )
