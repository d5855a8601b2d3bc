"""The Dagster instance that lives in a home."""

from pathlib import Path

import dagster as dg
import yaml

from fti_assets.stores.home import Home


def instance_directory(home: Home) -> Path:
    """Where the home keeps Dagster's files: the value for `DAGSTER_HOME`. Created, with its settings, when absent."""
    directory = home.root / "dagster"
    directory.mkdir(parents=True, exist_ok=True)
    settings = directory / "dagster.yaml"
    if not settings.exists():
        settings.write_text(yaml.safe_dump(_settings(directory), sort_keys=False))
    return directory


def open_instance(home: Home) -> dg.DagsterInstance:
    """The home's instance; use it as a context manager, so that its connections are closed."""
    return dg.DagsterInstance.from_config(str(instance_directory(home)))


def _settings(directory: Path) -> dict[str, object]:
    return {
        "event_log_storage": {
            "module": "fti_assets.assets.instance.event_log",
            "class": "PooledSqliteEventLogStorage",
            "config": {"base_dir": str(directory / "event_log")},
        },
        "telemetry": {"enabled": False},
        "nux": {"enabled": False},
        "run_monitoring": {"enabled": True},
        "run_retries": {"enabled": True, "max_retries": 1, "retry_on_asset_or_op_failure": False},
    }
