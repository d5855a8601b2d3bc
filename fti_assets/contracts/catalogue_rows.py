"""What a catalogue says of a feature group and of a model: plain values, for people and tools without the code."""

import inspect
from collections.abc import Mapping
from typing import Any

from fti_assets.contracts.binding import Aggregated, Binding, Input
from fti_assets.contracts.feature_group import FeatureGroup
from fti_assets.contracts.fingerprint import binding_version, model_version
from fti_assets.contracts.lineage import columns_used, computed_from, features_from, meanings
from fti_assets.contracts.model import Model
from fti_assets.contracts.schema import compiled, first_line
from fti_assets.contracts.selection import Selection
from fti_assets.contracts.source import Source
from fti_assets.contracts.time import duration, label_of

Entry = dict[str, Any]


def group_entry(binding: Binding) -> Entry:
    """A feature group: its contract, what computes it, and what its columns mean and come from."""
    group = binding.group
    origins = {name: str(column) for name, column in computed_from(binding).items()}
    return {
        "name": group.name,
        "version": group.version,
        "fingerprint": binding_version(binding),
        "description": group.description,
        "documentation": inspect.cleandoc(group.schema.__doc__ or ""),
        "owners": list(group.owners),
        "tags": dict(group.tags),
        "keys": list(group.keys),
        "event_time": group.event_time,
        "known_at": group.known_at,
        "dimension": group.dimension,
        "lookback": None if group.dimension else label_of(duration(group.lookback)),
        "partitions": "whole" if group.dimension else group.partitions,
        "on_invalid": group.on_invalid,
        "computed_by": _computed_by(binding),
        "inputs": _inputs(binding),
        "columns": [{**column, "from": origins.get(column["name"])} for column in columns(group, meanings(binding))],
    }


def columns(group: FeatureGroup, meant: Mapping[str, str]) -> list[Entry]:
    """Each column's kind, role, description, nullability and checks, from its Pandera model."""
    declared = compiled(group.schema).columns
    roles = dict.fromkeys(group.times, "time") | dict.fromkeys(group.keys, "key")
    return [
        {
            "name": name,
            "kind": kind,
            "role": roles.get(name, "value"),
            "description": declared[name].description or roles.get(name) or meant.get(name) or "",
            "nullable": declared[name].nullable,
            "checks": [str(check.error or check.name) for check in declared[name].checks],
        }
        for name, kind in group.columns.items()
    ]


def model_entry(model: Model) -> Entry:
    """A model: where its features come from, and every column of a group that it needs, as what."""
    view, label = model.view, model.view.label
    return {
        "name": model.name,
        "fingerprint": model_version(model),
        "description": model.description,
        "owners": list(model.owners),
        "spine": view.spine.name,
        "label": {"column": f"{label.group.name}.{label.column}", "horizon": label_of(label.horizon)},
        "features": {name: [str(c) for c in found] for name, found in features_from(view).items()},
        "uses": {str(column): role for column, role in columns_used(view).items()},
    }


def _computed_by(binding: Binding) -> str:
    if isinstance(binding, Aggregated):
        return "windows"
    function = inspect.unwrap(binding.function)
    return f"{function.__module__}.{getattr(function, '__qualname__', type(function).__qualname__)}"


def _inputs(binding: Binding) -> list[Entry]:
    if not isinstance(binding, Aggregated):
        return [_input(given) for given in binding.inputs]
    ends = {"at": binding.at.name} if binding.at else {"every": label_of(binding.step)}
    windows = {"columns": list(binding.columns_read), "windows": list(binding.lengths), **ends}
    read = [{"group": binding.source.name, **windows}]
    if binding.at:
        read.append({"group": binding.at.name, "columns": [*binding.by, str(binding.at.event_time)]})
    return read


def _input(given: Input) -> Entry:
    if isinstance(given, Source):
        return {"source": given.name, "description": first_line(given.schema)}
    if isinstance(given, Selection):
        return {"group": given.group.name, "columns": list(given.columns), "lookback": label_of(given.age)}
    return {"group": given.name, "columns": list(given.columns)}
