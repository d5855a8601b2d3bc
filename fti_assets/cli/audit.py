"""`fti audit`: whether a system knows what it could not have known."""

import json
import tempfile
from collections.abc import Sequence
from contextlib import suppress
from dataclasses import asdict
from datetime import UTC, date, datetime, timedelta
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from fti_assets.cli.modules import named_in

if TYPE_CHECKING:
    from fti_assets.audit.findings import Finding
    from fti_assets.audit.system import Audit
    from fti_assets.contracts.model import Model

FEATURES, MODELS = "fti_assets.flights.features", "fti_assets.flights.contracts"


@click.group()
def audit() -> None:
    """Find out whether features know what they could not have known.

    \b
    Example:
      fti audit leakage --features shop.features --models shop.contracts
    """


@audit.command()
@click.option("--features", metavar="MODULE", default=FEATURES, show_default=True, help="A module with BINDINGS.")
@click.option("--models", metavar="MODULE", default=MODELS, show_default=True, help="A module with MODELS.")
@click.option("--from", "first", metavar="DAY", help="The first day to audit.  [default: see above]")
@click.option("--days", type=click.IntRange(1), default=3, show_default=True, help="How many days, as one batch.")
@click.option("--moments", type=click.IntRange(1), default=4, show_default=True, help="How many in each day.")
@click.option("--strict", is_flag=True, help="Fail on suspicions too.")
@click.option("--json", "as_json", is_flag=True, help="Print the findings as JSON.")
def leakage(
    features: str, models: str, first: str | None, days: int, moments: int, strict: bool, as_json: bool
) -> None:
    """Alter what became known after a moment, compute again, and report every value from before it that moved.

    Each feature group is computed from its sources in a scratch directory, so nothing need be materialized and
    nothing is changed. Also reported: values made from times after the declared known time, features that come later
    than the predictions that want them, and features that tell the label all by themselves.

    The modules are looked for in the working directory too. Without --from the audit takes the first days for which
    there is a full history after the module's SINCE, or where it has none the last days before today.

    Exits with 1 when there is a leak.

    \b
    Example:
      fti audit leakage --from 2013-03-01 --days 2
    """
    from fti_assets.audit.system import audit_system, in_order
    from fti_assets.contracts.time import Window
    from fti_assets.stores.home import Home

    bindings = in_order(tuple(named_in(features, "BINDINGS", "what .computed and .aggregated give")))
    declared = tuple(named_in(models, "MODELS", "fti.Model"))
    day = _day(first) if first else _first_day([features, models], bindings, declared, days)
    window = Window.of_days(day, day + timedelta(days=days - 1))
    with tempfile.TemporaryDirectory(prefix="fti-audit-") as scratch:
        done = audit_system(bindings, declared, window, Home(Path(scratch)), moments, _quiet if as_json else _say)
    if as_json:
        click.echo(json.dumps([asdict(finding) for finding in done.findings], indent=1))
    else:
        _report(done)
    if done.leaks or (strict and done.findings):
        raise SystemExit(1)


def _first_day(modules: Sequence[str], bindings: Sequence[Any], models: "Sequence[Model]", days: int) -> date:
    from fti_assets.audit.system import history_of
    from fti_assets.contracts.time import Window

    for module in modules:
        with suppress(click.ClickException):
            since = Window.of_days(_day(named_in(module, "SINCE", "")), _day(named_in(module, "SINCE", "")))
            history = min(window.start for window in history_of(bindings, models, since).values())
            return since.days[0] + (since.start - history)
    return datetime.now(UTC).date() - timedelta(days=days)


def _day(given: str) -> date:
    try:
        return date.fromisoformat(given)
    except ValueError:
        raise click.BadParameter(f"{given!r}: expected a day, such as 2013-03-01") from None


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
    verdict = f"{leaks} leak{'s' * (leaks != 1)}" if leaks else "no leak found"
    verdict += f", {others} suspicion{'s' * (others != 1)}" if others else ""
    looked_at = f"{done.groups} groups, {done.views} views, {done.features} features, {done.moments} moments"
    click.echo(f"\n{looked_at}: {verdict}")


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
