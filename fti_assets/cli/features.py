"""`fti features`: what is in the feature store, how fresh it is, and who uses it."""

import json
from collections.abc import Iterator, Mapping, Sequence
from datetime import datetime
from typing import TYPE_CHECKING, Any

import click

from fti_assets.cli.systems import feature_pipeline_named, only_system_option
from fti_assets.cli.text import minute, pairs, table

if TYPE_CHECKING:
    from fti_assets.contracts.catalogue_rows import CatalogueRow
    from fti_assets.stores.catalogue import Catalogue, Stored

SHOWN_MISSING = 5
SHOWN_LETTERS = 60
NOBODY = "nobody"


@click.group()
def features() -> None:
    """See what is in the feature store, how fresh it is, and who uses it.

    Everything is read from the home: neither Dagster nor the code that computed it is needed. With --system the groups
    that a system declares are told, whether they are stored or not.

    \b
    Example:
      fti features list
      fti features show carriers
      fti features search delay
    """


@features.command("list")
@only_system_option
@click.option("--json", "as_json", is_flag=True, help="Print JSON, for machines.")
@click.pass_obj
def list_groups(home: str, system: str | None, as_json: bool) -> None:
    """List every feature group, with what is stored of it and who uses it.

    Stored are the partitions that were written, and those missing between the first and the last. Newest is when the
    newest row became known. Models and groups use it that read any of its columns.

    \b
    Example:
      fti features list
    """
    groups, used = _groups(home, system), _used(home)
    shown = [{**_facts(entry, _stored(home, entry)), "used by": _users(entry, used)} for entry in groups.values()]
    if as_json:
        click.echo(json.dumps(shown, indent=1, default=str))
    elif shown:
        header = ["group", "keys", "columns", "partitions", "stored", "missing", "newest", "used by", "description"]
        table(header, [_row(group) for group in shown])
    else:
        click.echo(f"no feature groups in {home}: materialize features/<name>, or choose another --home")


@features.command()
@click.argument("group")
@only_system_option
@click.option("--json", "as_json", is_flag=True, help="Print JSON, for machines.")
@click.pass_obj
def show(home: str, group: str, system: str | None, as_json: bool) -> None:
    """Show all that is known of one group: contract, columns with their meaning and users, inputs, what is stored.

    \b
    Example:
      fti features show carriers
    """
    from fti_assets.stores.catalogue import get

    groups, used = _groups(home, system), _used(home)
    entry = get(groups, "feature group", group)
    stored, whole = _stored(home, entry), _whole_from(home, group)
    beside = [name for name in groups if _family(name) == _family(group) and name != group]
    columns = [{**column, "used by": used.get(f"{group}.{column['name']}", {})} for column in entry["columns"]]
    if as_json:
        facts = {
            **_facts(entry, stored),
            "missing": list(stored.missing),
            "whole from": whole,
            "other versions": beside,
        }
        click.echo(json.dumps({**entry, **facts, "columns": columns}, indent=1, default=str))
        return
    click.echo(f"{group}: {entry['documentation'] or 'not described'}\n")
    pairs(_shown(entry, stored, whole, beside))
    click.echo("\ninputs")
    for source in entry["inputs"]:
        click.echo(f"  {_input(source)}")
    click.echo("\ncolumns")
    header = ["column", "kind", "null", "meaning", "checks", "used by"]
    table([f"  {header[0]}", *header[1:]], [_column(column) for column in columns])


@features.command()
@click.argument("text")
@only_system_option
@click.option("--json", "as_json", is_flag=True, help="Print JSON, for machines.")
@click.pass_obj
def search(home: str, text: str, system: str | None, as_json: bool) -> None:
    """Find a text, in any case, in names, descriptions, columns, owners and tags.

    \b
    Example:
      fti features search delay
    """
    places = [
        {"group": name, "where": where, "found": said}
        for name, entry in _groups(home, system).items()
        for where, said in _texts(entry)
        if text.lower() in said.lower()
    ]
    if as_json:
        click.echo(json.dumps(places, indent=1))
    elif places:
        table(["group", "where", "found"], [list(place.values()) for place in places])
    else:
        click.echo(f"nothing in {home} has {text!r} in its name, description, columns, owners or tags")


def _groups(home: str, system: str | None = None) -> "dict[str, CatalogueRow]":
    """The groups that are stored; those of a system whether stored or not."""
    stored = _catalogue(home, "features", "_catalogue").rows()
    if system is None:
        return stored
    from fti_assets.contracts.catalogue_rows import group_row

    bindings = feature_pipeline_named(system).bindings
    return {b.group.name: stored.get(b.group.name) or group_row(b) for b in bindings}


def _used(home: str) -> dict[str, dict[str, str]]:
    from fti_assets.stores.catalogue import consumers

    return consumers(_groups(home), _catalogue(home, "catalogue").rows())


def _catalogue(home: str, *place: str) -> "Catalogue":
    from fti_assets.stores.catalogue import Catalogue
    from fti_assets.stores.storage import Storage

    return Catalogue(Storage(home).at(*place))


def _stored(home: str, entry: "CatalogueRow") -> "Stored":
    from fti_assets.stores.catalogue import Stored
    from fti_assets.stores.storage import Storage

    return Stored.of(Storage(home).at("features"), entry)


