"""The workspace of a system: its pipelines as Dagster's code locations."""

from collections.abc import Mapping
from pathlib import Path

import yaml

from fti_assets.assets.instance.settings import instance_directory
from fti_assets.stores.home import Home
from fti_assets.stores.text_files import replace_text


def write_workspace(home: Home, locations: Mapping[str, tuple[str, str]], working_directory: Path) -> Path:
    """Write `workspace.yaml` beside the home's `dagster.yaml`.

    Args:
        home: whose instance it is for.
        locations: by the name of a code location its module, and the attribute of its definitions.
        working_directory: where modules are looked for, besides those that are installed.
    """
    load_from = [
        {
            "python_module": {
                "module_name": module,
                "attribute": attribute,
                "location_name": location,
                "working_directory": str(working_directory),
            }
        }
        for location, (module, attribute) in locations.items()
    ]
    path = instance_directory(home) / "workspace.yaml"
    replace_text(path, yaml.safe_dump({"load_from": load_from}, sort_keys=False))
    return path
