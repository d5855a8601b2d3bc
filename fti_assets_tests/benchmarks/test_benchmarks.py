"""Each benchmark runs, at a size of a few days."""

import importlib
from pathlib import Path

import pytest

from benchmarks.__main__ import NAMES
from benchmarks.harness import TINY


@pytest.mark.slow
@pytest.mark.parametrize("name", [name for name in NAMES if name != "feast_offline"])
def test_a_benchmark_gives_its_rows_at_a_tiny_size(name: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("FTI_BENCH_FOLDER", str(tmp_path))
    rows = importlib.import_module(f"benchmarks.{name}").run(tmp_path, TINY)
    assert rows
    assert all(row.ratio > 0 and row.peak_mib for row in rows)
