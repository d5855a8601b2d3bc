"""The storage that a home's `dagster.yaml` names: runs, events and schedules in SQLite files under the home."""

import logging
from collections.abc import Mapping
from functools import cache
from pathlib import Path
from typing import Any

import dagster as dg

from fti_assets.assets.instance import dagster_private
from fti_assets.assets.instance.dagster_private import (
    TESTED,
    ConfigurableClass,
    ConfigurableClassData,
    DagsterStorage,
    EventLogStorage,
    SqliteEventLogStorage,
    SqliteRunStorage,
    SqliteScheduleStorage,
    unlike_tested,
)

_LOG = logging.getLogger(__name__)


class HomeStorage(DagsterStorage, ConfigurableClass):
    """Dagster's own SQLite storages for runs and schedules, and the pooled event log where it can be built.

    They lie where Dagster puts them by itself, `history` and `schedules` in the base directory, and `event_log` beside
    them. The files of homes name this class and its module, so both keep their names.
    """

    def __init__(self, base_dir: str, inst_data: ConfigurableClassData | None = None) -> None:
        super().__init__()
        folder = Path(base_dir).expanduser()  # as Dagster reads DAGSTER_HOME
        self._inst_data = inst_data
        self._run_storage = SqliteRunStorage.from_local(str(folder / "history"))
        self._event_log_storage = _event_log(folder / "event_log")
        self._schedule_storage = SqliteScheduleStorage.from_local(str(folder / "schedules"))

    @classmethod
    def config_type(cls) -> Mapping[str, Any]:
        return {"base_dir": dg.StringSource}

    @classmethod
    def from_config_value(cls, inst_data: ConfigurableClassData, config_value: Mapping[str, Any]) -> "HomeStorage":
        return cls(config_value["base_dir"], inst_data)

    @property
    def inst_data(self) -> ConfigurableClassData | None:
        return self._inst_data

    @property
    def run_storage(self) -> SqliteRunStorage:
        return self._run_storage

    @property
    def event_log_storage(self) -> EventLogStorage:
        return self._event_log_storage

    @property
    def schedule_storage(self) -> SqliteScheduleStorage:
        return self._schedule_storage


def _event_log(folder: Path) -> EventLogStorage:
    """The pooled event log, or the one of Dagster's that reads and writes the same file, or else Dagster's default."""
    reason = unlike_tested()
    if not reason:
        from fti_assets.assets.instance.event_log import PooledSqliteEventLogStorage

        return PooledSqliteEventLogStorage(str(folder))
    same_file = getattr(dagster_private, "ConsolidatedSqliteEventLogStorage", None)
    _warn_once(reason, "" if same_file else f" Until then the events in {folder} are not seen.")
    return same_file(str(folder)) if same_file else SqliteEventLogStorage(str(folder / "runs"))


@cache
def _warn_once(reason: str, unseen: str) -> None:
    first, end = (".".join(map(str, version)) for version in TESTED)
    _LOG.warning(
        "Dagster's own event log takes the place of the pooled one, and range runs take longer: %s. "
        "Install dagster>=%s,<%s to have the pooled one.%s",
        reason,
        first,
        end,
        unseen,
    )
