"""Something that must not matter is altered, the rows are computed again, and what moved is a finding."""

from collections.abc import Callable, Iterator, Sequence
from contextlib import AbstractContextManager
from dataclasses import dataclass
from datetime import datetime

import polars as pl

from fti_assets.audit.differences import APPEARED, VANISHED, Difference, differences
from fti_assets.audit.findings import DEPENDS, NOT_AUDITED, ROW_MOVES, Finding, Severity

Compute = Callable[[], pl.DataFrame]
"""The rows, computed once more."""


@dataclass(frozen=True)
class Alteration:
    """Something that must not matter, and how rows are computed with it altered.

    Attributes:
        because: what is altered, in words.
        ways: computations with it altered; the first that the checks and the function take counts.
        source: what it belongs to: a source, a group, a name of a module.
        moment: rows known after it are not compared; None compares all.
        advice: what to do where a value moves.
        row_advice: the same where a row comes or goes; "" where that does not count.
        severity: of what moves.
    """

    because: str
    ways: Sequence[Compute]
    source: str = ""
    moment: datetime | None = None
    advice: str = DEPENDS
    row_advice: str = ROW_MOVES
    severity: Severity = "leak"


def findings_of(alteration: Alteration, where: str, before: pl.DataFrame, identity: Sequence[str]) -> Iterator[Finding]:
    """What of the rows moves with the alteration; a finding of its own where no way of altering is taken.

    A row is told from others by `identity`, its last column the time at which the row is known.
    """
    moment, refused = alteration.moment, []
    by_then = pl.lit(True) if moment is None else pl.col(identity[-1]) <= moment
    for compute in alteration.ways:
        try:
            after = compute().filter(by_then)
        except Exception as error:  # noqa: BLE001  (a user's function may raise anything; it is reported)
            refused.append(f"{type(error).__name__}: {str(error).splitlines()[0] if str(error) else ''}")
            continue
        for difference in differences(before.filter(by_then), after, identity):
            if alteration.row_advice or difference.column not in (VANISHED, APPEARED):
                yield _described(difference, where, alteration, identity[-1])
        return
    because, source = alteration.because, alteration.source
    yield Finding("suspicion", where, "", because, source, after=refused[0], advice=NOT_AUDITED)


def under(context: Callable[[], AbstractContextManager[object]], compute: Compute) -> Compute:
    """The computation while something is altered, which is as it was afterwards."""

    def altered() -> pl.DataFrame:
        with context():
            return compute()

    return altered


def _described(difference: Difference, where: str, alteration: Alteration, known_at: str) -> Finding:
    times = {name: value for name, value in difference.row.items() if isinstance(value, datetime)}
    is_row = difference.column in (VANISHED, APPEARED)
    return Finding(
        severity=alteration.severity,
        where=where,
        column=difference.column,
        because=alteration.because,
        source=alteration.source,
        key=", ".join(f"{name}={value}" for name, value in difference.row.items() if name not in times),
        known_at=_minute(times.get(known_at)),
        moment=_minute(alteration.moment),
        before=str(difference.before),
        after=str(difference.after),
        rows=difference.rows,
        advice=alteration.row_advice if is_row else alteration.advice,
    )


def _minute(moment: datetime | None) -> str:
    return f"{moment:%Y-%m-%d %H:%MZ}" if moment else ""
