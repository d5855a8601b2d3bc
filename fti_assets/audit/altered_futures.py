"""What moves when the future of an input is another one."""

from collections.abc import Callable, Iterator, Sequence
from datetime import datetime
from functools import partial

import polars as pl

from fti_assets.audit.alteration import Alteration, findings_of
from fti_assets.audit.altered_rows import Alter, dropped, moved, permuted
from fti_assets.audit.findings import Finding
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
    that are `fixed` keep their values. Of the ways to alter values one that keeps rows together comes second.
    """
    for way, alters in {"other values": (moved(fixed), permuted(fixed)), "no rows": (dropped,)}.items():
        because = f"{way} after {t:%Y-%m-%d %H:%M}"
        ways = [partial(recompute, alter) for alter in alters]
        yield from findings_of(Alteration(because, ways, source, t), where, before, identity)
