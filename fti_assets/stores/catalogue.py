"""What is in a home: readable without Dagster, without the system's own code and without its engines."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import TYPE_CHECKING, Any

from fti_assets.contracts.errors import Corrupt, unknown
from fti_assets.contracts.names import checked_name
from fti_assets.stores.json_files import read_json, write_json

if TYPE_CHECKING:
    from fti_assets.contracts.catalogue_rows import CatalogueRow
    from fti_assets.stores.storage import Storage
    from fti_assets.stores.table_version import TableVersion

_LENGTHS = {"hourly": timedelta(hours=1), "daily": timedelta(days=1), "weekly": timedelta(weeks=1)}


class Catalogue:
    """A JSON file for each entry in `<root>/.catalogue`, written by whoever makes what it describes."""

    def __init__(self, root: Path) -> None:
        self.root = root / ".catalogue"

    def keep(self, entry: Mapping[str, Any]) -> bool:
        """Store an entry under its name, if it says anything new; whether it did."""
        return write_json(self.root / f"{checked_name('entry', entry['name'])}.json", entry)

    def entries(self) -> "dict[str, CatalogueRow]":
        """All entries by name."""
        return {path.stem: _read(path) for path in sorted(self.root.glob("[a-z]*.json"))}


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
    def of(cls, features: Path, entry: Mapping[str, Any]) -> "Stored":
        """What the store under `features` holds of the group."""
        from fti_assets.stores.storage import Storage
        from fti_assets.stores.table_log import table_log

        storage = Storage(features / checked_name("feature group", entry["name"]))
        table = table_log(storage).newest()
        if table is None:
            return cls(None, (), (), None)
        written = tuple(sorted(table.marks))
        missing = _between(written, _LENGTHS.get(entry["partitions"]))
        return cls(table.number, written, missing, _newest(storage, table, entry["known_at"]))


def get(entries: "Mapping[str, CatalogueRow]", kind: str, name: str) -> "CatalogueRow":
    """One entry. LookupError naming what exists."""
    if name not in entries:
        raise LookupError(unknown(kind, name, entries))
    return entries[name]


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


def _read(path: Path) -> "CatalogueRow":
    try:
        return dict(read_json(path))
    except Corrupt as error:
        raise Corrupt(f"{error}: delete it; the next materialization writes it anew") from None


def _newest(storage: "Storage", table: "TableVersion", known_at: str | None) -> datetime | None:
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
    first, last = (_start_of(key) for key in (written[0], written[-1]))
    shape = "%Y-%m-%d" if length >= timedelta(days=1) else "%Y-%m-%d-%H:%M"
    keys = [f"{first + n * length:{shape}}" for n in range((last - first) // length + 1)]
    return tuple(key for key in keys if key not in set(written))


def _start_of(key: str) -> datetime:
    return datetime.strptime(key, "%Y-%m-%d-%H:%M" if len(key) > len("2013-01-31") else "%Y-%m-%d").replace(tzinfo=UTC)
