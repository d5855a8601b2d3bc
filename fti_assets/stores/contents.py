"""The content of some rows as a short name: equal names, equal rows, in whichever process they were made."""

import hashlib
from collections.abc import Iterator, Mapping, Sequence

import numpy as np
import polars as pl

from fti_assets.contracts.kinds import Kind

_DIGITS = 32
"""Hexadecimal digits of a name: 128 bits of a SHA-256."""


def contents_of(rows: pl.DataFrame, columns: Mapping[str, Kind], lengths: Sequence[int]) -> list[str]:
    """The names of what consecutive parts of the rows hold.

    A name is the SHA-256 of the number of rows and, for each column in which the part has a value, in the order of
    their names: the column's name and kind, a byte for each row that says whether there is a value, and the values in
    order. So a column without any value is as good as none. A value is eight bytes, little-endian: a whole number,
    microseconds since 1970, or the bits of a float, all NaN alike; a boolean is one byte; of texts the numbers of their
    bytes in UTF-8 come first, eight bytes each, and then those bytes. What is null counts as 0.

    Args:
        rows: the parts, one after the other.
        columns: which columns count, and the kind of each.
        lengths: how many rows each part has, at least one.
    """
    ends = np.cumsum(lengths)
    starts = ends - np.asarray(lengths, np.int64)
    digests = [hashlib.sha256(_eight_bytes(length)) for length in lengths]
    for name in sorted(columns):
        valid = rows[name].is_not_null().to_numpy().view(np.uint8)
        header = f"{name}\0{columns[name]}\0".encode()
        buffers = list(_buffers(rows[name], columns[name]))
        for digest, start, end in zip(digests, starts.tolist(), ends.tolist(), strict=True):
            if valid[start:end].any():
                digest.update(header)
                digest.update(valid[start:end].data)
                for values, offsets in buffers:
                    of_part = values[start:end] if offsets is None else values[offsets[start] : offsets[end]]
                    digest.update(of_part.data)
    return [digest.hexdigest()[:_DIGITS] for digest in digests]


def _buffers(column: pl.Series, kind: Kind) -> Iterator[tuple[np.ndarray, np.ndarray | None]]:
    """The values in the order of the rows, with where each row's begin unless each has one."""
    if kind == Kind.TEXT:
        texts = column.fill_null("").to_arrow(compat_level=pl.CompatLevel.oldest())
        offsets = np.frombuffer(texts.buffers()[1], "<i8", len(texts) + 1, texts.offset * 8)
        yield np.diff(offsets), None
        yield np.frombuffer(texts.buffers()[2] or b"", np.uint8), offsets
    elif kind == Kind.BOOLEAN:
        yield column.fill_null(value=False).to_numpy().view(np.uint8), None
    elif kind == Kind.NUMBER:
        yield column.fill_nan(float("nan")).fill_null(0.0).to_numpy().astype("<f8", copy=False), None
    else:
        yield column.to_physical().fill_null(0).to_numpy().astype("<i8", copy=False), None


def _eight_bytes(number: int) -> bytes:
    return number.to_bytes(8, "little")
