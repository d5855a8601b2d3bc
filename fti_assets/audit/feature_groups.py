"""Whether what a feature group says of a moment depends on what became known after it."""

from collections.abc import Iterator
from datetime import datetime, timedelta
from functools import partial
from itertools import combinations

import attrs
import pandas as pd
import polars as pl

from fti_assets.audit.altered_futures import compared, described, future_of
from fti_assets.audit.altered_inputs import AlteredStore, read_once, with_future
from fti_assets.audit.altered_rows import Alter
from fti_assets.audit.differences import differences
from fti_assets.audit.findings import NO_ROWS, NOT_BY_WINDOW, NOT_DETERMINISTIC, Finding, without_repeats
from fti_assets.audit.sampled_times import Times, moments_of
from fti_assets.contracts.binding import Aggregated, Binding, Computed
from fti_assets.contracts.group import Group
from fti_assets.contracts.source import Source
from fti_assets.contracts.time import Window
from fti_assets.features.materialize import compute
from fti_assets.features.windows.aggregate import aggregate
from fti_assets.stores.feature_store import FeatureStore, GroupReader
from fti_assets.stores.frames import TIME, declared_pandas, to_polars
from fti_assets.validation.batch_validation import BatchValidation


def audit_binding(binding: Binding, window: Window, store: FeatureStore, a_day: int = 4) -> list[Finding]:
    """What of a group's rows of the window depends on what became known later than they did.

    The group is computed from its inputs twice, and again for each moment and input with the input's rows altered that
    became known after the moment: other values, and no rows. Every row known by the moment must stay as it was. One
    input at a time, so a finding names it; with as-of joins in between, a chain of such groups looks ahead nowhere.
    Dimensions count as always known: they are computed twice and not altered. Nothing is written.
    Raises MissingPartitions when the store lacks an input's days.
    """
    group, rows = binding.group, AlteredStore(store)
    where = f"feature group {group.name}"
    base = rows_of(binding, window, rows)
    unsteady = differences(base, rows_of(binding, window, rows), [*group.keys, *group.times])
    if unsteady:
        known_at = group.known_at
        facts = (where, "computed twice", "", known_at, None, NOT_DETERMINISTIC)
        return [described(difference, *facts) for difference in unsteady]
    if group.dimension:
        return []
    if not base.height:
        return [Finding("suspicion", where, "", f"no rows in {window}", advice=NO_ROWS)]
    findings: list[Finding] = []
    known = [base[group.known_at], *(_known(read, window, rows) for read in binding.groups)]
    moments = moments_of(known, window, a_day, list(_pairs(binding, window, rows)))
    for source in binding.sources:
        findings += _audit_source(binding, source, window, rows, base, moments)
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


def _audit_source(
    binding: Binding, source: Source, window: Window, store: AlteredStore, base: pl.DataFrame, moments: list[datetime]
) -> Iterator[Finding]:
    group, columns = binding.group, source.schema.columns
    read = read_once(source, group, store).read
    whole = to_polars(read(window.start, window.end), columns)
    for t in moments:
        after = t + timedelta(microseconds=1)
        past, later = (to_polars(read(*part), columns) for part in ((window.start, after), (after, window.end)))
        if past.equals(whole) and later.equals(whole):
            return  # the same rows whatever the window: always known
        split = pl.concat([past, later])
        if not split.equals(whole) and not split.sort(split.columns).equals(whole.sort(whole.columns)):
            because = f"{past.height} + {later.height} rows, cut at {t:%Y-%m-%d %H:%M}, and {whole.height} at once"
            yield Finding("suspicion", f"source {source.name}", "", because, advice=NOT_BY_WINDOW)
            return
        recompute = partial(_from_source, binding, source, attrs.evolve(source, read=read), window, store, whole, t)
        if later.height:
            yield from compared(
                f"feature group {group.name}",
                f"source {source.name}",
                base if split.equals(whole) else recompute(_as_it_is),
                recompute,
                [key for key in group.keys if key in columns],
                [*group.keys, *group.times],
                t,
            )


def _from_source(
    binding: Binding,
    source: Source,
    cached: Source,
    window: Window,
    store: AlteredStore,
    seen: pl.DataFrame,
    t: datetime,
    alter: Alter,
) -> pl.DataFrame:
    def instead(later: pd.DataFrame) -> pd.DataFrame:
        return declared_pandas(alter(to_polars(later, source.schema.columns), seen), source.schema)

    if not isinstance(binding, Computed):
        return rows_of(binding, window, store)
    other = with_future(cached, instead, t)
    inputs = tuple(other if kept is source else kept for kept in binding.inputs)
    return rows_of(attrs.evolve(binding, inputs=inputs), window, store)


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


def _as_it_is(later: pl.DataFrame, seen: pl.DataFrame) -> pl.DataFrame:  # noqa: ARG001
    return later


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
