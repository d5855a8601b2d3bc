"""`fti audit`: whether a system knows what it could not have known."""

import json
import tempfile
from collections.abc import Sequence
from dataclasses import asdict
from datetime import UTC, date, datetime, timedelta
from pathlib import Path
from typing import TYPE_CHECKING

import click

from fti_assets.cli.systems import feature_pipeline_named, system_named, system_option
from fti_assets.cli.text import table
from fti_assets.contracts.names import counted

if TYPE_CHECKING:
    from fti_assets.audit.evidence import Evidence
    from fti_assets.audit.findings import Finding
    from fti_assets.audit.system import Audit
    from fti_assets.contracts.binding import Binding
    from fti_assets.contracts.model import Model

TOO_LITTLE = 3
"""The exit code of an audit that found no leak in too few rows; click's own for a wrong option is 2."""
TRIES = 6


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
@click.option("--json", "as_json", is_flag=True, help="Print what was looked at and found as JSON.")
def leakage(system: str, first: str | None, days: int, moments: int, strict: bool, as_json: bool) -> None:
    """Alter what became known after a moment, compute again, and report every value from before it that moved.

    Each feature group is computed from its sources in a scratch directory, so nothing need be materialized and
    nothing is changed. It is computed with another clock, and with other data beside its inputs, too. Also reported:
    values made from times after the declared known time, features that come later than the predictions that want them,
    features that tell the label all by themselves, and dimensions that change or hold outcomes.

    Without --from the audit takes the first days for which there is a full history after the system's first, or later
    ones where those have too few rows, labels, or rows with a history.

    Exits with 1 when there is a leak (with --strict for a suspicion too), with 3 when nothing was found in too little:
    fewer than 30 rows with a label, or of a group. 2 is a wrong option.

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
    until = date.fromisoformat(declared.until) if declared.until else datetime.now(UTC).date()
    starts = [_day(first)] if first else _starts(_first_day(declared.since, bindings, models), until, days)
    windows = [Window.of_days(day, day + timedelta(days=days - 1)) for day in starts]
    calendar = Window.of_days(declared.since, max(until - timedelta(days=1), windows[-1].days[-1]))
    with tempfile.TemporaryDirectory(prefix="fti-audit-") as scratch:
        home = Home(Path(scratch))
        done = audit_system(bindings, models, windows, home, moments, _quiet if as_json else _say, calendar)
    if as_json:
        click.echo(json.dumps(_as_json(done), indent=1))
    else:
        _report(done)
    if done.leaks or (strict and done.findings):
        raise SystemExit(1)
    if done.too_little:
        raise SystemExit(TOO_LITTLE)


def _starts(first: date, until: date, days: int) -> list[date]:
    """The first day, and later ones in growing steps, so that a few tries reach far."""
    later = (first + timedelta(days=days * (2**n - 1)) for n in range(TRIES))
    return [day for day in later if day == first or day + timedelta(days=days) <= until]


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
    click.echo(f"\nlooked at in {done.window}:")
    table(
        ["  group or model", "rows", "keys", "days", "labels", "with history", ""],
        [["  " + part.what, *_counts(part)] for part in done.evidence],
    )
    looked_at = {"group": done.groups, "view": done.views, "feature": done.features, "moment": done.moments}
    click.echo(f"\n{', '.join(counted(count, noun) for noun, count in looked_at.items())}: {_verdict(done)}")


def _verdict(done: "Audit") -> str:
    leaks, others = len(done.leaks), len(done.findings) - len(done.leaks)
    none = "too little to tell" if done.too_little else "no leak found"
    return (counted(leaks, "leak") if leaks else none) + (f", {counted(others, 'suspicion')}" if others else "")


def _counts(part: "Evidence") -> list[str]:
    counts = (part.rows, part.keys, part.days or None, part.labels, part.history)
    return [*("" if count is None else f"{count:,}" for count in counts), "" if part.is_enough else "too few"]


def _as_json(done: "Audit") -> dict[str, object]:
    """The audit for machines."""
    return {
        "verdict": _verdict(done),
        "days": str(done.window),
        "looked_at": [asdict(part) | {"is_enough": part.is_enough} for part in done.evidence],
        "findings": [asdict(finding) for finding in done.findings],
    }


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
