"""`fti demo`: a system lives through its data in minutes."""

import os

import click

from fti_assets.cli.systems import (
    DEFAULT,
    feature_pipeline_named,
    inference_pipeline_named,
    system_named,
    system_option,
    training_pipeline_named,
)


@click.command()
@system_option
@click.pass_obj
def demo(home: str, system: str) -> None:
    """Live through a system's days in minutes, through Dagster: by default the flights of 2013.

    Backfills every feature group, trains the first champion at the first cutoff, then lives week after week: decide
    whether to retrain, perhaps train, judge and promote, predict each day and monitor it. Ends with a table and writes
    the same numbers to summary.json in the home. Run again, it resumes where it was stopped or killed.

    \b
    Example:
      fti --home /data/fti demo
      fti demo --system shop
    """
    from fti_assets.assets.code_location import merged
    from fti_assets.cli.demo_summary import print_summary
    from fti_assets.demo.demo import run_demo
    from fti_assets.demo.life import Life
    from fti_assets.stores.home import Home

    os.environ["FTI_HOME"] = home
    features, training = feature_pipeline_named(system), training_pipeline_named(system)
    defs = merged(features, training, inference_pipeline_named(system))
    click.echo(f"home: {home}")
    life = Life.of(system_named(system), features.bindings, training.cutoffs)
    summary = run_demo(defs, life, Home(home), click.echo)
    print_summary(summary)
    click.echo(f"\nThe same numbers: {Home(home).local / 'summary.json'}. Features, models, predictions: {home}.")
    which = "" if system == DEFAULT else f" --system {system}"
    click.echo(f"Look at them: fti ui{which}. Ask the champion: fti serve{which}.")
    click.echo('By hand: eval "$(fti init)", then dg launch as in the README.')
