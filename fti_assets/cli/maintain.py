"""`fti maintain` and `fti verify`: keep a home fast and small, and find out whether all is as it was written."""

from typing import TYPE_CHECKING

import click

from fti_assets.cli.text import table
from fti_assets.contracts.names import counted

if TYPE_CHECKING:
    from fti_assets.stores.maintenance import Maintenance

_SHOWN = 3


@click.command()
@click.option("--dry-run", is_flag=True, help="Say what would be done, and do nothing.")
@click.pass_obj
def maintain(home: str, dry_run: bool) -> None:
    """Make one file of each table's month, summarize logs, and delete what nothing needs any more.

    A month is made one file a week after its end. Deleted is what has been of no use for a day: files of tables that
    neither the newest version names nor one that a dataset or a model was made of, files of models that no record
    names, older revisions of what changes, and what killed writers left. Readers and writers go on meanwhile.

    Run it every week, or turn on the schedule `maintenance` in Dagster.

    \b
    Example:
      fti maintain --dry-run
    """
    from fti_assets.stores.home import Home
    from fti_assets.stores.home_maintenance import maintain_home
    from fti_assets.stores.maintenance import Maintenance

    done = maintain_home(Home(home), dry_run=dry_run)
    rows = [_row(place, did) for place, did in done.items() if did != Maintenance([], None, [])]
    if rows:
        table(["where", "months made one file", "log summarized to", "deleted"], rows)
    if dry_run:
        click.echo("nothing was done: --dry-run")
    elif not rows:
        click.echo(f"nothing to do in {home}")


@click.command()
@click.pass_obj
def verify(home: str) -> None:
    """Read every table and object whole, and name what is not as it was written.

    Of tables these are the newest version and those that datasets and models were made of. Exits with 1 when there is
    a fault.

    \b
    Example:
      fti --home s3://bucket/prefix verify
    """
    from fti_assets.stores.home import Home
    from fti_assets.stores.home_maintenance import Objects, faults_of_home

    opened, faults = Home(home), 0
    for fault in faults_of_home(opened):
        faults += 1
        click.echo(fault)
    objects = Objects.of(opened.storage)
    read = f"{counted(len(objects.tables), 'table')}, {counted(len(objects.keys), 'object')}"
    click.echo(f"{read}: {counted(faults, 'fault') if faults else 'all as it was written'}")
    if faults:
        raise SystemExit(1)


def _row(place: str, done: "Maintenance") -> list[str]:
    months, deleted = done.compacted, len(done.deleted)
    more = f" and {len(months) - _SHOWN} more" if len(months) > _SHOWN else ""
    summarized = "" if done.summarized is None else f"version {done.summarized}"
    return [place, ", ".join(months[:_SHOWN]) + more, summarized, counted(deleted, "object") if deleted else ""]
