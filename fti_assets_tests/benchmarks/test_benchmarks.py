"""Each benchmark runs, at a size of a few days."""

import importlib
from dataclasses import asdict
from pathlib import Path

import pytest

from benchmarks import harness
from benchmarks.__main__ import NAMES
from benchmarks.child import called
from benchmarks.harness import TINY, Call, Measured

APART = ("dagster_bookkeeping", "feast_offline")
"""The one sets the process's environment, the other installs one."""


def in_this_process(call: Call) -> Measured:
    return Measured(**called(**asdict(call)))


@pytest.mark.slow
@pytest.mark.parametrize("name", [name for name in NAMES if name not in APART])
def test_a_benchmark_gives_its_rows_at_a_tiny_size(name: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    module = importlib.import_module(f"benchmarks.{name}")
    monkeypatch.setenv("FTI_BENCH_FOLDER", str(tmp_path))
    for each in (harness, module, importlib.import_module("benchmarks.point_in_time_join")):
        monkeypatch.setattr(each, "measure", in_this_process, raising=False)
    rows = module.run(tmp_path, TINY)
    assert rows
    assert all(row.ratio > 0 and row.peak_mib for row in rows)
