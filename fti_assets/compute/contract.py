"""Whether a batch keeps its contract."""

from typing import Any

import pandas as pd
import pandera.pandas as pa
from pandera.errors import SchemaErrors

from fti_assets.spec.errors import ContractViolation
from fti_assets.spec.feature_group import FeatureGroup
from fti_assets.spec.schema import columns_of, compiled
from fti_assets.spec.time import DAY, Window

EARLIEST_KNOWLEDGE = DAY
"""How long before its event a row may be known. It bounds which partitions a join must read beyond the lookback."""

_EXACT = {"integer": "int64", "number": "float64", "time": "datetime64[us, UTC]", "text": "str", "boolean": "bool"}


def conform(frame: pd.DataFrame, schema: type[pa.DataFrameModel], what: str) -> pd.DataFrame:
    """The frame in the schema's column order, widened without loss (int32, float32, coarser times) and validated.

    Raises ContractViolation with every failing case, not only the first.
    """
    if not isinstance(frame, pd.DataFrame):
        raise ContractViolation(what, [_case("(frame)", "is a pandas DataFrame", type(frame).__name__, 1)])
    kinds = columns_of(schema)
    widened = frame.assign(**{name: _widened(frame[name], kind) for name, kind in kinds.items() if name in frame})
    try:
        compiled(schema).validate(widened, lazy=True)
    except SchemaErrors as errors:
        raise ContractViolation(what, _cases(errors.failure_cases)) from None
    return widened[list(kinds)]


def conform_group(frame: pd.DataFrame, group: FeatureGroup, window: Window | None) -> pd.DataFrame:
    """A batch of a feature group: conforming, no row twice, and (unless a dimension) every row known in the window."""
    frame = conform(frame, group.schema, f"feature group {group.name}")
    identity = [*group.keys, *group.times]
    doubles = frame.duplicated(identity, keep=False)
    if doubles.any():
        example = frame.loc[doubles, identity].iloc[0].to_dict()
        raise ContractViolation(
            f"feature group {group.name}", [_case(", ".join(identity), "no row twice", example, int(doubles.sum()))]
        )
    if window is not None and group.known_at:
        known = frame[group.known_at]
        outside = (known < window.start) | (known >= window.end)
        if outside.any():
            case = _case(group.known_at, f"known in {window}", known[outside].iloc[0], int(outside.sum()))
            raise ContractViolation(f"feature group {group.name}", [case])
    if group.known_at != group.event_time:
        early = frame[group.event_time] - frame[group.known_at] > EARLIEST_KNOWLEDGE
        if early.any():
            example = frame.loc[early, list(group.times)].iloc[0].to_dict()
            case = _case(group.known_at, "known at most a day before the event", example, int(early.sum()))
            raise ContractViolation(f"feature group {group.name}", [case])
    return frame


def _widened(column: pd.Series, kind: str) -> pd.Series:
    """The column in its exact type where nothing can be lost by it, else as it is, for Pandera to report."""
    name = str(column.dtype)
    lossless = (
        (kind == "integer" and name in ("int8", "int16", "int32", "uint8", "uint16", "uint32"))
        or (kind == "number" and name in ("float32", "int32", "int16", "int8"))
        or (kind == "time" and name in ("datetime64[s, UTC]", "datetime64[ms, UTC]"))
        or (
            kind == "text" and name == "object" and pd.api.types.infer_dtype(column, skipna=True) in ("string", "empty")
        )
        or (kind == "number" and name == "object" and column.isna().all())
    )
    return column.astype(_EXACT[kind]) if lossless else column


def _case(column: Any, check: Any, value: Any, rows: int) -> dict[str, str]:
    return {"column": str(column), "check": str(check), "value": str(value), "rows": str(rows)}


def _cases(failures: pd.DataFrame) -> list[dict[str, str]]:
    failures = failures.assign(
        column=failures["column"].fillna("(frame)").astype(str), check=failures["check"].astype(str)
    )
    return [
        _case(column, check, cases["failure_case"].iloc[0], len(cases))
        for (column, check), cases in failures.groupby(["column", "check"], sort=False)
    ]
