"""`fti audit`: whether a system knows what it could not have known."""

import json
import tempfile
from collections.abc import Sequence
from dataclasses import asdict
from datetime import date, timedelta
from pathlib import Path
from typing import TYPE_CHECKING

import click

from fti_assets.cli.systems import feature_pipeline_named, system_named, system_option
from fti_assets.contracts.names import counted

if TYPE_CHECKING:
    from fti_assets.audit.findings import Finding
    from fti_assets.audit.system import Audit
    from fti_assets.contracts.binding import Binding
    from fti_assets.contracts.model import Model


@click.group()
def audit() -> None:
    """Find out whether features know what they could not have known.

    \b
    Example:
      fti audit leakage --system shop
    """


@audit.command()
@system_option
@click.option("--from", "first", metavar="DAY", help="The first day to audit.  [default: see above]")
@click.option("--days", type=click.IntRange(1), default=3, show_default=True, help="How many days, as one batch.")
@click.option("--moments", type=click.IntRange(1), default=4, show_default=True, help="How many in each day.")
@click.option("--strict", is_flag=True, help="Fail on suspicions too.")
@click.option("--json", "as_json", is_flag=True, help="Print the findings as JSON.")
def leakage(system: str, first: str | None, days: int, moments: int, strict: bool, as_json: bool) -> None:
    """Alter what became known after a moment, compute again, and report every value from before it that moved.

    Each feature group is computed from its sources in a scratch directory, so nothing need be materialized and
    nothing is changed. Also reported: values made from times after the declared known time, features that come later
    than the predictions that want them, and features that tell the label all by themselves.

    Without --from the audit takes the first days for which there is a full history after the system's first.

    Exits with 1 when there is a leak.

    \b
    Example:
      fti audit leakage --from 2013-03-01 --days 2
    """
    from fti_assets.audit.system import audit_system
    from fti_assets.contracts.reading_order import in_order
    from fti_assets.contracts.time import Window
    from fti_assets.stores.home import Home

    declared = system_named(system)
    bindings, models = in_order(feature_pipeline_named(system).bindings), declared.models
    day = _day(first) if first else _first_day(declared.since, bindings, models)
    window = Window.of_days(day, day + timedelta(days=days - 1))
    with tempfile.TemporaryDirectory(prefix="fti-audit-") as scratch:
        done = audit_system(bindings, models, window, Home(Path(scratch)), moments, _quiet if as_json else _say)
    if as_json:
        click.echo(json.dumps([asdict(finding) for finding in done.findings], indent=1))
    else:
        _report(done)
    if done.leaks or (strict and done.findings):
        raise SystemExit(1)


def _first_day(since: str, bindings: "Sequence[Binding]", models: "Sequence[Model]") -> date:
    """The first day whose windows and look-backs begin where the system does."""
    from fti_assets.audit.system import history_of
    from fti_assets.contracts.time import Window

    first = Window.of_days(since, since)
    history = min(window.start for window in history_of(bindings, models, first).values())
    return first.days[0] + (first.start - history)


def _day(text: str) -> date:
    try:
        return date.fromisoformat(text)
    except ValueError:
        raise click.BadParameter(f"{text!r}: expected a day, such as 2013-03-01") from None


def _report(done: "Audit") -> None:
    advice: dict[str, list[Finding]] = {}
    for finding in done.findings:
        advice.setdefault(finding.advice, []).append(finding)
    for why, findings in advice.items():
        click.echo("")
        for finding in findings:
            click.echo(f"{finding.severity.upper()}  {finding.where}: {finding.column}".rstrip(": "))
            for name, said in _facts(finding).items():
                click.echo(f"  {name:<8}  {said}")
        click.echo(click.wrap_text(why, 100, "  -> ", "     "))
    leaks, others = len(done.leaks), len(done.findings) - len(done.leaks)
    verdict = counted(leaks, "leak") if leaks else "no leak found"
    verdict += f", {counted(others, 'suspicion')}" if others else ""
    looked_at = {"group": done.groups, "view": done.views, "feature": done.features, "moment": done.moments}
    click.echo(f"\n{', '.join(counted(count, noun) for noun, count in looked_at.items())}: {verdict}")


def _facts(finding: "Finding") -> dict[str, str]:
    seen = f"{finding.before} -> {finding.after}" if finding.before else finding.after
    facts = {
        "altered": finding.source if finding.moment else "",
        "from": "" if finding.moment else finding.source,
        "what": finding.because,
        "row": finding.key,
        "known": finding.known_at,
        "moved": seen,
        "rows": str(finding.rows or ""),
    }
    return {name: said for name, said in facts.items() if said}


def _say(line: str) -> None:
    click.echo(line)


def _quiet(line: str) -> None:
    """Say nothing: JSON alone is printed."""
