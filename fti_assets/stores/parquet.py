"""Frames as the bytes of a Parquet file: equal frames, equal bytes."""

from collections.abc import Sequence
from io import BytesIO

import polars as pl


def parquet_bytes(frame: pl.DataFrame) -> bytes:
    """The frame as a file, however many chunks it is in."""
    content = BytesIO()
    frame.rechunk().write_parquet(content, compression="lz4", statistics=False)
    return content.getvalue()


def from_parquet(content: bytes, columns: Sequence[str] | None = None) -> pl.DataFrame:
    """The rows of a file, or these columns of them."""
    return pl.read_parquet(BytesIO(content), columns=None if columns is None else list(columns))
