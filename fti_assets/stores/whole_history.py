"""Where a group's history begins, and from when on its rows have seen all of the history that they reach."""

from collections.abc import Iterable, Mapping, Sequence
from datetime import datetime, timedelta
from functools import cache
from typing import TYPE_CHECKING, Any

from fti_assets.contracts.durations import duration
from fti_assets.contracts.partition_keys import start_of_key
from fti_assets.stores.storage import Storage
from fti_assets.stores.table_log import table_log

if TYPE_CHECKING:
    from fti_assets.contracts.catalogue_rows import CatalogueRow


def whole_from(
    features: Storage, catalogue: "Mapping[str, CatalogueRow]", names: Iterable[str]
) -> dict[str, datetime | None]:
    """For each group the instant from which on none of its rows reaches back before the first partition written.

    It is the latest of the group's own first partition and, for each group that it is computed from, the instant from
    which on that one is whole, and its longest window or look-back more. None where one of these was never written.
    A dimension reaches nowhere. What was made before its history was backfilled is out of date, and not told here.

    Args:
        features: where the feature store lies.
        catalogue: what each group is computed from; of one that it lacks only the first partition counts.
        names: the groups'.
    """

    @cache
    def of(name: str) -> datetime | None:
        begins = [first_written(features, name)]
        for source in catalogue.get(name, {}).get("inputs", ()):
            reads = catalogue.get(source.get("group", ""), {})
            if "group" in source and not reads.get("dimension"):
                whole = of(source["group"])
                begins.append(whole and whole + _reach(source, reads))
        return latest(begins)

    return {name: of(name) for name in names}


def latest(begins: Sequence[datetime | None]) -> datetime | None:
    """The latest of some instants; None where one of them is not known."""
    known = [begin for begin in begins if begin is not None]
    return max(known) if known and len(known) == len(begins) else None


def first_written(features: Storage, name: str) -> datetime | None:
    """The first instant of the earliest partition of a group that was written, with rows or without."""
    table = table_log(features.at(name)).newest()
    return None if table is None or not table.written else start_of_key(min(table.written))


def _reach(source: Mapping[str, Any], reads: Mapping[str, Any]) -> timedelta:
    """How far back a group reads another: its longest window, or its look-back and how far ahead rows are known."""
    if "windows" in source:
        return max(map(duration, source["windows"]))
    ahead = duration(reads["ahead"]) if reads.get("ahead") else timedelta(0)
    return duration(source["lookback"]) + ahead if "lookback" in source else timedelta(0)
