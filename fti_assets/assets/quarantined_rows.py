"""What the Dagster UI shows of rows that were set aside, and of columns that were widened."""

from typing import Any

from fti_assets.assets.describe import cases_table, table
from fti_assets.contracts.binding import Binding
from fti_assets.features.materialization import Materialization
from fti_assets.validation.batch_validation import WHOLE_TABLE

_REASONS = 10


def count_set_aside(binding: Binding, written: Materialization, partition: str = WHOLE_TABLE) -> dict[str, Any]:
    """The number that Dagster plots, 0 too, of a group that may set rows aside, itself or in a source it reads."""
    modes = {binding.group.on_invalid, *(source.on_invalid for source in binding.sources)}
    if modes == {"fail"}:
        return {}
    return {"rows quarantined": written.set_aside.get(partition, 0)}


def set_aside_metadata(written: Materialization) -> dict[str, Any]:
    """For the contract's check: how many rows were set aside and the most frequent reasons; nothing where none were."""
    rows = sum(written.set_aside.values())
    if not rows:
        return {}
    return {"rows quarantined": rows, "reasons": cases_table(written.reasons[:_REASONS])}


def widened_metadata(written: Materialization) -> dict[str, Any]:
    """The columns that came in other types; nothing where all came as declared."""
    shown = [{"column": column, "types": types} for column, types in written.widened.items()]
    return {"widened columns": table(shown, ("column", "types"))} if shown else {}
