"""Dagster's own commands find the flights in the repository."""

import json
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).parent.parent


def ran(command: str) -> str:
    """What a command of the environment prints, run in the repository."""
    program, *arguments = command.split()
    path = str(Path(sys.executable).with_name(program))
    done = subprocess.run([path, *arguments], cwd=ROOT, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stdout + done.stderr
    return done.stdout


@pytest.mark.slow
def test_dg_checks_them() -> None:
    assert "All definitions loaded successfully." in ran("dg check defs")


@pytest.mark.slow
def test_dg_lists_them() -> None:
    assets = {asset["asset_key"] for asset in json.loads(ran("dg list defs --json"))["assets"]}
    assert {"features/carriers", "models/late_arrival", "predictions/late_arrival"} <= assets


@pytest.mark.slow
def test_dagster_validates_the_three_locations_of_the_workspace() -> None:
    """This one also sends each location's definitions from its server, as the UI does."""
    said = ran("dagster definitions validate -w workspace.yaml")
    assert [f"Validation successful for code location {name}" in said for name in ("features", "training", "inference")]
    assert "Validation failed" not in said
