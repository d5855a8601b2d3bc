"""What is in a home: readable without Dagster, without the system's own code and without its engines."""

import json
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING, Any

from fti_assets.contracts.errors import unknown
from fti_assets.contracts.names import checked_name
from fti_assets.contracts.partition_keys import start_of_key
from fti_assets.stores.revisions import Revisions
from fti_assets.stores.storage import Storage

if TYPE_CHECKING:
    from fti_assets.contracts.catalogue_rows import CatalogueRow
    from fti_assets.stores.table_version import TableVersion

_LENGTHS = {"hourly": timedelta(hours=1), "daily": timedelta(days=1), "weekly": timedelta(weeks=1)}


class Catalogue:
    """A row of facts for each name, below a storage, written by whoever makes what it describes."""

    def __init__(self, storage: Storage) -> None:
        self._storage = storage

    def keep(self, row: Mapping[str, Any]) -> bool:
        """Store a row under its name, if it says anything new; whether it did."""
        content = json.dumps(row, ensure_ascii=False).encode()
        return self._of(checked_name("catalogue row", row["name"])).change(lambda _: content)

    def rows(self) -> "dict[str, CatalogueRow]":
        """All rows by name."""
        contents = {name: self._of(name).newest() for name in self._storage.names()}
        return {name: json.loads(content) for name, content in contents.items() if content}

    def _of(self, name: str) -> Revisions:
        return Revisions(self._storage.at(name))


@dataclass(frozen=True)
class Stored:
    """What a group's table holds: its version, the partitions that were written, those missing between, the newest row.

    A partition may have been written with no rows. `last_known` is when the newest row became known.
    """

    version: int | None
    partitions: tuple[str, ...]
    missing: tuple[str, ...]
    last_known: datetime | None

    @classmethod
    def of(cls, features: Storage, row: Mapping[str, Any]) -> "Stored":
        """What the store under `features` holds of the group."""
        from fti_assets.stores.table_log import table_log

        storage = features.at(checked_name("feature group", row["name"]))
        table = table_log(storage).newest()
        if table is None:
            return cls(None, (), (), None)
        written = tuple(sorted(table.marks))
        missing = _between(written, _LENGTHS.get(row["partitions"]))
        return cls(table.number, written, missing, _newest(storage, table, row["known_at"]))


def get(rows: "Mapping[str, CatalogueRow]", kind: str, name: str) -> "CatalogueRow":
    """One row. LookupError naming what exists."""
    if name not in rows:
        raise LookupError(unknown(kind, name, rows))
    return rows[name]


def consumers(groups: "Mapping[str, CatalogueRow]", models: "Mapping[str, CatalogueRow]") -> dict[str, dict[str, str]]:
    """For each `group.column` who uses it, and as what: models, and groups that are computed from it."""
    used: dict[str, dict[str, str]] = {}
    for model in models.values():
        for column, role in model["uses"].items():
            used.setdefault(column, {})[model["name"]] = role
    for group in groups.values():
        for source in group["inputs"]:
            for column in source.get("columns", ()) if "group" in source else ():
                role = "windows" if "windows" in source else "input"
                used.setdefault(f"{source['group']}.{column}", {})[group["name"]] = role
    return used


def _newest(storage: Storage, table: "TableVersion", known_at: str | None) -> datetime | None:
    """When the newest row of the last partition with rows became known."""
    from fti_assets.contracts.kinds import Kind
    from fti_assets.stores.month_files import read_months

    if known_at is None or not table.files:
        return None
    last = max(file.last for file in table.files)
    rows = read_months(storage, table.files, {known_at: Kind.TIME.polars}, last, last)
    newest = rows[known_at].max()
    return newest.astimezone(UTC) if isinstance(newest, datetime) else None


def _between(written: tuple[str, ...], length: timedelta | None) -> tuple[str, ...]:
    """The partitions between the first and the last that were never written."""
    if length is None or not written:
        return ()
    first, last = (start_of_key(key) for key in (written[0], written[-1]))
    shape = "%Y-%m-%d" if length >= timedelta(days=1) else "%Y-%m-%d-%H:%M"
    keys = [f"{first + n * length:{shape}}" for n in range((last - first) // length + 1)]
    return tuple(key for key in keys if key not in set(written))
