"""The Dagster instance that lives in a home, and the `dagster.yaml` that describes it."""

from collections.abc import Mapping
from pathlib import Path
from typing import Any

import dagster as dg
import yaml

from fti_assets.assets.instance.dagster_private import InstanceRef
from fti_assets.contracts.errors import DeclarationError
from fti_assets.stores.home import Home
from fti_assets.stores.text_files import kept_text, replace_text

_THIS_HOME = {"env": "DAGSTER_HOME"}
_STORAGE = {
    "storage": {
        "custom": {
            "module": "fti_assets.assets.instance.storage",
            "class": "HomeStorage",
            "config": {"base_dir": _THIS_HOME},
        }
    }
}
_REST = {
    "telemetry": {"enabled": False},
    "nux": {"enabled": False},
    "run_monitoring": {"enabled": True},
    "run_retries": {"enabled": True, "max_retries": 1, "retry_on_asset_or_op_failure": False},
}

_CONNECTIONS = {"statement_timeout": 60_000, "pool_recycle": 3600, "max_overflow": 20}
"""Of a Postgres, kept open as Dagster's webserver keeps them: by itself Dagster opens three for each event."""


def instance_directory(home: Home) -> Path:
    """Where the home keeps Dagster's files: the value for `DAGSTER_HOME`. Created, with its settings, when absent.

    The settings are a person's to change: a `storage:` of their own is the whole storage, with nothing left of ours.
    Raises DeclarationError, saying what to change, when they still have the event log of an earlier fti_assets.
    """
    directory = home.local / "dagster"
    _settings(directory)
    return directory


def open_instance(home: Home) -> dg.DagsterInstance:
    """The home's instance, whatever `DAGSTER_HOME` says; a context manager, so that its connections are closed."""
    directory = instance_directory(home)
    of_home = {name: _in(directory, value) for name, value in _settings(directory).items()}
    instance = dg.DagsterInstance.from_ref(InstanceRef.from_dir(str(directory), overrides=of_home))
    instance.optimize_for_webserver(**_CONNECTIONS)
    return instance


def _settings(directory: Path) -> dict[str, Any]:
    """What `dagster.yaml` says, written first when absent and again when an earlier fti_assets generated it."""
    file = directory / "dagster.yaml"
    text = kept_text(file, _as_text(_STORAGE | _REST))
    settings = yaml.safe_load(text) or {}
    match settings:
        case {"event_log_storage": {"class": "PooledSqliteEventLogStorage", "config": {"base_dir": str(folder)}}} if (
            Path(folder).parts[-2:] == ("dagster", "event_log")
            and text == _as_text({"event_log_storage": settings["event_log_storage"]} | _REST)
        ):
            settings = _STORAGE | _REST
            replace_text(file, _as_text(settings))
        case {"event_log_storage": {"class": "PooledSqliteEventLogStorage"}}:
            instead = "" if "storage" in settings else f", and in their place put\n\n{_as_text(_STORAGE)}"
            raise DeclarationError(
                f"{file}: the event_log_storage in it is that of an earlier fti_assets, which wrote to the folder in "
                f"which the home was made, wherever it is now: take the lines of event_log_storage out{instead}"
            )
    return dict(settings)


def _in(directory: Path, value: Any) -> Any:
    """The settings with the directory where they name `DAGSTER_HOME`."""
    if value == _THIS_HOME:
        return str(directory)
    if isinstance(value, Mapping):
        return {name: _in(directory, part) for name, part in value.items()}
    return value


def _as_text(settings: Mapping[str, Any]) -> str:
    return yaml.safe_dump(dict(settings), sort_keys=False)
