"""The five kinds of columns, and all that depends on a column's kind."""

import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from typing import Any

import numpy as np
import polars as pl

from fti_assets.contracts.errors import DeclarationError

_WHOLE = re.compile(r"[ \t]*([+-]?[0-9]{1,30})[ \t]*")
_FLOAT = re.compile(r"[ \t]*([+-]?([0-9]+\.?[0-9]*|\.[0-9]+)([eE][+-]?[0-9]{1,9})?)[ \t]*")
_TRUTHS = {"True": True, "TRUE": True, "true": True, "False": False, "FALSE": False, "false": False}
_NANOSECONDS = re.compile(r"[.,][0-9]{6}[0-9]*[1-9]")
_SMALL_WHOLE = tuple(f"{kind}{bits}" for kind in ("int", "uint", "Int", "UInt") for bits in (8, 16, 32))


@dataclass(frozen=True)
class _Facts:
    """What a kind is called, and which types hold it where.

    Attributes:
        annotation: how a person declares it in a Pandera model, with nulls and without.
        pandas: the type of a conforming pandas column without nulls.
        pandas_nullable: the type of one that may hold nulls.
        declarable: the types, by Pandera's names, that a contract may declare.
        widened: further pandas types, each of whose values the kind holds.
        polars: its type in Polars frames and in stored tables.
        sqlite: its type in the online store, where -0.0 must not become 0.0, as it would in a REAL.
        check: what a value of it is, as the check that fails for another.
        json: what a value of it is in a request.
        holds: whether a Python value is one of it.
        spelled: the value that a text spells, or None.
    """

    annotation: str
    pandas: str
    pandas_nullable: str
    declarable: tuple[str, ...]
    widened: tuple[str, ...]
    polars: pl.DataType
    sqlite: str
    check: str
    json: str
    holds: Callable[[Any], bool]
    spelled: Callable[[str], Any]


class Kind(StrEnum):
    """What a column holds: text, whole numbers or floats of 64 bits, booleans, or times in UTC with microseconds."""

    TEXT = "text"
    INTEGER = "integer"
    NUMBER = "number"
    BOOLEAN = "boolean"
    TIME = "time"

    @classmethod
    def of_type(cls, column: str, dtype: object) -> "Kind":
        """The kind of a Pandera type. Raises DeclarationError, naming `column`, where no store holds such a type."""
        for kind in cls:
            if str(dtype) in kind._facts.declarable:
                return kind
        raise DeclarationError(
            f"{column} is {dtype}: expected str, int, float, bool, pd.Int64Dtype, pd.BooleanDtype or fti.UTC (naive "
            "timestamps and objects are refused)"
        )

    @property
    def annotation(self) -> str:
        """How a person declares such a column: `str`, `int`, `float`, `bool`, `fti.UTC`."""
        return self._facts.annotation

    @property
    def polars(self) -> pl.DataType:
        """Its type in Polars frames and in stored tables."""
        return self._facts.polars

    @property
    def sqlite(self) -> str:
        """Its type in the online store."""
        return self._facts.sqlite

    @property
    def check(self) -> str:
        """What a value of it is, such as "is true or false": the check that fails for another value."""
        return self._facts.check

    @property
    def json(self) -> str:
        """What a value of it is in a request, such as "a whole number"."""
        return self._facts.json

    @property
    def is_numeric(self) -> bool:
        """Whether it has a sum: numbers, and booleans as 0 and 1."""
        return self in (Kind.INTEGER, Kind.NUMBER, Kind.BOOLEAN)

    def pandas(self, *, nullable: bool) -> str:
        """The pandas type of a conforming column that may, or may not, hold nulls."""
        return self._facts.pandas_nullable if nullable else self._facts.pandas

    def is_widened(self, dtype: str) -> bool:
        """Whether it holds each value of a pandas type that a batch may come in."""
        return dtype in self._facts.widened or dtype in self._facts.declarable

    def holds(self, value: Any) -> bool:
        """Whether a Python value, which is not null, is one of it."""
        return self._facts.holds(value)

    def spelled(self, text: str) -> Any:
        """The value that a text spells as files do, such as `-12`, `1.5e3`, `true` or `2013-12-31T21:00:00Z`.

        None where it spells none that the kind holds exactly: a word, a whole number beyond 64 bits, a time without
        its zone or with nanoseconds. Each text spells itself.
        """
        return self._facts.spelled(text)

    @property
    def _facts(self) -> _Facts:
        return _FACTS[self]


