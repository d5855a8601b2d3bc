"""Every name that this package takes from inside Dagster, where Dagster has no public one.

The upper names are those that Dagster documents for `dagster.yaml`. The lower ones are what the pooled event log is
built on: a Dagster without one of them, or with another shape, has `unlike_tested` say so, and its own event log works.
"""

import inspect
from collections.abc import Mapping
from contextlib import suppress

import dagster as dg
from dagster._core.definitions.asset_checks.asset_check_evaluation import (  # which materialization a check was of
    AssetCheckEvaluationTargetMaterializationData as AssetCheckEvaluationTargetMaterializationData,
)
from dagster._core.definitions.data_version import DATA_VERSION_TAG as DATA_VERSION_TAG  # written by `restored`
from dagster._core.instance.ref import InstanceRef as InstanceRef  # opens a home whatever DAGSTER_HOME says
from dagster._core.storage.base_storage import DagsterStorage as DagsterStorage  # what `storage: custom` must be
from dagster._core.storage.event_log import EventLogStorage as EventLogStorage  # the type of any event log
from dagster._core.storage.event_log import SqliteEventLogStorage as SqliteEventLogStorage  # Dagster's default
from dagster._core.storage.runs import SqliteRunStorage as SqliteRunStorage  # Dagster's default
from dagster._core.storage.schedules import SqliteScheduleStorage as SqliteScheduleStorage  # Dagster's default
from dagster._serdes import ConfigurableClass as ConfigurableClass  # a class that `dagster.yaml` can name
from dagster._serdes import ConfigurableClassData as ConfigurableClassData  # how it was named there

with suppress(ImportError):  # the pooled event log is this one, with connections of its own
    from dagster._core.storage.event_log import ConsolidatedSqliteEventLogStorage as ConsolidatedSqliteEventLogStorage
with suppress(ImportError):  # which events have rows of their asset; what stands in the rows of checks; the two tables
    from dagster._core.events import ASSET_EVENTS as ASSET_EVENTS
    from dagster._core.storage.asset_check_execution_record import (
        AssetCheckExecutionRecordStatus as AssetCheckExecutionRecordStatus,
    )
    from dagster._core.storage.event_log.schema import AssetCheckExecutionsTable as AssetCheckExecutionsTable
    from dagster._core.storage.event_log.schema import SqlEventLogStorageTable as SqlEventLogStorageTable

TESTED = ((1, 13, 13), (1, 14))
"""The versions of Dagster that the pooled event log is tested with: from the first to before the second."""

_OF_THE_POOLED = {
    "ASSET_EVENTS",
    "AssetCheckExecutionRecordStatus",
    "AssetCheckExecutionsTable",
    "ConsolidatedSqliteEventLogStorage",
    "SqlEventLogStorageTable",
}
_PARAMETERS: Mapping[str, tuple[str, ...]] = {
    "__init__": ("self", "base_dir", "inst_data"),
    "_connect": ("self",),
    "_event_to_row": ("self", "event"),
    "_store_asset_event": ("self", "conn", "event", "event_id"),
    "_store_asset_event_tags": ("self", "conn", "events", "event_ids"),
    "_update_asset_check_evaluation": ("self", "event", "event_id"),
    "dispose": ("self",),
    "has_table": ("self", "table_name"),
    "on_modified": ("self",),
    "store_event": ("self", "event"),
    "store_event_batch": ("self", "events"),
    "watch": ("self", "run_id", "cursor", "callback"),
}
_CHECK_COLUMNS = {
    "asset_key",
    "check_name",
    "evaluation_event",
    "evaluation_event_storage_id",
    "evaluation_event_timestamp",
    "execution_status",
    "materialization_event_storage_id",
    "partition",
    "run_id",
}


def unlike_tested() -> str:
    """What keeps the pooled event log from working with the installed Dagster, in words; empty when nothing does."""
    version = tuple(int(part) for part in dg.__version__.split(".") if part.isdecimal())
    if not TESTED[0] <= version < TESTED[1]:
        return f"dagster {dg.__version__} is installed"
    missing = _OF_THE_POOLED - globals().keys()
    if missing:
        return f"dagster {dg.__version__} has no {', '.join(sorted(missing))}"
    for name, expected in _PARAMETERS.items():
        method = getattr(ConsolidatedSqliteEventLogStorage, name, None)
        parameters = tuple(inspect.signature(method).parameters) if callable(method) else ()
        if parameters != expected:
            return f"ConsolidatedSqliteEventLogStorage.{name} takes {parameters}, expected {expected}"
    lacking = _CHECK_COLUMNS - set(AssetCheckExecutionsTable.c.keys())
    return f"AssetCheckExecutionsTable has no columns {sorted(lacking)}" if lacking else ""
