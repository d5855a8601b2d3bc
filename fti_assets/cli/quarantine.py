"""`fti quarantine`: look at rows that were set aside, and let those pass that are right after all."""

import json
import shlex
from collections import Counter
from typing import TYPE_CHECKING

import click

from fti_assets.cli.systems import feature_pipeline_named, only_system_option
from fti_assets.cli.text import minute, table, who
from fti_assets.contracts.names import counted

if TYPE_CHECKING:
    from fti_assets.stores.quarantine import Quarantined, QuarantineStore

_WIDTH = 100


@click.group()
def quarantine() -> None:
    """Look at rows that were set aside, and let those pass that are right after all.

    A feature group or a source with on_invalid="quarantine" sets rows aside that break its contract, and goes on with
    the others. They wait here, with the reasons, until their partition is materialized again.

    \b
    Example:
      fti quarantine list
      fti quarantine release order 2024-01-31 --why "the prize draw really gave 0 pieces"
    """


@quarantine.command("list")
@only_system_option
@click.option("--group", metavar="GROUP", help="Only this one's: a feature group, or source/NAME.")
@click.pass_obj
def list_partitions(home: str, system: str | None, group: str | None) -> None:
    """List the partitions that have rows set aside, how many, and the most frequent reason.

    Released rows pass when their partition is materialized again; until then they are listed.

    \b
    Example:
      fti quarantine list --group order
    """
    store = _store(home)
    owners = [_owner(store, group)] if group else store.owners()
    declared = owners if system is None else _declared(system)
    rows = [row for owner in owners if owner in declared for row in store.rows(owner)]
    by_partition: dict[tuple[str, str], list[Quarantined]] = {}
    for row in rows:
        by_partition.setdefault((row.owner, row.partition), []).append(row)
    if not by_partition:
        click.echo(f"no rows are set aside in {home}{f' of {group}' if group else ''}")
        return
    lines = [
        [owner, partition, str(len(rows_aside)), _released(rows_aside), _frequent(rows_aside)]
        for (owner, partition), rows_aside in by_partition.items()
    ]
    table(["of", "partition", "rows", "released", "most frequent reason"], lines)


@quarantine.command()
@click.argument("group")
@click.option("--partition", help="Only this partition's.")
@click.option("--limit", type=click.IntRange(1), default=20, show_default=True, help="At most so many rows.")
@click.pass_obj
def show(home: str, group: str, partition: str | None, limit: int) -> None:
    """Show rows that were set aside, each with its reasons: column, check and value.

    GROUP is a feature group, or source/NAME. The row's first digits name it for `fti quarantine release --row`.

    \b
    Example:
      fti quarantine show order --partition 2024-01-31
    """
    store = _store(home)
    owner = _owner(store, group)
    rows = store.rows(owner, partition)
    if not rows:
        click.echo(f"no rows of {owner} are set aside{f' in {partition}' if partition else ''}")
        return
    from fti_assets.stores.quarantine import SHOWN_DIGITS

    lines = []
    for row in rows[:limit]:
        why = "; ".join(f"{reason.column}: {reason.check} (is {reason.value})" for reason in row.reasons)
        status = "released" if row.released else "cannot be" if row.kept_by else "no"
        lines.append([row.partition, row.digest[:SHOWN_DIGITS], status, _one_line(why), _one_line(row.row)])
    table(["partition", "row", "released", "why", "values"], lines)
    click.echo(f"\n{_counted(len(rows), limit)}, set aside since {minute(min(row.recorded_at for row in rows))}")


@quarantine.command()
@click.argument("group")
@click.argument("partition")
@click.option("--row", "digests", metavar="DIGITS", multiple=True, help="Only the row whose first digits these are.")
@click.option("--why", required=True, help="The reason, for the journal.")
@click.option("--by", metavar="NAME", help="Who decides.  [default: you]")
@click.pass_obj
def release(home: str, group: str, partition: str, digests: tuple[str, ...], why: str, by: str | None) -> None:
    """Let rows pass the checks for which they were set aside, when their partition is materialized again.

    GROUP is a feature group, or source/NAME. Without --row, all rows of the partition that can be released are. Only
    checks of a column's values can be waived: a value of another type, a null where none may be, a row without a
    time, of another partition, or there twice has to be corrected where it comes from.

    \b
    Example:
      fti quarantine release order 2024-01-31 --row 1f0c --why "the prize draw really gave 0 pieces"
    """
    store = _store(home)
    owner = _owner(store, group)
    try:
        waiver = store.release(owner, partition, digests, who=by or who(), why=why)
    except ValueError as error:
        raise click.ClickException(str(error)) from None
    others = len({row.digest for row in store.rows(owner, partition) if not row.released})
    click.echo(f"{owner} {partition}: {counted(len(waiver.rows), 'row')} released{f', {others} not' if others else ''}")
    which = owner if owner.startswith("features/") else f'key:"{owner}"+1 and not key:"{owner}"'
    when = "" if partition == "whole" else f" --partition {partition}"
    click.echo("They pass when the partition is materialized again, from the module of your feature pipeline:")
    click.echo(f"  dg launch -m MODULE --assets {shlex.quote(which)}{when}")


def _store(home: str) -> "QuarantineStore":
    from fti_assets.stores.home import Home

    return Home(home).features.quarantine


def _declared(system: str) -> set[str]:
    bindings = feature_pipeline_named(system).bindings
    sources = {f"source/{source.name}" for binding in bindings for source in binding.sources}
    return sources | {f"features/{binding.group.name}" for binding in bindings}


def _owner(store: "QuarantineStore", group: str) -> str:
    """`features/<group>` for a bare name, unless only a source of that name has rows set aside."""
    owners = store.owners()
    if group in owners:
        return group
    matching = [owner for owner in (f"features/{group}", f"source/{group}") if owner in owners]
    if matching:
        return matching[0]
    others = f"; with rows set aside: {', '.join(owners)}" if owners else ": no rows are set aside at all"
    raise click.ClickException(f"no rows of {group!r} are set aside{others}")


def _released(rows: "list[Quarantined]") -> str:
    released = sum(row.released for row in rows)
    return f"{released} of {len(rows)}" if released else "no"


def _frequent(rows: "list[Quarantined]") -> str:
    """The most frequent reason; of equally frequent ones the first in the alphabet."""
    reasons = Counter(f"{reason.column}: {reason.check}" for row in rows for reason in row.reasons)
    reason, count = min(reasons.items(), key=lambda item: (-item[1], item[0]))
    return f"{reason} ({count})"


def _counted(rows: int, limit: int) -> str:
    return f"{limit} of {rows} rows" if rows > limit else counted(rows, "row")


def _one_line(text: str) -> str:
    """Text as a cell shows it: no line breaks or control characters, and not too wide."""
    plain = json.dumps(text, ensure_ascii=False)[1:-1].replace('\\"', '"').replace("\\\\", "\\")
    return plain if len(plain) <= _WIDTH else f"{plain[: _WIDTH - 1]}…"