def _is_text(value: Any) -> bool:
    if not isinstance(value, str):
        return False
    try:
        value.encode()
    except UnicodeEncodeError:  # half of a surrogate pair: no UTF-8, so no store, holds it
        return False
    return True


def _is_integer(value: Any) -> bool:
    if not isinstance(value, int | np.integer) or isinstance(value, bool):
        return False
    return -(2**63) <= int(value) < 2**63


def _is_number(value: Any) -> bool:
    return isinstance(value, float | np.floating) or (_is_integer(value) and abs(int(value)) <= 2**53)


def _is_boolean(value: Any) -> bool:
    return isinstance(value, bool | np.bool_)


def _is_time(value: Any) -> bool:
    return isinstance(value, datetime) and value.utcoffset() is not None and not getattr(value, "nanosecond", 0)


def _spelled_integer(text: str) -> int | None:
    whole = _WHOLE.fullmatch(text)
    return int(whole[1]) if whole and _is_integer(int(whole[1])) else None


def _spelled_number(text: str) -> float | None:
    whole, number = _WHOLE.fullmatch(text), _FLOAT.fullmatch(text)
    if whole:
        return float(whole[1]) if _is_number(int(whole[1])) else None
    return float(number[1]) if number else None


def _spelled_time(text: str) -> datetime | None:
    try:
        instant = datetime.fromisoformat(text)
    except ValueError:
        return None
    return None if instant.utcoffset() is None or _NANOSECONDS.search(text) else instant


_FACTS: Mapping[Kind, _Facts] = {
    Kind.TEXT: _Facts(
        annotation="str",
        pandas="str",
        pandas_nullable="str",
        declarable=("str", "string[pyarrow]", "string[python]"),
        widened=("string",),
        polars=pl.String(),
        sqlite="TEXT",
        check="is text",
        json="text",
        holds=_is_text,
        spelled=str,
    ),
    Kind.INTEGER: _Facts(
        annotation="int",
        pandas="int64",
        pandas_nullable="Int64",
        declarable=("int64", "Int64"),
        widened=_SMALL_WHOLE,
        polars=pl.Int64(),
        sqlite="INTEGER",
        check="is a whole number of 64 bits",
        json="a whole number",
        holds=_is_integer,
        spelled=_spelled_integer,
    ),
    Kind.NUMBER: _Facts(
        annotation="float",
        pandas="float64",
        pandas_nullable="float64",
        declarable=("float64",),
        widened=(*_SMALL_WHOLE, "float32", "Float32", "Float64"),
        polars=pl.Float64(),
        sqlite="BLOB",
        check="is a number that a float holds",
        json="a number",
        holds=_is_number,
        spelled=_spelled_number,
    ),
    Kind.BOOLEAN: _Facts(
        annotation="bool",
        pandas="bool",
        pandas_nullable="boolean",
        declarable=("bool", "boolean"),
        widened=(),
        polars=pl.Boolean(),
        sqlite="INTEGER",
        check="is true or false",
        json="true or false",
        holds=_is_boolean,
        spelled=_TRUTHS.get,
    ),
    Kind.TIME: _Facts(
        annotation="fti.UTC",
        pandas="datetime64[us, UTC]",
        pandas_nullable="datetime64[us, UTC]",
        declarable=("datetime64[us, UTC]",),
        widened=(),
        polars=pl.Datetime("us", "UTC"),
        sqlite="INTEGER",
        check="is a time with its zone, in whole microseconds",
        json="an ISO time with its zone, such as 2013-12-31T21:00:00Z",
        holds=_is_time,
        spelled=_spelled_time,
    ),
}
