"""Whether what a feature group says of a moment depends on what became known after it."""

from collections.abc import Iterator
from datetime import datetime
from functools import partial
from itertools import combinations

import attrs
import polars as pl

from fti_assets.audit.alteration import Alteration, findings_of
from fti_assets.audit.altered_futures import compared, future_of
from fti_assets.audit.altered_inputs import AlteredStore, read_once
from fti_assets.audit.altered_rows import Alter
from fti_assets.audit.altered_surroundings import with_another_clock, with_other_data
from fti_assets.audit.beside_inputs import telling_files
from fti_assets.audit.findings import (
    CHANGES,
    FILES_BESIDE,
    NO_ROWS,
    NOT_DETERMINISTIC,
    Finding,
    without_repeats,
)
from fti_assets.audit.sampled_times import Times, middle, moments_of
from fti_assets.audit.sources import audit_source
from fti_assets.contracts.binding import Aggregated, Binding, Computed
from fti_assets.contracts.group import Group
from fti_assets.contracts.time import Window
from fti_assets.features.materialize import compute
from fti_assets.features.windows.aggregate import aggregate
from fti_assets.stores.feature_store import WHOLE, FeatureStore, GroupReader
from fti_assets.stores.frames import TIME, to_polars
from fti_assets.validation.batch_validation import BatchValidation


def audit_binding(binding: Binding, window: Window, store: FeatureStore, a_day: int = 4) -> list[Finding]:
    """What of a group's rows of the window depends on what became known later than they did.

    The group is computed from its inputs twice, with another clock, with other data beside its inputs, and again for
    each moment and input with the input's rows altered that became known after the moment: other values, and no rows.
    Every row known by the moment must stay as it was. One input at a time, so a finding names it; with as-of joins in
    between, a chain of such groups looks ahead nowhere.
    Dimensions count as always known: they must be the same whenever they are asked for. Nothing is written.
    Raises MissingPartitions when the store lacks an input's days.
    """
    group, rows = binding.group, AlteredStore(store)
    where, identity, files = f"feature group {group.name}", [*group.keys, *group.times], set[str]()
    computed_for = WHOLE if group.dimension else window

    def again(asked: Window = computed_for) -> pl.DataFrame:
        return rows_of(binding, asked, rows)

    base = rows_of(_telling(binding, files), computed_for, rows)
    twice = Alteration("computed twice", [again], advice=NOT_DETERMINISTIC, row_advice=NOT_DETERMINISTIC)
    unsteady = list(findings_of(twice, where, base, identity))
    if unsteady:
        return unsteady
    if group.dimension:
        other = Alteration(f"asked for {window}", [partial(again, window)], advice=CHANGES, row_advice=CHANGES)
        alterations = [other, with_another_clock(again, CHANGES)]
        return without_repeats(f for altered in alterations for f in findings_of(altered, where, base, identity))
    if not base.height:
        return [Finding("suspicion", where, "", f"no rows in {window}", advice=NO_ROWS)]
    known = [base[group.known_at], *(_known(read, window, rows) for read in binding.groups)]
    moments = moments_of(known, window, a_day, list(_pairs(binding, window, rows)))
    findings: list[Finding] = []
    if isinstance(binding, Computed):
        for altered in (with_another_clock(again), *with_other_data([binding.function], again, middle(moments))):
            findings += findings_of(altered, where, base, identity)
    if files and not any(finding.severity == "leak" for finding in findings):
        findings.append(Finding("suspicion", where, "", f"opens {min(files)}", advice=FILES_BESIDE))
    if isinstance(binding, Computed):
        for source in binding.sources:
            findings += audit_source(binding, source, window, rows, base, moments, lambda b: rows_of(b, window, rows))
    for read in binding.groups:
        if not read.dimension:
            findings += _audit_group(binding, read, window, rows, base, moments)
    return without_repeats(findings)


def rows_of(binding: Binding, window: Window, store: GroupReader) -> pl.DataFrame:
    """The group's rows of the window, computed and not written."""
    frame = aggregate(binding, window, store) if isinstance(binding, Aggregated) else compute(binding, window, store)
    if binding.group.on_invalid == "quarantine":
        frame = BatchValidation(binding.group, window, store).kept(frame, binding.group)
    return to_polars(frame, binding.group.columns)


def _telling(binding: Binding, files: set[str]) -> Binding:
    """The binding, its function adding the files that it opens."""
    if not isinstance(binding, Computed):
        return binding
    return attrs.evolve(binding, function=telling_files(binding.function, files))


def _audit_group(
    binding: Binding,
    read: Group,
    window: Window,
    store: AlteredStore,
    base: pl.DataFrame,
    moments: list[datetime],
) -> Iterator[Finding]:
    group = binding.group
    for t in moments:
        yield from compared(
            f"feature group {group.name}",
            f"feature group {read.name}",
            base,
            partial(_from_group, binding, read, window, store, t),
            [*read.keys, *read.times],
            [*group.keys, *group.times],
            t,
        )


def _from_group(
    binding: Binding, read: Group, window: Window, store: AlteredStore, t: datetime, alter: Alter
) -> pl.DataFrame:
    return rows_of(binding, window, store.altered(read, future_of(read, alter, t)))


def _pairs(binding: Binding, window: Window, store: GroupReader) -> Iterator[Times]:
    """Every two times of the inputs' rows."""
    for source in binding.sources:
        rows = to_polars(read_once(source, binding.group, store).read(window.start, window.end), source.schema.columns)
        times = [name for name, kind in rows.schema.items() if kind.is_temporal()]
        yield from ((rows[one], rows[other]) for one, other in combinations(times, 2))
    for group in binding.groups:
        if len(group.times) > 1:
            rows = store.read(group, window, group.times)
            yield rows[group.event_time], rows[group.known_at]


def _known(group: Group, window: Window, store: GroupReader) -> pl.Series:
    if group.dimension:
        return pl.Series([], dtype=TIME)
    known_at = group.known_at
    return store.read(group, window, [known_at])[known_at]
