"""What a materialization wrote, in one part or in several that follow each other."""

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from functools import reduce
from typing import Self

import polars as pl

from fti_assets.contracts.errors import FailingCase
from fti_assets.features.kept_statistics import Kept


@dataclass(frozen=True)
class Materialization:
    """The table's version, the rows of each partition and their statistics.

    `changed` are the keys of the partitions that are new or hold other rows than before.

    `widened` are the columns that came in other types, `"order.quantity": "int32 to int64"`. `set_aside` counts the
    rows that went to the quarantine by partition, where any did, and `reasons` says why, the most frequent first.
    """

    version: int
    rows: int
    rows_by_partition: dict[str, int]
    kept: Kept = field(compare=False, repr=False)
    changed: frozenset[str] = frozenset()
    widened: Mapping[str, str] = field(default_factory=dict)
    set_aside: Mapping[str, int] = field(default_factory=dict)
    reasons: tuple[FailingCase, ...] = ()

    @classmethod
    def together(cls, parts: Sequence[Self]) -> Self:
        """What parts that follow each other wrote, as if it had been one."""
        return reduce(cls._and, parts)

    def _and(self, later: Self) -> Self:
        statistics = pl.concat([self.kept.statistics, later.kept.statistics])
        return type(self)(
            later.version,
            self.rows + later.rows,
            {**self.rows_by_partition, **later.rows_by_partition},
            Kept(statistics, self.kept.before, {**self.kept.unusual, **later.kept.unusual}),
            self.changed | later.changed,
            {**self.widened, **later.widened},
            {**self.set_aside, **later.set_aside},
            _counted([*self.reasons, *later.reasons]),
        )


def _counted(reasons: Sequence[FailingCase]) -> tuple[FailingCase, ...]:
    """Each reason once with all of its rows and its first value, the most frequent first."""
    rows, first = Counter[tuple[str, str, str]](), dict[tuple[str, str, str], FailingCase]()
    for reason in reasons:
        name = (reason.of, reason.column, reason.check)
        rows[name] += reason.rows
        first.setdefault(name, reason)
    ordered = sorted(rows.items(), key=lambda item: (-item[1], item[0]))
    return tuple(replace(first[name], rows=count) for name, count in ordered)
