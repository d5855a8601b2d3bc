"""`fti registry`: see and decide which version of a model serves."""

from datetime import UTC, datetime
from typing import TYPE_CHECKING

import click

from fti_assets.cli.systems import only_system_option, system_named
from fti_assets.cli.text import minute, pairs, table, who
from fti_assets.contracts.errors import NoChampion

if TYPE_CHECKING:
    from fti_assets.stores.registry import JournalRecord, Registry


@click.group()
def registry() -> None:
    """See and decide which version of a model serves.

    Every decision is appended to the model's journal with its author and reason; nothing is ever overwritten.

    \b
    Example:
      fti registry list
      fti registry rollback late_arrival --why "alarms since Monday"
    """


@registry.command("list")
@only_system_option
@click.pass_obj
def list_versions(home: str, system: str | None) -> None:
    """List the versions of every model, with their figures and what became of them.

    A version is the champion (it serves), previous (a rollback returns to it), retired (it served once), rejected (a
    gate or a person refused it) or a candidate (nobody decided yet). Loss and baseline are of the holdout, the days
    before the cutoff that were kept back.

    \b
    Example:
      fti registry list
    """
    models = _registry(home)
    declared = None if system is None else {model.name for model in system_named(system).models}
    names = [name for name in models.models() if declared is None or name in declared]
    rows = [row for name in names for row in _rows(models, name)]
    if rows:
        table(["model", "version", "cutoff", "status", "metric", "loss", "baseline", "why"], rows)
    else:
        click.echo(f"no models in {home}: materialize models/<name>, or choose another --home")


@registry.command()
@click.argument("model")
@click.argument("version", type=int, required=False)
@click.pass_obj
def show(home: str, model: str, version: int | None) -> None:
    """Show what is recorded of a version: facts, figures, the gates' verdicts, and the model's journal.

    Without VERSION it is the champion, or the newest version where nothing serves.

    \b
    Example:
      fti registry show late_arrival 3
    """
    models = _registry(home)
    if version is None:
        champion = models.alias(model, "champion")
        version = champion.version if champion else max((v.version for v in models.versions(model)), default=0)
    shown = models.get(model, version)
    click.echo(f"{model} version {version}: {_statuses(models, model)[version]}\n")
    facts = {"cutoff": minute(shown.cutoff), "content_id": shown.content_id, **shown.manifest["facts"]}
    pairs({**facts, "recorded_at": shown.manifest["recorded_at"]})
    click.echo("\nfigures on the holdout")
    pairs({name: figure for name, figure in shown.read_json("metrics.json").items() if not isinstance(figure, dict)})
    verdict = models.verdict(model, version)
    verdicts = verdict.verdicts if verdict else ()
    click.echo("\ngates" if verdicts else "\ngates: no verdicts")
    for verdict_row in verdicts:
        click.echo(f"  {'pass' if verdict_row['passed'] else 'FAIL'}  {verdict_row['gate']}: {verdict_row['reason']}")
    click.echo(f"\njournal of {model}")
    entries = [_entry(entry) for entry in models.history(model)]
    table(["recorded", "action", "version", "effective", "who", "why"], entries)


@registry.command()
@click.argument("model")
@click.argument("version", type=int)
@click.option("--why", required=True, help="The reason, for the journal.")
@click.option("--effective", metavar="TIME", help="From when it serves, an ISO time with its zone.  [default: now]")
@click.pass_obj
def promote(home: str, model: str, version: int, why: str, effective: str | None) -> None:
    """Make a version the champion, whatever its gates said.

    It serves predictions from TIME on, which cannot be before its cutoff. If somebody else promotes another version
    meanwhile, nothing is changed.

    \b
    Example:
      fti registry promote late_arrival 3 --why "better on holidays" --effective 2013-12-01T00:00:00Z
    """
    models, moment = _registry(home), _moment(effective)
    models.get(model, version)
    try:
        expected = models.champion(model, moment).version
    except NoChampion:
        expected = None
    try:
        entry = models.promote(model, version, who=who(), why=why, effective=moment, expected=expected)
    except ValueError as error:
        raise click.ClickException(str(error)) from None
    click.echo(f"{model}: version {entry.version} is champion from {minute(entry.effective)} on")


@registry.command()
@click.argument("model")
@click.option("--why", required=True, help="The reason, for the journal.")
@click.pass_obj
def rollback(home: str, model: str, why: str) -> None:
    """Return to the champion before the present one, from now on.

    Twice in a row goes back two champions. Predictions already issued stay as they are.

    \b
    Example:
      fti registry rollback late_arrival --why "alarms since Monday"
    """
    try:
        entry = _registry(home).rollback(model, who=who(), why=why, effective=datetime.now(UTC))
    except ValueError as error:
        raise click.ClickException(str(error)) from None
    click.echo(f"{model}: version {entry.version} is champion again, instead of version {entry.previous}")


def _registry(home: str) -> "Registry":
    from fti_assets.stores.home import Home

    return Home(home).registry


def _moment(text: str | None) -> datetime:
    if text is None:
        return datetime.now(UTC)
    try:
        moment = datetime.fromisoformat(text)
    except ValueError:
        moment = None
    if moment is None or moment.utcoffset() is None:
        raise click.BadParameter(f"{text!r}: expected an ISO time with its zone, such as 2013-12-01T00:00:00Z")
    return moment


def _rows(models: "Registry", model: str) -> list[list[str]]:
    statuses = _statuses(models, model)
    decisions = {entry.version: entry for entry in models.history(model) if entry.action != "rollback"}
    rows = []
    for version in models.versions(model):
        figures, decision = version.read_json("metrics.json"), decisions.get(version.version)
        losses = [f"{figures[name]:.4f}" for name in ("loss", "baseline_loss")]
        number, cutoff = str(version.version), f"{version.cutoff:%Y-%m-%d}"
        why = decision.why if decision else ""
        rows.append([model, number, cutoff, statuses[version.version], figures["metric"], *losses, why])
    return rows


def _statuses(models: "Registry", model: str) -> dict[int, str]:
    """What became of each version, as its last decision says, and the journal as a whole."""
    statuses = {version.version: "candidate" for version in models.versions(model)}
    for entry in models.history(model):
        if entry.action != "rollback":
            statuses[entry.version] = "rejected" if entry.action == "reject" else "retired"
    for alias in ("previous", "champion"):
        serving = models.alias(model, alias)
        if serving:
            statuses[serving.version] = alias
    return statuses


def _entry(entry: "JournalRecord") -> list[str]:
    times = [minute(entry.recorded), entry.action, str(entry.version), minute(entry.effective)]
    return [*times, entry.who, entry.why]
