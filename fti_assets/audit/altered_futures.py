"""What moves when the future of an input is another one."""

from collections.abc import Callable, Iterator, Mapping, Sequence
from datetime import datetime

import polars as pl

from fti_assets.audit.altered_rows import Alter, dropped, moved, permuted
from fti_assets.audit.differences import APPEARED, VANISHED, Difference, differences
from fti_assets.audit.findings import DEPENDS, NOT_AUDITED, ROW_MOVES, Finding
from fti_assets.contracts.group import Group

Recompute = Callable[[Alter], pl.DataFrame]
"""The rows computed from an input whose future is altered so."""


def future_of(group: Group, alter: Alter, t: datetime) -> Callable[[pl.DataFrame], pl.DataFrame]:
    """The group's rows with those altered that became known after `t`, all in their places."""

    def altered(rows: pl.DataFrame) -> pl.DataFrame:
        later = rows[group.known_at] > t
        instead = alter(rows.filter(later), rows)
        if not instead.height:
            return rows.filter(~later)
        places = pl.concat([later.not_().arg_true(), later.arg_true()])
        return pl.concat([rows.filter(~later), instead])[places.arg_sort()]

    return altered


def compared(
    where: str,
    source: str,
    before: pl.DataFrame,
    recompute: Recompute,
    fixed: Sequence[str],
    identity: Sequence[str],
    t: datetime,
) -> Iterator[Finding]:
    """What of the rows known by `t` moves when an input's rows known later are altered, in each of the ways there are.

    A row is told from others by `identity`, its last column the time at which the row is known. Columns of the input
    that are `fixed` keep their values. Of the ways to alter values the first that the checks and the function take
    counts: one that keeps rows together comes second. Where none is taken, that is a finding of its own.
    """
    by_then = pl.col(identity[-1]) <= t
    before = before.filter(by_then)
    ways: Mapping[str, Sequence[Alter]] = {
        "other values": (moved(fixed), permuted(fixed)),
        "no rows": (dropped,),
    }
    for way, alters in ways.items():
        because = f"{way} after {t:%Y-%m-%d %H:%M}"
        refused = []
        for alter in alters:
            try:
                after = recompute(alter).filter(by_then)
            except Exception as error:  # noqa: BLE001  (a user's function may raise anything; it is reported)
                refused.append(f"{type(error).__name__}: {str(error).splitlines()[0] if str(error) else ''}")
                continue
            for difference in differences(before, after, identity):
                yield described(difference, where, because, source, identity[-1], t, _advice(difference))
            break
        else:
            yield Finding("suspicion", where, "", because, source, after=refused[0], advice=NOT_AUDITED)


def described(
    difference: Difference, where: str, because: str, source: str, known_at: str, t: datetime | None, advice: str
) -> Finding:
    """A difference as a leak."""
    times = {name: value for name, value in difference.row.items() if isinstance(value, datetime)}
    return Finding(
        severity="leak",
        where=where,
        column=difference.column,
        because=because,
        source=source,
        key=", ".join(f"{name}={value}" for name, value in difference.row.items() if name not in times),
        known_at=_minute(times.get(known_at)),
        moment=_minute(t),
        before=str(difference.before),
        after=str(difference.after),
        rows=difference.rows,
        advice=advice,
    )


def _minute(moment: datetime | None) -> str:
    return f"{moment:%Y-%m-%d %H:%MZ}" if moment else ""


def _advice(difference: Difference) -> str:
    return ROW_MOVES if difference.column in (VANISHED, APPEARED) else DEPENDS
