"""Reading a column as its declared type, where nothing is lost by it."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta

import numpy as np
import pandas as pd
import pyarrow as pa
from pandas.api.types import is_string_dtype, pandas_dtype

from fti_assets.contracts.kinds import Kind

_EXACT = 2**53
"""Floats hold all whole numbers up to it; of one that is a float already and not below it, nothing says what it was."""
_UNSIGNED = ("uint64", "UInt64")
_OWN_TYPES = {
    pa.bool_(): "boolean",
    **{getattr(pa, name.lower())(): name for name in ("Int8", "Int16", "Int32", "Int64")},
    **{getattr(pa, name.lower())(): name for name in ("UInt8", "UInt16", "UInt32", "UInt64")},
}
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


def read_as(column: pd.Series, kind: Kind, exact: str, *, row_by_row: bool = False) -> Read:
    """The column in the type `exact`, or as it is when it is of another type as a whole, for Pandera to report.

    Narrower numbers, whole numbers for floats, coarser times, other time zones, columns of nulls or of no rows, Arrow's
    columns, categories that are texts, and objects that are all of the kind are widened. Infinite numbers, times that
    are not in the years 1 to 9999, nanoseconds that would be lost and nulls in an int64 or bool are broken.

    One word makes a file's column of numbers a column of texts. The words are broken then, not the column. A column of
    texts that all spell numbers is a column of another type, unless it is read `row_by_row`: then each value is judged
    by itself, so that no row depends on which others came with it, and a text is the value that it spells.
    """
    plain = _plain(column, kind)
    if str(plain.dtype) == exact:
        return _within_bounds(plain, kind, {})
    null = plain.isna()
    inner = kind.pandas(nullable=True) if null.any() else exact
    if null.all():
        empty = pd.Series(pd.array([None] * len(column), dtype=inner), column.index)
        return Read(empty, {} if inner == exact else {"not_nullable": null.to_numpy()})
    broken: dict[str, np.ndarray] = {}
    if plain.dtype == object or (isinstance(plain.dtype, pd.StringDtype) and kind != "text"):
        read = _read_values(plain, kind, inner, null.to_numpy(), broken, row_by_row)
    elif isinstance(plain.dtype, pd.DatetimeTZDtype) and kind == "time":
        read = _read_times(plain, broken)
    else:
        read = plain.astype(inner) if _is_lossless(plain, kind, inner, null) else None
    if read is None:
        return Read(column, {})
    if inner != exact and null.any():
        broken["not_nullable"] = null.to_numpy()
    return _within_bounds(read, kind, broken)


def _plain(column: pd.Series, kind: Kind) -> pd.Series:
    """A category's texts as texts, Arrow's values in pandas' own type for them, and whole numbers, some of them beyond
    64 bits, as objects, to be told apart; any other column as it is."""
    dtype = column.dtype
    if isinstance(dtype, pd.CategoricalDtype) and kind == "text" and is_string_dtype(dtype.categories.dtype):
        column = column.astype(dtype.categories.dtype)
    if isinstance(column.dtype, pd.ArrowDtype):
        column = _without_arrow(column)
    is_beyond = str(column.dtype) in _UNSIGNED and kind == "integer" and (column >= 2**63).any()
    return column.astype(object) if is_beyond else column


def _without_arrow(column: pd.Series) -> pd.Series:
    """An Arrow column of a kind's values in pandas' own type that holds them all; any other as it is."""
    values = pa.array(column.array)
    of = values.type.value_type if pa.types.is_dictionary(values.type) else values.type
    if pa.types.is_string(of) or pa.types.is_large_string(of):
        return pd.Series(pandas_dtype("str").__from_arrow__(values.cast(pa.large_string())), column.index)
    if pa.types.is_floating(of):
        return pd.Series(values.to_numpy(zero_copy_only=False), column.index)
    if pa.types.is_timestamp(of) and of.tz:
        return pd.Series(pd.DatetimeTZDtype(of.unit, of.tz).__from_arrow__(values), column.index)
    own = _OWN_TYPES.get(of)
    return pd.Series(pandas_dtype(own).__from_arrow__(values), column.index) if own else column


def _is_lossless(column: pd.Series, kind: Kind, inner: str, null: pd.Series) -> bool:
    name, values = str(column.dtype), column[~null]
    if kind.is_widened(name):
        return True
    if name in _UNSIGNED and kind == "integer":
        return True
    if name in ("int64", "Int64") and inner == "float64":
        return bool(values.between(-_EXACT, _EXACT).all())
    if name == "float64" and inner == "Int64":
        return bool((values.between(-_EXACT, _EXACT, inclusive="neither") & (values % 1 == 0)).all())
    return False


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


def _read_values(
    column: pd.Series, kind: Kind, inner: str, null: np.ndarray, broken: dict[str, np.ndarray], row_by_row: bool
) -> pd.Series | None:
    """Objects and texts, value by value; None where the column is of another type as a whole."""
    is_text = isinstance(column.dtype, pd.StringDtype)
    values = column.tolist()
    if is_text or row_by_row:
        values = [kind.spelled(value) if isinstance(value, str) else value for value in values]
    of_the_kind = (not absent and kind.holds(value) for value, absent in zip(values, null, strict=True))
    readable = np.fromiter(of_the_kind, dtype=bool, count=len(values))
    unreadable = ~readable & ~null
    if not row_by_row and (not readable.any() or (is_text and not unreadable.any())):
        return None
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
