"""What a lived life came to, as tables for a terminal."""

from collections.abc import Mapping
from typing import Any

import click

from fti_assets.cli.text import table
from fti_assets.demo.summary import CONSTANT, THIS_RUN

OUTCOMES = ("promoted", "rejected")


def print_summary(summary: Mapping[str, Any]) -> None:
    """Print the loss by month beside other ways of retraining, every version with its fate, and the seconds."""
    for name, model in summary["models"].items():
        click.echo(f"\n{name}: {model['metric']} by month on {model['rows']:,} rows with a label\n")
        table(_header(model), _months(model))
        gains = ", ".join(f"{way} {gain:.1%}" for way, gain in model["gain over constant"].items() if way != CONSTANT)
        click.echo(f"\nbelow the constant rate: {gains}\n")
        versions = [
            [str(v["version"]), v["cutoff"], v["outcome"], v["trigger"], v["reason"]] for v in model["versions"]
        ]
        table(["version", "cutoff", "outcome", "trained because", "gates"], versions)
        promoted, rejected = (sum(v["outcome"] == outcome for v in model["versions"]) for outcome in OUTCOMES)
        click.echo(f"\n{len(versions)} trained, {promoted} promoted, {rejected} rejected")
    click.echo()
    table(["stage", "seconds"], [[stage, f"{seconds:.1f}"] for stage, seconds in summary["seconds"].items()])


def _header(model: Mapping[str, Any]) -> list[str]:
    area = ["auc"] if model["metric"] == "log_loss" else []
    return ["month", "rows", THIS_RUN, *area, "gap", *(way for way in model["by month"] if way != THIS_RUN)]


def _months(model: Mapping[str, Any]) -> list[list[str]]:
    digits = 4 if model["metric"] == "log_loss" else 2
    rows = []
    for month, own in model["by month"][THIS_RUN].items():
        area = [] if model["metric"] != "log_loss" else ["" if own["auc"] is None else f"{own['auc']:.3f}"]
        losses = [f"{model['by month'][way][month]['loss']:.{digits}f}" for way in model["by month"]]
        rows.append([month, f"{own['rows']:,}", losses[0], *area, f"{own['calibration_gap']:+.3f}", *losses[1:]])
    return rows
