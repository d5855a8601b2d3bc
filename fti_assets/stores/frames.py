"""Between the pandas frames that people's functions see and the Polars frames of kernels and stores."""

from collections.abc import Callable, Iterable, Mapping
from typing import Any, NamedTuple

import numpy as np
import pandas as pd
import polars as pl

from fti_assets.contracts.kinds import Kind
from fti_assets.contracts.schema import Schema

TIME = Kind.TIME.polars


class _Masked(NamedTuple):
    """A pandas array of values and a mask, and what stands where the mask says null."""

    array: Callable[[np.ndarray, np.ndarray], Any]
    filler: int | bool


_MASKED: Mapping[pl.DataType, _Masked] = {
    Kind.INTEGER.polars: _Masked(pd.arrays.IntegerArray, 0),
    Kind.BOOLEAN.polars: _Masked(pd.arrays.BooleanArray, False),
}


def to_polars(frame: pd.DataFrame, columns: Mapping[str, Kind]) -> pl.DataFrame:
    """The named columns in order, typed by their kinds; NaN becomes null."""
    converted = pl.from_pandas(frame[list(columns)], nan_to_null=True)
    return converted.cast({name: kind.polars for name, kind in columns.items()})


def to_pandas(frame: pl.DataFrame, nullable: Iterable[str] = ()) -> pd.DataFrame:
    """A pandas frame whose types depend on the columns and never on whether this batch holds a null.

    In the `nullable` columns integers are pandas' `Int64` and booleans its `boolean`, so a row alone has the types that
    it has in a batch. Every integer of 64 bits is the one that was stored: none passes through a float, not even where
    a null stands in a column that is not among `nullable`, which then is `Int64` too.
    """
    names = set(nullable)
    masked = [c for c in frame if c.dtype in _MASKED and (c.name in names or c.null_count())]
    filled = frame.with_columns(column.fill_null(_MASKED[column.dtype].filler) for column in masked)
    nulls = {column.name: column.is_null() for column in masked}
    return filled.to_pandas().assign(**{name: _masked(filled[name], null) for name, null in nulls.items()})


def declared_pandas(frame: pl.DataFrame, schema: Schema) -> pd.DataFrame:
    """A pandas frame in the types of a schema, whether this batch holds a null or not."""
    return to_pandas(frame, nullable=schema.extension_columns)


def empty(columns: Mapping[str, Kind]) -> pl.DataFrame:
    """No rows of these columns."""
    return pl.DataFrame(schema={name: kind.polars for name, kind in columns.items()})


def _masked(filled: pl.Series, null: pl.Series) -> pd.Series:
    array = _MASKED[filled.dtype].array
    return pd.Series(array(filled.to_numpy(writable=True), null.to_numpy(writable=True)))
