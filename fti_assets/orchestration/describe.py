"""What the Dagster UI shows about an asset: schema, owners, tables."""

from collections.abc import Iterable, Mapping, Sequence
from typing import Any

import dagster as dg

from fti_assets.spec.feature_group import FeatureGroup
from fti_assets.spec.feature_view import FeatureView
from fti_assets.spec.schema import Kind, compiled


def group_schema(group: FeatureGroup, meanings: Mapping[str, str] | None = None) -> dg.TableSchema:
    """The group's columns with their descriptions and constraints, from its Pandera model."""
    fields = compiled(group.schema).columns
    roles = dict.fromkeys(group.keys, "key") | dict.fromkeys(group.times, "time")
    return dg.TableSchema(
        columns=[
            dg.TableColumn(
                name,
                kind,
                description=fields[name].description or roles.get(name) or (meanings or {}).get(name),
                constraints=dg.TableColumnConstraints(
                    nullable=fields[name].nullable, other=[str(check.error) for check in fields[name].checks]
                ),
            )
            for name, kind in group.columns.items()
        ]
    )


def kinds_schema(columns: Mapping[str, Kind]) -> dg.TableSchema:
    """A schema of names and kinds alone."""
    return dg.TableSchema(columns=[dg.TableColumn(name, kind) for name, kind in columns.items()])


def view_lineage(view: FeatureView) -> dg.TableColumnLineage:
    """For each feature that is looked up, the group's column it comes from."""
    return dg.TableColumnLineage(
        {
            name: [dg.TableColumnDep(asset_key=feature_key(selection.group), column_name=column)]
            for selection in view.selections
            for column, name in selection.names.items()
        }
    )


def feature_key(group: FeatureGroup) -> dg.AssetKey:
    """`features/<group>`."""
    return dg.AssetKey(["features", group.name])


def table(rows: Sequence[Mapping[str, Any]], columns: Iterable[str]) -> dg.MetadataValue:
    """A small table as Markdown."""
    names = list(columns)
    lines = ["| " + " | ".join(names) + " |", "|" + "---|" * len(names)]
    lines += ["| " + " | ".join(_cell(row.get(name)) for name in names) + " |" for row in rows]
    return dg.MetadataValue.md("\n".join(lines))


def _cell(value: Any) -> str:
    if value is None:
        return ""
    return f"{value:.4f}" if isinstance(value, float) else str(value).replace("|", "\\|")
