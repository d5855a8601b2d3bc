"""How the `fti` commands print."""

import getpass
import json
import shutil
import sys
from collections.abc import Mapping, Sequence
from datetime import UTC, datetime
from io import StringIO
from typing import Any

import click

WIDER_THAN_ANY_ROW = 100_000


def table(header: Sequence[str], rows: Sequence[Sequence[str]]) -> None:
    """Print rows in columns; cells are folded where a terminal is too narrow, and whole in a file or a pipe."""
    from rich.console import Console
    from rich.table import Table

    grid = Table(box=None, pad_edge=False, padding=(0, 2, 0, 0))
    for name in header:
        grid.add_column(name, overflow="fold")
    for row in rows:
        grid.add_row(*row)
    width = shutil.get_terminal_size().columns if sys.stdout.isatty() else WIDER_THAN_ANY_ROW
    console = Console(file=StringIO(), width=width, markup=False, emoji=False, highlight=False)
    with console.capture() as printed:
        console.print(grid)
    for line in printed.get().splitlines():
        click.echo(line.rstrip())


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
