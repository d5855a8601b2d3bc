"""Whether a source's rows of a moment depend on what became known after it, or on what it is asked for."""

from collections.abc import Callable, Iterator, Sequence
from datetime import datetime, timedelta
from functools import partial

import attrs
import pandas as pd
import polars as pl

from fti_assets.audit.alteration import Alteration, findings_of, under
from fti_assets.audit.altered_futures import compared
from fti_assets.audit.altered_inputs import read_once, with_future
from fti_assets.audit.altered_rows import Alter
from fti_assets.audit.beside_inputs import data_beside, is_altered, replaced, without_later
from fti_assets.audit.findings import NOT_BY_WINDOW, OF_THE_WINDOW, SOURCE_LOOKS_AHEAD, Finding
from fti_assets.audit.sampled_times import middle
from fti_assets.contracts.binding import Computed
from fti_assets.contracts.group import Group
from fti_assets.contracts.source import Source
from fti_assets.contracts.time import Window
from fti_assets.stores.feature_store import GroupReader
from fti_assets.stores.frames import declared_pandas, to_polars

RowsOf = Callable[[Computed], pl.DataFrame]
"""The rows of a group, computed from the inputs of a binding."""


def audit_source(
    binding: Computed,
    source: Source,
    window: Window,
    store: GroupReader,
    base: pl.DataFrame,
    moments: Sequence[datetime],
    rows_of: RowsOf,
) -> Iterator[Finding]:
    """What of a group's `base` rows moves with the rows that a source gives for later, and what of the source's own.

    The source is cut at each moment: both parts together must be what it gives at once. Of a source that gives the
    same rows whatever it is asked for nothing is altered: it counts as always known.
    """
    group, columns = binding.group, source.schema.columns
    read = read_once(source, group, store).read
    whole = to_polars(read(window.start, window.end), columns)
    keys = [key for key in group.keys if key in columns]
    own = list(_own_rows(source, group, window, store, whole, middle(moments)))
    yield from own
    for t in moments:
        after = t + timedelta(microseconds=1)
        past, later = (to_polars(read(*part), columns) for part in ((window.start, after), (after, window.end)))
        if past.equals(whole) and later.equals(whole):
            return
        split = pl.concat([past, later])
        if not split.equals(whole) and not split.sort(split.columns).equals(whole.sort(whole.columns)):
            if own:
                return
            because = f"{past.height} + {later.height} rows, cut at {t:%Y-%m-%d %H:%M}, and {whole.height} at once"
            yield Finding("suspicion", f"source {source.name}", "", because, advice=NOT_BY_WINDOW)
            return
        once = attrs.evolve(source, read=read)
        recompute = partial(_with_future, binding, source, once, whole, t, rows_of)
        if later.height:
            yield from compared(
                f"feature group {group.name}",
                f"source {source.name}",
                base if split.equals(whole) else recompute(_as_it_is),
                recompute,
                keys,
                [*group.keys, *group.times],
                t,
            )


def _own_rows(
    source: Source, group: Group, window: Window, store: GroupReader, whole: pl.DataFrame, t: datetime
) -> Iterator[Finding]:
    """What of the source's rows known by `t` differs when it is asked for the whole window, or when its data end."""
    columns = source.schema.columns

    def past() -> pl.DataFrame:
        read = read_once(source, group, store).read
        return to_polars(read(window.start, t + timedelta(microseconds=1)), columns)

    rows = past()
    keys = [key for key in group.keys if key in columns]
    identity = [*keys, *(name for name, kind in rows.schema.items() if kind.is_temporal())]
    if not identity or rows.equals(whole):
        return
    alterations = [Alteration("asked for a longer window", [lambda: whole], advice=OF_THE_WINDOW, row_advice="")]
    earlier = partial(without_later, t)
    for name in (name for name in data_beside(source.read) if is_altered(name, earlier)):
        ways = [under(partial(replaced, name, earlier), past)]
        because = f"{name.name} without its rows after {t:%Y-%m-%d %H:%M}"
        alterations.append(Alteration(because, ways, name.name, advice=SOURCE_LOOKS_AHEAD, row_advice=""))
    for alteration in alterations:
        moved = findings_of(alteration, f"source {source.name}", rows, identity)
        yield from (finding for finding in moved if finding.severity == "leak")


def _with_future(
    binding: Computed, source: Source, once: Source, seen: pl.DataFrame, t: datetime, rows_of: RowsOf, alter: Alter
) -> pl.DataFrame:
    def instead(later: pd.DataFrame) -> pd.DataFrame:
        return declared_pandas(alter(to_polars(later, source.schema.columns), seen), source.schema)

    other = with_future(once, instead, t)
    return rows_of(attrs.evolve(binding, inputs=tuple(other if kept is source else kept for kept in binding.inputs)))


def _as_it_is(later: pl.DataFrame, seen: pl.DataFrame) -> pl.DataFrame:  # noqa: ARG001
    return later
