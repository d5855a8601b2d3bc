"""Between the pandas frames that people's functions see and the Polars frames of kernels and stores."""

from collections.abc import Iterable, Mapping

import pandas as pd
import polars as pl

from fti_assets.contracts.kinds import Kind
from fti_assets.contracts.schema import Schema

TIME = Kind.TIME.polars


def to_polars(frame: pd.DataFrame, columns: Mapping[str, Kind]) -> pl.DataFrame:
    """The named columns in order, typed by their kinds; NaN becomes null."""
    converted = pl.from_pandas(frame[list(columns)], nan_to_null=True)
    return converted.cast({name: kind.polars for name, kind in columns.items()})


def to_pandas(frame: pl.DataFrame, nullable: Iterable[str] = ()) -> pd.DataFrame:
    """A pandas frame whose types depend on the columns and never on whether this batch holds a null.

    In the `nullable` columns integers become float64 and booleans pandas' `boolean`, so a row alone has the types
    that it has in a batch.
    """
    types = frame.schema
    integers = [c for c in set(nullable) if c in types and types[c] == pl.Int64]
    booleans = [c for c in set(nullable) if c in types and types[c] == pl.Boolean]
    plain = frame.with_columns(pl.col(integers).cast(pl.Float64), pl.col(booleans).cast(pl.Float64)).to_pandas()
    return plain.astype(dict.fromkeys(booleans, "boolean")) if booleans else plain


def declared_pandas(frame: pl.DataFrame, schema: Schema) -> pd.DataFrame:
    """A pandas frame in the types of a schema, whether this batch holds a null or not."""
    extension = {name: schema.pandas_types[name] for name in frame.columns if name in schema.extension_columns}
    return to_pandas(frame, nullable=extension).astype(extension)


def empty(columns: Mapping[str, Kind]) -> pl.DataFrame:
    """No rows of these columns."""
    return pl.DataFrame(schema={name: kind.polars for name, kind in columns.items()})
