"""Requests to a model: the fields that they have, and their JSON values as rows of the spine."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

import pandas as pd
import polars as pl

from fti_assets.contracts.condition import columns_read
from fti_assets.contracts.errors import ContractViolation, FailingCase, unknown
from fti_assets.contracts.feature_view import FeatureView
from fti_assets.contracts.schema import Kind, compiled
from fti_assets.stores.frames import to_polars
from fti_assets.validation.conform import conform
from fti_assets.views.assemble import meets

_EXPECTED: Mapping[Kind, str] = {
    "text": "text",
    "integer": "a whole number",
    "number": "a number",
    "boolean": "true or false",
    "time": "an ISO time with its zone, such as 2013-12-31T21:00:00Z",
}


@dataclass(frozen=True)
class RequestField:
    """A column of the spine as a request gives it; one that is not required may be left out or null."""

    name: str
    kind: Kind
    required: bool
    description: str


def request_fields(view: FeatureView) -> tuple[RequestField, ...]:
    """The fields of a request, in the order of the spine's schema."""
    declared = compiled(view.spine.schema).columns
    return tuple(
        RequestField(name, kind, name != view.predicted_at and not _nullable(declared[name]), _described(view, name))
        for name, kind in view.spine.columns.items()
    )


def request_frame(view: FeatureView, requests: Sequence[Mapping[str, Any]]) -> pl.DataFrame:
    """Requests as rows of the spine. A prediction time that is left out is now.

    Raises ContractViolation, naming every field that is unknown, missing or not as the spine's contract says.
    """
    if not requests:
        raise ContractViolation("request", [_case("rows", "at least one row", [])])
    declared, spine = compiled(view.spine.schema).columns, view.spine
    cases = [
        _case(name, unknown("request field", name, spine.columns), [r[name] for r in requests if name in r])
        for name in dict.fromkeys(name for request in requests for name in request)
        if name not in spine.columns
    ]
    now = datetime.now(UTC)
    columns: dict[str, pd.Series] = {}
    for field in request_fields(view):
        given = [request.get(field.name) for request in requests]
        if field.name == view.predicted_at:
            given = [now if value is None else value for value in given]
        values = [_value(value, field.kind) for value in given]
        wrong = [g for g, value in zip(given, values, strict=True) if isinstance(value, _Refused)]
        absent = [value for value in values if value is None]
        if wrong:
            cases.append(_case(field.name, f"expected {_EXPECTED[field.kind]}", wrong))
        elif absent and field.required:
            cases.append(_case(field.name, f"is required: {_EXPECTED[field.kind]}", absent))
        else:
            columns[field.name] = pd.Series(values, dtype=str(declared[field.name].dtype))
    if cases:
        raise ContractViolation("request", cases)
    return to_polars(conform(pd.DataFrame(columns), spine.schema, "request"), spine.columns)


def refuse_others(view: FeatureView, looked_up: pl.DataFrame) -> None:
    """Raise ContractViolation when a request, with what was looked up for it, is not a row of the view.

    Its `since` or `until` says so, or its `where`, for which the first such request's values are named.
    """
    refused = looked_up.filter(~meets(view, looked_up))
    if refused.is_empty():
        return
    at, (since, until) = refused[view.predicted_at], view.span
    outside = [t for t in at if (since and t < since) or (until and t >= until)]
    cases = []
    if outside:
        bounds = [f"{word} {t}" for word, t in (("from", since), ("until", until)) if t]
        cases.append(_case(view.predicted_at, f"rows are predicted {' '.join(bounds)}", outside))
    else:
        read = columns_read("request", view.where, view.conditioned)
        names = {name: column for s in view.selections for column, name in s.names.items() if s.group is view.spine}
        values = refused.select(pl.col(names.get(name, name)).alias(name) for name in read)
        shown = [", ".join(f"{name}={value}" for name, value in row.items()) for row in values.iter_rows(named=True)]
        cases.append(_case(", ".join(read), f"the model predicts rows where {view.where}", shown))
    raise ContractViolation("request", cases)


class _Refused:
    """In place of a value that is not of its field's kind."""


def _value(given: Any, kind: Kind) -> Any:
    """A JSON value as the kind's Python value, null and NaN as None, _Refused for anything else."""
    if given is None or (isinstance(given, float) and given != given):
        return None
    try:
        if kind == "time":
            instant = given if isinstance(given, datetime) else datetime.fromisoformat(given)
            return _Refused() if instant.utcoffset() is None else instant.astimezone(UTC)
        if kind == "number" and isinstance(given, int | float) and not isinstance(given, bool):
            return float(given)
    except (TypeError, ValueError, OverflowError):
        return _Refused()
    kept = (
        (kind == "text" and isinstance(given, str) and not any("\ud800" <= c <= "\udfff" for c in given))
        or (kind == "boolean" and isinstance(given, bool))
        or (kind == "integer" and isinstance(given, int) and not isinstance(given, bool) and -(2**63) <= given < 2**63)
    )
    return given if kept else _Refused()


def _nullable(column: Any) -> bool:
    """Whether a declared column may be null: pandas' plain integers and booleans cannot be, whatever is declared."""
    return bool(column.nullable) and str(column.dtype) not in ("int64", "bool")


def _described(view: FeatureView, name: str) -> str:
    declared = compiled(view.spine.schema).columns[name].description or ""
    return declared or {view.predicted_at: "when it is predicted, by default now"}.get(name, "")


def _case(column: str, check: str, values: Sequence[Any]) -> FailingCase:
    shown = "" if not values else "null" if values[0] is None else str(values[0])[:80]
    # half of a surrogate pair, which JSON can hold, could not be sent back
    column, check, shown = (text.encode("utf-8", "backslashreplace").decode() for text in (column, check, shown))
    return FailingCase(column, check, shown, len(values))