def _whole_from(home: str, group: str) -> "datetime | None":
    from fti_assets.stores.storage import Storage
    from fti_assets.stores.whole_history import whole_from

    catalogue = _catalogue(home, "features", "_catalogue").rows()
    return whole_from(Storage(home).at("features"), catalogue, [group])[group]


def _facts(entry: "CatalogueRow", stored: "Stored") -> dict[str, Any]:
    return {
        "group": entry["name"],
        "description": entry["description"],
        "keys": entry["keys"],
        "columns": len(entry["columns"]),
        "partitions": entry["partitions"],
        "stored": len(stored.partitions),
        "first": min(stored.partitions, default=None),
        "last": max(stored.partitions, default=None),
        "missing": len(stored.missing),
        "newest": stored.last_known,
        "table version": stored.version,
    }


def _users(entry: "CatalogueRow", used: Mapping[str, Mapping[str, str]]) -> list[str]:
    """Models, and then groups that are computed from it."""
    columns = (used.get(f"{entry['name']}.{column['name']}", {}) for column in entry["columns"])
    roles = {user: role for users in columns for user, role in users.items()}
    return sorted(roles, key=lambda user: (roles[user] in ("windows", "input"), user))


def _row(facts: Mapping[str, Any]) -> list[str]:
    whole = facts["partitions"] == "whole"
    stored = ("whole" if facts["stored"] else "") if whole else str(facts["stored"])
    counts = [
        facts["partitions"],
        stored,
        "" if whole else str(facts["missing"]),
        minute(facts["newest"]) if facts["newest"] else "",
    ]
    users = ", ".join(facts["used by"]) or NOBODY
    return [
        facts["group"],
        ", ".join(facts["keys"]),
        str(facts["columns"]),
        *counts,
        _short(users),
        _short(facts["description"]),
    ]


def _shown(
    entry: "CatalogueRow", stored: "Stored", whole_from: datetime | None, beside: Sequence[str]
) -> dict[str, Any]:
    whole = entry["partitions"] == "whole"
    times = {"event time": entry["event_time"], "known at": entry["known_at"], "lookback": entry["lookback"]}
    times |= {"known ahead": f"up to {entry['ahead']}"} if entry.get("ahead") else {}
    written = sorted(stored.partitions)
    partitions = "none"
    if written:
        partitions = "whole" if whole else f"{len(written)}, {written[0]} to {written[-1]}"
    missing = ", ".join(stored.missing[:SHOWN_MISSING])
    more = len(stored.missing) - SHOWN_MISSING
    return {
        "owners": ", ".join(entry["owners"]) or "none",
        "tags": ", ".join(f"{name}={value}" for name, value in entry["tags"].items()) or "none",
        "version": str(entry["version"]) + (f", beside {', '.join(beside)}" if beside else ""),
        "keys": ", ".join(entry["keys"]),
        **({} if whole else times),
        "partitions": entry["partitions"],
        "stored": partitions,
        **({} if whole else {"missing": (missing + (f" and {more} more" if more > 0 else "")) or "none"}),
        **({} if whole else {"whole from": minute(whole_from) if whole_from else "never"}),
        **({} if whole else {"newest row": minute(stored.last_known) if stored.last_known else "none"}),
        "table version": "none" if stored.version is None else str(stored.version),
        "invalid rows": {"fail": "fail their batch", "quarantine": "are set aside"}[entry["on_invalid"]],
        "computed by": entry["computed_by"],
        "fingerprint": entry["fingerprint"],
    }


def _input(source: "CatalogueRow") -> str:
    if "source" in source:
        return f"source {source['source']}: {source['description']}"
    columns = f"group {source['group']}: {', '.join(source['columns'])}"
    ends = f"at the rows of {source['at']}" if "at" in source else f"every {source.get('every')}"
    ends += f", closed {source['closed']}" if "closed" in source else ""
    windows = f"; windows of {', '.join(source['windows'])}, {ends}" if "windows" in source else ""
    return columns + windows + (f"; up to {source['lookback']} back" if "lookback" in source else "")


def _column(column: "CatalogueRow") -> list[str]:
    users = [f"{user} ({role})" if role != "feature" else user for user, role in column["used by"].items()]
    said = ", ".join(users) or (column["role"] if column["role"] != "value" else NOBODY)
    null = "null" if column["nullable"] else ""
    return [f"  {column['name']}", column["kind"], null, column["description"], ", ".join(column["checks"]), said]


def _texts(entry: "CatalogueRow") -> Iterator[tuple[str, str]]:
    yield "name", entry["name"]
    yield "description", " ".join(entry["documentation"].split())
    for column in entry["columns"]:
        yield "column", column["name"] + (f": {column['description']}" if column["description"] else "")
    yield from (("owner", owner) for owner in entry["owners"])
    yield from (("tag", f"{name}={value}") for name, value in entry["tags"].items())


def _family(name: str) -> str:
    base, _, version = name.rpartition("_v")
    return base if base and version.isdigit() else name


def _short(said: str) -> str:
    return said if len(said) <= SHOWN_LETTERS else said[:SHOWN_LETTERS].rpartition(" ")[0] + " …"
