"""A table at one version, as deltalake tells it: what it promises, and its files by their partitions."""

import json
from typing import TYPE_CHECKING

import attrs
import polars as pl

from fti_assets.contracts.errors import DeclarationError
from fti_assets.contracts.kinds import Kind
from fti_assets.stores.month_files import MonthFile
from fti_assets.stores.table_contract import CONTENT, MONTH, PARTITION, TableContract

if TYPE_CHECKING:
    from deltalake import DeltaTable, Field

NEVER_NULL = "fti.never_null"
_PARTITIONS, _KEYS = "fti.partitions", "fti.keys"
_DELTA_TYPES = {
    Kind.TEXT: "string",
    Kind.INTEGER: "long",
    Kind.NUMBER: "double",
    Kind.BOOLEAN: "boolean",
    Kind.TIME: "timestamp",
}
_KINDS = {name: kind for kind, name in _DELTA_TYPES.items()}
_CONFIGURATION = {
    "delta.deletedFileRetentionDuration": "interval 3650 days",
    "delta.logRetentionDuration": "interval 3650 days",
    "delta.enableExpiredLogCleanup": "false",
    "delta.checkpointInterval": "10",
    "delta.dataSkippingStatsColumns": f"{PARTITION},{CONTENT}",
}


@attrs.frozen
class TableVersion:
    """A table at one version.

    Attributes:
        number: the version, from 0 for the empty table.
        contract: what its rows are.
        files: those that hold its rows.
        marks: the keys of the partitions that were written, those without rows too.
    """

    number: int
    contract: TableContract
    files: tuple[MonthFile, ...]
    marks: frozenset[str]

    @property
    def written(self) -> frozenset[str]:
        """The keys of the partitions that were written, as far as they tell the first and the last of them."""
        return self.marks.union(key for file in self.files for key in (file.first, file.last))


def version_of(table: "DeltaTable", marks: frozenset[str]) -> TableVersion:
    """The version that deltalake has opened. DeclarationError when other stores than these made the table."""
    metadata = table.metadata()
    said = metadata.configuration
    if metadata.partition_columns != [MONTH] or _PARTITIONS not in said:
        raise DeclarationError(
            f"{table.table_uri}: it is parted by {', '.join(metadata.partition_columns)}: another program made it, "
            "or an older version of this one: delete it and materialize it again"
        )
    fields = [field for field in table.schema().fields if field.name not in (PARTITION, CONTENT, MONTH)]
    contract = TableContract(
        {field.name: _KINDS[str(field.type.type)] for field in fields},
        said[_PARTITIONS],
        tuple(said[_KEYS].split(",")) if said[_KEYS] else (),
        frozenset(field.name for field in fields if field.metadata.get(NEVER_NULL) == "true"),
    )
    first, last, content = pl.col(f"min.{PARTITION}"), pl.col(f"max.{PARTITION}"), pl.col(f"min.{CONTENT}")
    files = pl.DataFrame(table.get_add_actions(flatten=True)).select(
        path="path",
        first=first,
        last=last,
        rows="num_records",
        size="size_bytes",
        content=pl.when(first == last).then(content).otherwise(pl.lit("")),
    )
    return TableVersion(table.version(), contract, tuple(MonthFile(**row) for row in files.to_dicts()), marks)


def configuration_of(contract: TableContract) -> dict[str, str]:
    """The properties with which a table is made."""
    return {**_CONFIGURATION, _PARTITIONS: contract.partitions, _KEYS: ",".join(contract.keys)}


def fields_of(contract: TableContract) -> "list[Field]":
    """A table's columns as Delta declares them, its own among them."""
    from deltalake import Field
    from deltalake.schema import PrimitiveType

    types = {PARTITION: "string", CONTENT: "string", **{n: _DELTA_TYPES[k] for n, k in contract.columns.items()}}
    return [
        Field(name, PrimitiveType(primitive), metadata={NEVER_NULL: "true"} if name in contract.never_null else None)
        for name, primitive in {**types, MONTH: "string"}.items()
    ]


def statistics_of(file: MonthFile) -> str:
    """What the log says of a file: enough to tell its partitions' range, and the content of one alone, unopened."""
    least, most = (
        {PARTITION: key, CONTENT: file.content or other} for key, other in ((file.first, "0"), (file.last, "f"))
    )
    nulls = {PARTITION: 0, CONTENT: 0}
    return json.dumps({"numRecords": file.rows, "minValues": least, "maxValues": most, "nullCount": nulls})
