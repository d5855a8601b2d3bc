"""`fti stale`: what read something that has changed or come since."""

import json
from collections.abc import Iterator
from typing import TYPE_CHECKING

import click

from fti_assets.cli.systems import feature_pipeline_named, system_named, system_option
from fti_assets.cli.text import table
from fti_assets.contracts.names import counted

if TYPE_CHECKING:
    from fti_assets.stores.out_of_date import OutOfDate


@click.command()
@system_option
@click.option("--json", "as_json", is_flag=True, help="Print JSON, for machines.")
@click.pass_obj
def stale(home: str, system: str, as_json: bool) -> None:
    """Tell which partitions, datasets, models and predictions are out of date, and why.

    Each keeps the names of content of what it read and the version of the code that made it. It is out of date when it
    would be made from other content, or by other code, now: an input was corrected or came later, however many
    partitions of it are read. What reads it is told once it was made again with other rows.

    Exits with 1 when anything is out of date.

    \b
    Example:
      fti stale --system shop
    """
    told = list(_out_of_date(home, system))
    if as_json:
        facts = [{"asset": one.asset, "partition": one.partition, "causes": one.causes} for one in told]
        click.echo(json.dumps(facts, indent=1))
    elif told:
        table(["asset", "partition", "because"], [[one.asset, one.partition, "; ".join(one.causes)] for one in told])
        click.echo(f"{counted(len(told), 'partition')} out of date")
    else:
        click.echo("everything is up to date")
    if told:
        raise SystemExit(1)


def _out_of_date(home: str, system: str) -> "Iterator[OutOfDate]":
    from fti_assets.features.out_of_date import partitions_out_of_date
    from fti_assets.inference.out_of_date import predictions_out_of_date
    from fti_assets.stores.home import Home
    from fti_assets.training.out_of_date import datasets_out_of_date, models_out_of_date

    opened, models = Home(home), system_named(system).models
    for binding in feature_pipeline_named(system).bindings:
        yield from partitions_out_of_date(binding, opened.features)
    for model in models:
        for which in (datasets_out_of_date, models_out_of_date, predictions_out_of_date):
            yield from which(model, opened)
