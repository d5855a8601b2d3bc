"""Rows by partition, and whether too many of one are invalid: it is judged by itself, in a range as alone."""

from collections import Counter, defaultdict
from collections.abc import Mapping, Sequence
from datetime import datetime

import pandas as pd
import polars as pl

from fti_assets.contracts.errors import ContractViolation, FailingCase
from fti_assets.contracts.group import Group
from fti_assets.contracts.set_aside import SetAside
from fti_assets.contracts.source import Source
from fti_assets.contracts.time import Period, Window
from fti_assets.validation.set_aside import called

_SHOWN = 3


def rows_by_partition(known_at: pd.Series, period: Period, window: Window) -> dict[str, int]:
    """How many of the known times lie in each partition of the window, by its key."""
    hours = pl.Series(known_at).dt.truncate("1h").value_counts()
    counted = Counter[datetime]()
    for hour, rows in hours.iter_rows():
        counted[period.start_of(hour)] += rows
    return {period.key(start): counted[start] for start in period.starts(window)}


def reasons(aside: Sequence[SetAside], of: str = "") -> list[FailingCase]:
    """Why rows were set aside, the most frequent reason first, each with one value and its number of rows."""
    values: dict[tuple[str, str], list[str]] = defaultdict(list)
    for reason in (reason for row in aside for reason in row.reasons):
        values[reason.column, reason.check].append(reason.value)
    return [
        FailingCase(column, check, breaking[0], len(breaking), of=of)
        for (column, check), breaking in sorted(values.items(), key=lambda item: (-len(item[1]), item[0]))
    ]


def check_shares(contract: Group | Source, rows: Mapping[str, int], aside: Mapping[str, Sequence[SetAside]]) -> None:
    """Raise ContractViolation when more than the share `invalid_up_to` of a partition's rows would be set aside.

    The error names the partitions, where there are several, and the failing cases of theirs. `rows` counts all rows of
    each partition, with those that are set `aside` of it.
    """
    share = contract.invalid_up_to
    failing = [key for key, invalid in sorted(aside.items()) if len(invalid) > share * rows[key]]
    if not failing:
        return
    if len(rows) == 1:
        (count,), invalid = rows.values(), len(aside[failing[0]])
        said = f"{invalid:,} of {count:,} rows are invalid, at most {int(share * count):,} (invalid_up_to={share:g})"
    else:
        named = [f"{key}: {len(aside[key]):,} of {rows[key]:,} rows" for key in failing[:_SHOWN]]
        more = f" and {len(failing) - _SHOWN} partitions more" if len(failing) > _SHOWN else ""
        said = f"too many rows are invalid ({'; '.join(named)}{more}), of each at most a share of {share:g}"
    raise ContractViolation(
        called(contract), reasons([row for key in failing for row in aside[key]]), f"{said} may be set aside: "
    )
