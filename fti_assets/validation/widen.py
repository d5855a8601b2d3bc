"""Reading a column as its declared type, where nothing is lost by it."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta

import numpy as np
import pandas as pd

from fti_assets.contracts.kinds import Kind

_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
_MICROSECOND = timedelta(microseconds=1)
_NO_TIME = np.iinfo(np.int64).min
_YEARS = (np.datetime64("0001-01-01", "us"), np.datetime64("9999-12-31T23:59:59.999999", "us"))


@dataclass(frozen=True)
class Read:
    """A column as far as it could be read, and the rows whose value breaks its type: a mask for each check.

    A value that cannot be read is null in `column`; an int64 or bool with such values is Int64 or boolean.
    """

    column: pd.Series
    broken: Mapping[str, np.ndarray]


def read_as(column: pd.Series, kind: Kind, exact: str) -> Read:
    """The column in the type `exact`, or as it is when it is of another type as a whole, for Pandera to report.

    Narrower numbers, whole numbers for floats, coarser times, other time zones, columns of nulls or of no rows, and
    objects that are all of the kind are widened. Infinite numbers, times outside the years 1 to 9999, nanoseconds
    that would be lost and nulls in an int64 or bool are broken.
    """
    if str(column.dtype) == exact:
        return _within_bounds(column, kind, {})
    null = column.isna()
    inner = kind.pandas(nullable=True) if null.any() else exact
    if null.all():
        empty = pd.Series(pd.array([None] * len(column), dtype=inner), column.index)
        return Read(empty, {} if inner == exact else {"not_nullable": null.to_numpy()})
    broken: dict[str, np.ndarray] = {}
    if column.dtype == object:
        read = _read_objects(column, kind, inner, null.to_numpy(), broken)
    elif isinstance(column.dtype, pd.DatetimeTZDtype) and kind == "time":
        read = _read_times(column, broken)
    else:
        read = column.astype(inner) if _is_lossless(column, kind, inner, null) else None
    if read is None:
        return Read(column, {})
    if inner != exact and null.any():
        broken["not_nullable"] = null.to_numpy()
    return _within_bounds(read, kind, broken)


def _is_lossless(column: pd.Series, kind: Kind, inner: str, null: pd.Series) -> bool:
    name = str(column.dtype)
    if name in ("uint64", "UInt64") and kind == "integer":
        return bool((column[~null] < 2**63).all())
    return kind.is_widened(name) or (
        inner in ("float64", "Int64") and name in ("int64", "Int64", "float64") and _whole(column[~null])
    )


def _whole(numbers: pd.Series) -> bool:
    """Whether all are whole numbers that floats and integers hold alike."""
    return bool((numbers.between(-(2**53), 2**53)).all() and (numbers % 1 == 0).all())


def _read_times(column: pd.Series, broken: dict[str, np.ndarray]) -> pd.Series | None:
    utc = column.dt.tz_convert("UTC")
    try:
        read = utc.dt.as_unit("us")
    except pd.errors.OutOfBoundsDatetime:
        return None
    lost = (utc.notna() & (read != utc)).to_numpy()
    if not lost.any():
        return read
    broken[Kind.TIME.check] = lost
    return read.mask(lost)


def _read_objects(
    column: pd.Series, kind: Kind, inner: str, null: np.ndarray, broken: dict[str, np.ndarray]
) -> pd.Series | None:
    values = column.tolist()
    of_the_kind = (not absent and kind.holds(value) for value, absent in zip(values, null, strict=True))
    readable = np.fromiter(of_the_kind, dtype=bool, count=len(values))
    if not readable.any():
        return None
    unreadable = ~readable & ~null
    if unreadable.any():
        inner = kind.pandas(nullable=True)
        broken[kind.check] = unreadable
    read = [value if is_read else None for value, is_read in zip(values, readable, strict=True)]
    if kind == "time":
        instants = np.array([_NO_TIME if value is None else _microseconds(value) for value in read], dtype=np.int64)
        return pd.Series(instants.view("datetime64[us]"), column.index).dt.tz_localize("UTC")
    return pd.Series(pd.array(read, dtype=inner), column.index)


def _microseconds(value: datetime) -> int:
    if isinstance(value, pd.Timestamp):
        return int(value.asm8.astype("datetime64[us]").astype(np.int64))
    return (value - _EPOCH) // _MICROSECOND


def _within_bounds(column: pd.Series, kind: Kind, broken: dict[str, np.ndarray]) -> Read:
    if kind == "number":
        infinite = np.isinf(column.to_numpy())
        if infinite.any():
            broken["is finite"] = infinite
    if kind == "time":
        instants = column.to_numpy("datetime64[us]")
        outside = (instants < _YEARS[0]) | (instants > _YEARS[1])
        if outside.any():
            broken["is in the years 1 to 9999"] = outside
            column = column.mask(outside)
    return Read(column, broken)
