"""Which rows of a frame break its schema, and how: every failing case, not only the first."""

import copy
from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any

import numpy as np
import pandas as pd
from pandera.errors import SchemaErrors

from fti_assets.contracts.errors import FailingCase
from fti_assets.contracts.schema import Schema
from fti_assets.validation.widen import read_as

_MISPLACED = {"column_in_schema": "is not declared", "column_in_dataframe": "is missing"}
_LONGEST_SHOWN = 100
_OF_THE_TYPE = ("not_nullable", "dtype(", "coerce_dtype(")


@dataclass(frozen=True)
class Fault:
    """A check that does not hold: of the rows with these labels, each with its value, or of the frame (`rows=None`).

    `of_value` says that the check is one of the user's own on a column, so a person may let the rows pass.
    """

    column: str
    check: str
    values: Sequence[Any]
    rows: pd.Index | None = None
    of_value: bool = False


@dataclass(frozen=True)
class Examined:
    """A frame in its schema's types and column order, as far as it could be read, and all that is wrong with it."""

    frame: pd.DataFrame
    faults: list[Fault] = field(default_factory=list)

    @property
    def of_rows(self) -> list[Fault]:
        """The faults of single rows."""
        return [fault for fault in self.faults if fault.rows is not None]

    @property
    def of_frame(self) -> list[Fault]:
        """The faults of the frame as a whole."""
        return [fault for fault in self.faults if fault.rows is None]


def cases_of(faults: Sequence[Fault]) -> list[FailingCase]:
    """The faults as ContractViolation shows them."""
    return [FailingCase(f.column, f.check, shown(f.values[0]), len(f.values)) for f in faults]


def shown(value: Any) -> str:
    """A value for people: on one line, what cannot be printed escaped, and not too long."""
    text = str(value)
    text = text if text.isprintable() else repr(text)[1:-1]
    return text if len(text) <= _LONGEST_SHOWN else f"{text[:_LONGEST_SHOWN]}… ({len(text):,} characters)"


def examine(frame: pd.DataFrame, schema: Schema, *, row_by_row: bool = False) -> Examined:
    """The frame widened to its schema's types, validated, and what is wrong with it.

    A row with a value that cannot be read as its type is not checked further. `row_by_row` reads each value by itself,
    whatever type its column has for the sake of another row: a text is the value that it spells.
    """
    if not isinstance(frame, pd.DataFrame):
        kind = f"{type(frame).__module__}.{type(frame).__name__}"
        return Examined(pd.DataFrame(), [Fault("(frame)", "is a pandas DataFrame", [kind])])
    if isinstance(frame.columns, pd.MultiIndex):
        return Examined(frame, [Fault("(frame)", "has columns of one name each", [frame.columns[0]])])
    doubled = frame.columns[frame.columns.duplicated()]
    if len(doubled):
        twice = ["twice"] * max(len(frame), 1)
        return Examined(frame, [Fault(str(name), "is there once", twice) for name in doubled])
    typed, unread, faults = _typed(frame, schema, row_by_row)
    sound = typed if unread is None else _exact(typed[~unread], schema)
    try:
        validated = schema.pandera.validate(sound, lazy=True)
    except SchemaErrors as errors:
        faults = _reported(errors.failure_cases, sound) + faults
    else:
        typed = validated if unread is None else typed
    return Examined(typed[[name for name in schema.columns if name in typed]], faults)


def typed_only(frame: pd.DataFrame, schema: Schema) -> pd.DataFrame:
    """The frame in its schema's types, its values unchecked: for rows that somebody let pass."""
    unchecked = copy.deepcopy(schema.pandera)
    unchecked.checks = []
    for column in unchecked.columns.values():
        column.checks, column.unique = [], False
    return unchecked.validate(frame)


def _typed(
    frame: pd.DataFrame, schema: Schema, row_by_row: bool
) -> tuple[pd.DataFrame, np.ndarray | None, list[Fault]]:
    """The frame with each column read as its type, the rows where one could not be, and the faults found so."""
    typed, faults = frame.copy(deep=False), []
    unread: np.ndarray | None = None
    declared, exact = schema.pandera, schema.pandas_types
    for name, kind in schema.columns.items():
        if name not in frame or declared.coerce or declared.columns[name].coerce:
            continue
        column = frame[name]
        read = read_as(column, kind, exact[name], row_by_row=row_by_row)
        if read.column is not column:
            typed[name] = read.column
        for check, rows in read.broken.items():
            faults.append(Fault(name, check, column[rows].tolist(), frame.index[rows]))
            absent = rows & read.column.isna().to_numpy()
            unread = absent if unread is None else unread | absent
    return typed, unread if unread is not None and unread.any() else None, faults


def _exact(frame: pd.DataFrame, schema: Schema) -> pd.DataFrame:
    """The rows that could be read, in the exact types that nulls had kept them from."""
    with_nulls = {name: kind.pandas(nullable=True) for name, kind in schema.columns.items()}
    exact = schema.pandas_types.items()
    return frame.astype({n: t for n, t in exact if n in frame and str(frame[n].dtype) == with_nulls[n] != t})


def _reported(failures: pd.DataFrame, frame: pd.DataFrame) -> list[Fault]:
    """Pandera's failure cases of a frame, by column and check."""
    misplaced = failures["check"].isin(list(_MISPLACED))
    column = failures["failure_case"].astype(object).where(misplaced, failures["column"]).fillna("(frame)").astype(str)
    check = failures["check"].replace(_MISPLACED).astype(str)
    faults = []
    for (name, broken), cases in failures.groupby([column, check], sort=False):
        of_column = cases["schema_context"].eq("Column").all() and not broken.startswith("dtype(")
        of_rows = bool(of_column and cases["index"].notna().all())
        rows = pd.Index(cases["index"].tolist()) if of_rows else None
        of_value = of_rows and not broken.startswith(_OF_THE_TYPE)
        in_frame = rows is not None and frame.index.is_unique
        values = (frame.loc[rows, name] if in_frame else cases["failure_case"]).tolist()
        faults.append(Fault(name, broken, _advised(broken, values), rows, of_value))
    return faults


def _advised(check: str, values: list[Any]) -> list[Any]:
    """The values, or of a column of another type that type with what to do about it, where that is not plain."""
    dtype = str(values[0])
    if check.startswith("dtype('datetime64") and dtype.startswith(("datetime64", "timestamp")) and "," not in dtype:
        return [f"{dtype}: which zone is it? .dt.tz_localize('UTC')"]
    if check.lower() == "dtype('int64')" and dtype == "float64":
        return [f"{dtype}: floats round whole numbers from 2**53 on. Read it as Int64"]
    if check.lower() in ("dtype('int64')", "dtype('float64')") and dtype == "str":
        return [f"{dtype}: a text is no number, whatever it spells, unless the model says pa.Field(coerce=True)"]
    return values
