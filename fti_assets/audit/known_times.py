"""Whether rows hold what happened only after the moment at which they are declared to be known."""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass

import polars as pl

from fti_assets.audit.altered_inputs import AlteredStore, read_once
from fti_assets.audit.feature_groups import rows_of
from fti_assets.audit.findings import LATE_FACT, Finding, without_repeats
from fti_assets.audit.later_times import known_before, later_times
from fti_assets.contracts.binding import Binding
from fti_assets.contracts.source import Source
from fti_assets.contracts.time import Window
from fti_assets.stores.feature_store import FeatureStore, GroupReader
from fti_assets.stores.frames import to_polars

_PARTS_A_DAY = 4


@dataclass(frozen=True)
class _Table:
    where: str
    rows: pl.DataFrame
    known_at: str
    declared: tuple[str, ...]
    keys: tuple[str, ...]


def audit_times(bindings: Iterable[Binding], window: Window, store: FeatureStore) -> list[Finding]:
    """Times in the rows of groups and sources that lie after the rows' known time, with values made from them.

    A plan lies in the future legitimately: it is one when another source or group held the same time of the same keys
    before, or when the known time is the less round of the two. A leak where the later time looks like a fact and the
    known time like a plan; a suspicion where neither can be told.
    """
    tables = list(_tables(bindings, window, AlteredStore(store)))
    return without_repeats(finding for table in tables for finding in _late_facts(table, tables))


def known_column(source: Source, window: Window) -> str | None:
    """The time column by which a source is read: in every part of the window all its values lie in that part.

    Of several the one that is latest; None where there is none.
    """
    times = [name for name, kind in source.schema.columns.items() if kind == "time"]
    seen: list[pl.DataFrame] = []
    length = (window.end - window.start) / (_PARTS_A_DAY * len(window.days))
    for n in range(_PARTS_A_DAY * len(window.days)):
        part = Window(window.start + n * length, window.start + (n + 1) * length)
        rows = pl.from_pandas(source.read(part.start, part.end)[times]) if times else pl.DataFrame()
        times = [t for t in times if rows[t].is_between(part.start, part.end, closed="left").all()]
        seen.append(rows.select(times))
    rows = pl.concat([frame.select(times) for frame in seen]).drop_nulls()
    if not times or not rows.height:
        return None
    return max(times, key=lambda name: rows[name].dt.epoch("us").to_numpy().mean())


def _tables(bindings: Iterable[Binding], window: Window, store: GroupReader) -> Iterator[_Table]:
    seen: set[str] = set()
    for binding in bindings:
        group = binding.group
        if group.dimension:
            continue
        rows, keys = rows_of(binding, window, store), tuple(group.keys)
        yield _Table(f"feature group {group.name}", rows, group.known_at, group.times, keys)
        for source in binding.sources:
            known_at = None if source.name in seen else known_column(source, window)
            seen.add(source.name)
            if known_at is not None:
                columns = source.schema.columns
                rows = to_polars(read_once(source, group, store).read(window.start, window.end), columns)
                kept = tuple(key for key in keys if key in columns)
                yield _Table(f"source {source.name}", rows, known_at, (known_at,), kept)


def _late_facts(table: _Table, tables: Iterable[_Table]) -> Iterator[Finding]:
    for late in later_times(table.rows, table.known_at, table.declared):
        if late.is_fact is False or any(_is_planned(table, late.column, other) for other in tables):
            continue
        known = late.example[table.known_at]
        yield Finding(
            "leak" if late.is_fact else "suspicion",
            table.where,
            ", ".join(late.values),
            f"made from {late.column}, which is later than {table.known_at} in {late.share:.0%} of rows",
            key=", ".join(f"{key}={late.example[key]}" for key in table.keys),
            known_at=f"{known:%Y-%m-%d %H:%MZ}",
            before=f"{table.known_at} {known:%H:%M}",
            after=f"{late.column} {late.example[late.column]:%Y-%m-%d %H:%M}",
            rows=round(late.share * table.rows.height),
            advice=LATE_FACT,
        )


def _is_planned(table: _Table, column: str, other: _Table) -> bool:
    if other is table or not table.keys or not {*table.keys, column} <= set(other.rows.columns):
        return False
    others = other.rows.select(*table.keys, column, pl.col(other.known_at).alias("known"))
    return known_before(table.rows, column, table.known_at, others, table.keys)
