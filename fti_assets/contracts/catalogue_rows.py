"""What a catalogue says of a feature group and of a model: plain values, for people and tools without the code."""

import inspect
from typing import Any

from fti_assets.contracts.binding import Aggregated, Binding, Input
from fti_assets.contracts.fingerprint import binding_version, model_version
from fti_assets.contracts.group import Group
from fti_assets.contracts.lineage import columns_used, computed_from, features_from
from fti_assets.contracts.model import Model
from fti_assets.contracts.selection import Selection
from fti_assets.contracts.source import Source
from fti_assets.contracts.time import label_of

CatalogueRow = dict[str, Any]


def group_row(binding: Binding) -> CatalogueRow:
    """A feature group: its contract, what computes it, and what its columns mean and come from."""
    group = binding.group
    origins = {name: str(column) for name, column in computed_from(binding).items()}
    return {
        "name": group.name,
        "version": group.version,
        "fingerprint": binding_version(binding),
        "description": group.description,
        "documentation": group.schema.documentation,
        "owners": list(group.owners),
        "tags": dict(group.tags),
        "keys": list(group.keys),
        "event_time": group.event_time or None,
        "known_at": group.known_at or None,
        "dimension": group.dimension,
        "lookback": None if group.dimension else label_of(group.lookback),
        "ahead": None if group.ahead is None else label_of(group.ahead),
        "partitions": "whole" if group.dimension else group.partitions,
        "on_invalid": group.on_invalid,
        "computed_by": _computed_by(binding),
        "inputs": _inputs(binding),
        "columns": [{**column, "from": origins.get(column["name"])} for column in columns(group)],
    }


def columns(group: Group) -> list[CatalogueRow]:
    """Each column's kind, role, description, nullability and checks, from the group's schema."""
    declared = group.schema.pandera.columns
    roles = dict.fromkeys(group.times, "time") | dict.fromkeys(group.keys, "key")
    return [
        {
            "name": name,
            "kind": str(kind),
            "role": roles.get(name, "value"),
            "description": declared[name].description or roles.get(name) or "",
            "nullable": declared[name].nullable,
            "checks": [str(check.error or check.name) for check in declared[name].checks],
        }
        for name, kind in group.columns.items()
    ]


def model_row(model: Model) -> CatalogueRow:
    """A model: where its features come from, and every column of a group that it needs, as what."""
    view, label = model.view, model.view.label
    return {
        "name": model.name,
        "fingerprint": model_version(model),
        "description": model.description,
        "owners": list(model.owners),
        "spine": view.spine.name,
        "label": {
            "column": f"{label.group.name}.{label.column}",
            "horizon": label_of(label.horizon),
            "answer": str(label),
        },
        "features": {name: [str(c) for c in columns] for name, columns in features_from(view).items()},
        "uses": {str(column): role for column, role in columns_used(view).items()},
    }


def _computed_by(binding: Binding) -> str:
    if isinstance(binding, Aggregated):
        return "windows"
    function = inspect.unwrap(binding.function)
    return f"{function.__module__}.{getattr(function, '__qualname__', type(function).__qualname__)}"


def _inputs(binding: Binding) -> list[CatalogueRow]:
    if not isinstance(binding, Aggregated):
        return [_input(source) for source in binding.inputs]
    windows = binding.windows
    ends = {"at": windows.at.name} if windows.at else {"every": label_of(windows.step)}
    ends |= {"closed": windows.closed} if windows.holds_end else {}
    source = {"group": windows.source.name, "columns": list(windows.columns_read), "windows": list(windows.lengths)}
    if windows.at is None:
        return [source | ends]
    return [source | ends, {"group": windows.at.name, "columns": [*windows.by, windows.at.event_time]}]


def _input(source: Input) -> CatalogueRow:
    if isinstance(source, Source):
        return {"source": source.name, "description": source.schema.description}
    if isinstance(source, Selection):
        return {"group": source.group.name, "columns": list(source.columns), "lookback": label_of(source.age)}
    return {"group": source.name, "columns": list(source.columns)}
