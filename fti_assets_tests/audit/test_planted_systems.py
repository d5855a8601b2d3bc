"""What an audit of a whole system finds of eighteen planted faults, and that the mended systems pass."""

from collections.abc import Callable
from pathlib import Path

import pytest

from fti_assets.audit.system import Audit, audit_system
from fti_assets.contracts.time import Window
from fti_assets.stores.home import Home
from fti_assets_tests.audit import planted_systems as s

pytestmark = pytest.mark.slow

DAYS = Window.of_days("2024-03-02", "2024-03-03")
CALENDAR = Window.of_days("2024-03-01", "2024-03-06")
NOT_FOUND = {s.averages_all_time_before_the_file_is_written}
"""What an average baked into a file is made of cannot be asked of the file."""


@pytest.fixture
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.chdir(tmp_path)
    s.LANDED.to_parquet(s.FILE)
    return tmp_path


def audited(planted: s.Planted, folder: Path) -> Audit:
    return audit_system(*planted, [DAYS], Home(folder / "home"), 3, lambda _line: None, CALENDAR)


@pytest.mark.parametrize("system", s.SYSTEMS, ids=lambda system: system.__name__)
def test_a_planted_fault_is_found_where_it_is(system: Callable[[bool], s.Planted], folder: Path) -> None:
    findings = {(f.severity, f.where, f.column) for f in audited(system(True), folder).findings}
    if system in NOT_FOUND:
        assert findings == set()
    else:
        assert s.SYSTEMS[system] in findings


@pytest.mark.parametrize("system", s.SYSTEMS, ids=lambda system: system.__name__)
def test_the_mended_system_passes(system: Callable[[bool], s.Planted], folder: Path) -> None:
    done = audited(system(False), folder)
    assert done.findings == []
    assert done.too_little == []


def test_at_least_fourteen_of_eighteen_are_found() -> None:
    assert (len(s.SYSTEMS), len(s.SYSTEMS) - len(NOT_FOUND)) == (18, 17)
