"""What the Dagster UI shows about an asset: schema, lineage of columns, freshness, tables."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import asdict
from typing import Any

import dagster as dg

from fti_assets.assets.keys import feature_key
from fti_assets.contracts.binding import Binding
from fti_assets.contracts.catalogue_rows import columns
from fti_assets.contracts.errors import FailingCase
from fti_assets.contracts.feature_view import FeatureView
from fti_assets.contracts.group import Group
from fti_assets.contracts.kinds import Kind
from fti_assets.contracts.lineage import computed_from


def group_schema(group: Group) -> dg.TableSchema:
    """The group's columns with their descriptions and constraints, from its Pandera model."""
    return dg.TableSchema(
        columns=[
            dg.TableColumn(
                column["name"],
                column["kind"],
                description=column["description"] or None,
                constraints=dg.TableColumnConstraints(nullable=column["nullable"], other=column["checks"]),
            )
            for column in columns(group)
        ]
    )


def group_lineage(binding: Binding) -> dict[str, dg.TableColumnLineage]:
    """As metadata, for each aggregated column the one it is computed from; nothing where a function computes them."""
    columns = {
        name: [dg.TableColumnDep(asset_key=feature_key(column.group), column_name=column.name)]
        for name, column in computed_from(binding).items()
    }
    return {"dagster/column_lineage": dg.TableColumnLineage(columns)} if columns else {}


def fresh(group: Group, partitions: dg.TimeWindowPartitionsDefinition) -> dg.FreshnessPolicy | None:
    """That somebody materializes the group about once a period; nothing of a system whose calendar ends."""
    if partitions.end is not None:
        return None
    return dg.FreshnessPolicy.time_window(fail_window=2 * group.period.length, warn_window=1.5 * group.period.length)


def kinds_schema(columns: Mapping[str, Kind]) -> dg.TableSchema:
    """A schema of names and kinds alone."""
    return dg.TableSchema(columns=[dg.TableColumn(name, str(kind)) for name, kind in columns.items()])


def view_lineage(view: FeatureView) -> dg.TableColumnLineage:
    """For each feature that is looked up, the group's column it comes from."""
    return dg.TableColumnLineage(
        {
            name: [dg.TableColumnDep(asset_key=feature_key(selection.group), column_name=column)]
            for selection in view.selections
            for column, name in selection.names.items()
        }
    )


def table(rows: Sequence[Mapping[str, Any]], shown: Iterable[str]) -> dg.MetadataValue:
    """A small table as Markdown."""
    return dg.MetadataValue.md(markdown_table(rows, shown))


def markdown_table(rows: Sequence[Mapping[str, Any]], shown: Iterable[str]) -> str:
    """The named cells of each row as a Markdown table, under their names."""
    names = list(shown)
    lines = ["| " + " | ".join(names) + " |", "|" + "---|" * len(names)]
    lines += ["| " + " | ".join(_cell(row.get(name)) for name in names) + " |" for row in rows]
    return "\n".join(lines)


def cases_table(cases: Sequence[FailingCase]) -> dg.MetadataValue:
    """Failing cases as Markdown; whose rows they are where they say so."""
    whose = ["of"] if any(case.of for case in cases) else []
    return table([asdict(case) for case in cases], [*whose, "column", "check", "value", "rows"])


def _cell(value: Any) -> str:
    if value is None:
        return ""
    return f"{value:.4f}" if isinstance(value, float) else str(value).replace("|", "\\|")
