"""Whether a batch keeps its contract."""

from collections.abc import Mapping
from typing import Any

import numpy as np
import pandas as pd
import pandera.pandas as pa
from pandera.errors import SchemaErrors

from fti_assets.spec.errors import ContractViolation
from fti_assets.spec.feature_group import FeatureGroup
from fti_assets.spec.on_demand import OnDemand
from fti_assets.spec.schema import Kind, columns_of, compiled, nullable_columns
from fti_assets.spec.time import DAY, Window

EARLIEST_KNOWLEDGE = DAY
"""How long before its event a row may be known. It bounds which partitions a join must read beyond the lookback."""

_EXACT = {"integer": "int64", "number": "float64", "time": "datetime64[us, UTC]", "text": "str", "boolean": "bool"}
_NULLABLE = {"integer": "Int64", "boolean": "boolean"}
_WIDENED = {
    "integer": {"int8", "int16", "int32", "int64", "uint8", "uint16", "uint32", "Int8", "Int16", "Int32", "Int64"},
    "number": {"int8", "int16", "int32", "uint8", "uint16", "uint32", "float32", "Float32", "Float64"},
    "boolean": {"bool", "boolean"},
    "time": {"datetime64[s, UTC]", "datetime64[ms, UTC]"},
    "text": {"string", "str"},
}
_MISPLACED = {"column_in_schema": "is not declared", "column_in_dataframe": "is missing"}


def conform(frame: pd.DataFrame, schema: type[pa.DataFrameModel], what: str) -> pd.DataFrame:
    """The frame in the schema's column order, widened where nothing is lost by it, and validated.

    int32, float32, whole numbers for floats, coarser times, columns without a row and nulls of any type are widened.
    Raises ContractViolation with every failing case, not only the first; infinite numbers fail always.
    """
    if not isinstance(frame, pd.DataFrame):
        raise ContractViolation(what, [_case("(frame)", "is a pandas DataFrame", type(frame).__name__, 1)])
    doubled = frame.columns[frame.columns.duplicated()]
    if len(doubled):
        raise ContractViolation(what, [_case(name, "is there once", "twice", len(frame)) for name in doubled])
    kinds = columns_of(schema)
    exact = _exact_types(schema, kinds)
    given = frame.assign(**{name: _widened(frame[name], kinds[name], exact[name]) for name in kinds if name in frame})
    cases = _infinite(given, kinds)
    try:
        given = compiled(schema).validate(given, lazy=True)
    except SchemaErrors as errors:
        cases = _cases(errors.failure_cases) + cases
    if cases:
        raise ContractViolation(what, cases)
    return given[list(kinds)]


def conform_computed(computed: pd.DataFrame, frame: pd.DataFrame, function: OnDemand) -> pd.DataFrame:
    """An on-demand function's answer to a frame: conforming, a row for each of the frame's, in its order."""
    what = f"on_demand {function.name}"
    computed = conform(computed, function.schema, what)
    if not computed.index.equals(frame.index):
        given = f"{len(computed)} rows for {len(frame)}, or their index in another order"
        raise ContractViolation(
            what, [_case("(index)", "is the index of the frame it was given", given, len(computed))]
        )
    return computed


def conform_group(frame: pd.DataFrame, group: FeatureGroup, window: Window | None) -> pd.DataFrame:
    """A batch of a feature group: conforming, no row twice, and (unless a dimension) every row known in the window.

    Raises ContractViolation with every failing case.
    """
    what = f"feature group {group.name}"
    frame = conform(frame, group.schema, what)
    identity = [*group.keys, *group.times]
    broken = [(", ".join(identity), "no row twice", identity, frame.duplicated(identity, keep=False))]
    broken += [(name, "is a time, not null", [name], frame[name].isna()) for name in group.times]
    if group.known_at and group.event_time:
        known = frame[group.known_at]
        if window is not None:
            outside = (known < window.start) | (known >= window.end)
            broken.append((group.known_at, f"known in {window}", [group.known_at], outside))
        early = frame[group.event_time] - known > EARLIEST_KNOWLEDGE
        broken.append((group.known_at, "known at most a day before the event", list(group.times), early))
    cases = [
        _case(column, check, ", ".join(str(v) for v in frame.loc[rows, shown].iloc[0]), int(rows.sum()))
        for column, check, shown, rows in broken
        if rows.any()
    ]
    if cases:
        raise ContractViolation(what, cases)
    return frame


def _exact_types(schema: type[pa.DataFrameModel], kinds: Mapping[str, Kind]) -> dict[str, str]:
    """The pandas type that each column has after `conform`."""
    nullable = nullable_columns(schema)
    return {name: _NULLABLE[kind] if name in nullable else _EXACT[kind] for name, kind in kinds.items()}


def _widened(column: pd.Series, kind: Kind, exact: str) -> pd.Series:
    """The column in its exact type where nothing can be lost by it, else as it is, for Pandera to report."""
    name = str(column.dtype)
    if name == exact:
        return column
    null = column.isna()
    if exact in ("int64", "bool") and null.any():
        return column
    if null.all():
        return pd.Series(pd.array([None] * len(column), dtype=exact), column.index)
    lossless = (
        name in _WIDENED[kind]
        or (kind == "text" and name == "object" and pd.api.types.infer_dtype(column, skipna=True) == "string")
        or (exact in ("float64", "Int64") and name in ("int64", "Int64", "float64") and _whole(column[~null]))
    )
    return column.astype(exact) if lossless else column


def _whole(numbers: pd.Series) -> bool:
    """Whether all are whole numbers that floats and integers hold alike."""
    return bool((numbers.abs() <= 2**53).all() and (numbers % 1 == 0).all())


def _infinite(frame: pd.DataFrame, kinds: Mapping[str, Kind]) -> list[dict[str, str]]:
    """Infinite numbers, which windows turn to NaN and XGBoost refuses."""
    numbers = {n: frame[n][np.isinf(frame[n])] for n in kinds if n in frame and frame[n].dtype == np.float64}
    return [_case(name, "is finite", found.iloc[0], len(found)) for name, found in numbers.items() if len(found)]


def _case(column: Any, check: Any, value: Any, rows: int) -> dict[str, str]:
    return {"column": str(column), "check": str(check), "value": str(value), "rows": str(rows)}


def _cases(failures: pd.DataFrame) -> list[dict[str, str]]:
    misplaced = failures["check"].isin(list(_MISPLACED))
    column = failures["failure_case"].where(misplaced, failures["column"]).fillna("(frame)").astype(str)
    check = failures["check"].replace(_MISPLACED).astype(str)
    return [
        _case(name, broken, found["failure_case"].iloc[0], len(found))
        for (name, broken), found in failures.groupby([column, check], sort=False)
    ]
