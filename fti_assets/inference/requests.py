"""Requests to a model: the fields that they have, and their JSON values as rows of the spine."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC
from typing import Any

import pandas as pd
import polars as pl

from fti_assets.contracts.condition import columns_read
from fti_assets.contracts.errors import ContractViolation, FailingCase, unknown
from fti_assets.contracts.feature_view import FeatureView
from fti_assets.contracts.kinds import Kind
from fti_assets.contracts.time import now
from fti_assets.stores.frames import to_polars
from fti_assets.validation.conform import conform
from fti_assets.views.assemble import meets


@dataclass(frozen=True)
class RequestField:
    """A column of the spine as a request gives it; one that is not required may be left out or null."""

    name: str
    kind: Kind
    required: bool
    description: str


def request_fields(view: FeatureView) -> tuple[RequestField, ...]:
    """The fields of a request, in the order of the spine's schema."""
    schema = view.spine.schema
    return tuple(
        RequestField(name, kind, name != view.predicted_at and not schema.is_nullable(name), _described(view, name))
        for name, kind in schema.columns.items()
    )


def request_frame(view: FeatureView, requests: Sequence[Mapping[str, Any]]) -> pl.DataFrame:
    """Requests as rows of the spine. A prediction time that is left out is now.

    Raises ContractViolation, naming every field that is unknown, missing or not as the spine's contract says.
    """
    if not requests:
        raise ContractViolation("request", [_case("rows", "at least one row", [])])
    declared, spine = view.spine.schema.pandera.columns, view.spine
    cases = [
        _case(name, unknown("request field", name, spine.columns), [r[name] for r in requests if name in r])
        for name in dict.fromkeys(name for request in requests for name in request)
        if name not in spine.columns
    ]
    present = now()
    columns: dict[str, pd.Series] = {}
    for field in request_fields(view):
        sent = [request.get(field.name) for request in requests]
        if field.name == view.predicted_at:
            sent = [present if value is None else value for value in sent]
        values = [_value(value, field.kind) for value in sent]
        wrong = [raw for raw, value in zip(sent, values, strict=True) if isinstance(value, _Refused)]
        absent = [value for value in values if value is None]
        if wrong:
            cases.append(_case(field.name, f"expected {field.kind.json}", wrong))
        elif absent and field.required:
            cases.append(_case(field.name, f"is required: {field.kind.json}", absent))
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
    at, since, until = refused[view.predicted_at], view.since, view.until
    outside = [t for t in at if (since and t < since) or (until and t >= until)]
    cases = []
    if outside:
        bounds = [f"{word} {t}" for word, t in (("from", since), ("until", until)) if t]
        cases.append(_case(view.predicted_at, f"rows are predicted {' '.join(bounds)}", outside))
    else:
        read = columns_read("request", view.where, view.conditioned)
        names = {name: column for s in view.selections for column, name in s.names.items() if s.group == view.spine}
        values = refused.select(pl.col(names.get(name, name)).alias(name) for name in read)
        shown = [", ".join(f"{name}={value}" for name, value in row.items()) for row in values.iter_rows(named=True)]
        cases.append(_case(", ".join(read), f"the model predicts rows where {view.where}", shown))
    raise ContractViolation("request", cases)


class _Refused:
    """In place of a value that is not of its field's kind."""


def _value(value: Any, kind: Kind) -> Any:
    """A JSON value as the kind's Python value, null and NaN as None, _Refused for anything else."""
    if value is None or (isinstance(value, float) and value != value):
        return None
    try:
        if kind == Kind.TIME:
            instant = kind.spelled(value) if isinstance(value, str) else value
            return instant.astimezone(UTC) if kind.holds(instant) else _Refused()
        if kind == Kind.NUMBER:
            return float(value) if kind.holds(value) else _Refused()
    except OverflowError:  # a time of the year 1 or 9999 that UTC has in the year before or after
        return _Refused()
    return value if kind.holds(value) else _Refused()


def _described(view: FeatureView, name: str) -> str:
    declared = view.spine.schema.pandera.columns[name].description or ""
    return declared or {view.predicted_at: "when it is predicted, by default now"}.get(name, "")


def _case(column: str, check: str, values: Sequence[Any]) -> FailingCase:
    shown = "" if not values else "null" if values[0] is None else str(values[0])[:80]
    # half of a surrogate pair, which JSON can hold, could not be sent back
    column, check, shown = (text.encode("utf-8", "backslashreplace").decode() for text in (column, check, shown))
    return FailingCase(column, check, shown, len(values))
