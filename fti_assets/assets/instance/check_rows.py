"""The rows of asset checks in Dagster's event log, written for all partitions of a run in one statement."""

from collections.abc import Sequence
from datetime import UTC, datetime
from typing import Any, NamedTuple

import dagster as dg
import sqlalchemy as db

from fti_assets.assets.instance.dagster_private import AssetCheckExecutionRecordStatus as Status
from fti_assets.assets.instance.dagster_private import AssetCheckExecutionsTable


class Stored(NamedTuple):
    """An event, its number in the log and how it is written there."""

    event: dg.EventLogEntry
    number: int
    content: str


_COLUMNS = AssetCheckExecutionsTable.c
_EVALUATION = (
    "execution_status",
    "evaluation_event",
    "evaluation_event_timestamp",
    "evaluation_event_storage_id",
    "materialization_event_storage_id",
)
_UPDATE = (
    AssetCheckExecutionsTable.update()
    .where(
        _COLUMNS.asset_key == db.bindparam("of_asset"),
        _COLUMNS.check_name == db.bindparam("of_check"),
        _COLUMNS.run_id == db.bindparam("of_run"),
        _COLUMNS.partition == db.bindparam("of_partition"),
    )
    .values({name: db.bindparam(name) for name in _EVALUATION})
)


def plan(connection: db.Connection, planned: Sequence[Stored]) -> None:
    """A row for each partition of the checks that a run plans, or one for a check without partitions."""
    rows = [
        {
            "asset_key": data.asset_key.to_string(),
            "check_name": data.check_name,
            "partition": partition,
            "run_id": check.event.run_id,
            "execution_status": Status.PLANNED.value,
            "evaluation_event": check.content,
            "evaluation_event_timestamp": _timestamp(check.event),
            "evaluation_event_storage_id": check.number,
        }
        for check in planned
        for data in [_data(check.event)]
        for partition in (data.partitions_subset.get_partition_keys() if data.partitions_subset else [None])
    ]
    if rows:
        connection.execute(AssetCheckExecutionsTable.insert(), rows)


def evaluate(connection: db.Connection, evaluated: Sequence[Stored]) -> bool:
    """Turn the rows that were planned into results; false when an evaluation was not planned, or more than once."""
    rows = [_result(check) for check in evaluated]
    return not rows or connection.execute(_UPDATE, rows).rowcount == len(rows)


def _result(check: Stored) -> dict[str, Any]:
    evaluation = _data(check.event)
    target = evaluation.target_materialization_data
    return {
        "of_asset": evaluation.asset_key.to_string(),
        "of_check": evaluation.check_name,
        "of_run": check.event.run_id,
        "of_partition": evaluation.partition,
        "execution_status": (Status.SUCCEEDED if evaluation.passed else Status.FAILED).value,
        "evaluation_event": check.content,
        "evaluation_event_timestamp": _timestamp(check.event),
        "evaluation_event_storage_id": check.number,
        "materialization_event_storage_id": target.storage_id if target else None,
    }


def _data(event: dg.EventLogEntry) -> Any:
    return event.get_dagster_event().event_specific_data


def _timestamp(event: dg.EventLogEntry) -> datetime:
    return datetime.fromtimestamp(event.timestamp, UTC).replace(tzinfo=None)
