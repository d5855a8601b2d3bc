"""How the `fti` commands print."""

import getpass
import json
from collections.abc import Mapping, Sequence
from datetime import UTC, datetime
from typing import Any

import click


def table(header: Sequence[str], rows: Sequence[Sequence[str]]) -> None:
    """Print rows in columns as wide as their widest cell."""
    widths = [max(len(row[n]) for row in [header, *rows]) for n in range(len(header))]
    for row in [header, *rows]:
        click.echo("  ".join(f"{cell:<{width}}" for cell, width in zip(row, widths, strict=True)).rstrip())


def pairs(facts: Mapping[str, Any]) -> None:
    """Print names and values, a line each."""
    width = max(map(len, facts))
    for name, value in facts.items():
        click.echo(f"  {name:<{width}}  {value if isinstance(value, str) else json.dumps(value, sort_keys=True)}")


def minute(moment: datetime) -> str:
    """An instant in UTC, to the minute."""
    return f"{moment.astimezone(UTC):%Y-%m-%d %H:%MZ}"


def who() -> str:
    """Who runs the command, for the journals."""
    return getpass.getuser()
