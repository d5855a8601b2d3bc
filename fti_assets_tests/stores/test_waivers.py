from pathlib import Path

import pytest

from fti_assets.contracts.errors import Corrupt
from fti_assets.stores.waivers import Waived, Waivers

ROW = Waived("ab12", (("quantity", "greater_than(0)"),))


@pytest.fixture
def waivers(tmp_path: Path) -> Waivers:
    journal = Waivers(tmp_path / "quarantine" / "waivers.jsonl")
    for day in ("2024-01-01", "2024-01-02", "2024-01-03"):
        journal.append("features/order", day, [ROW], who="ada", why="looked at it")
    return journal


def test_decisions_are_read_back_in_their_order(waivers: Waivers) -> None:
    assert [entry.partition for entry in waivers.entries()] == ["2024-01-01", "2024-01-02", "2024-01-03"]
    last = waivers.entries()[-1]
    assert (last.owner, last.rows, last.who, last.why) == ("features/order", (ROW,), "ada", "looked at it")


def test_no_journal_is_an_empty_one(tmp_path: Path) -> None:
    assert Waivers(tmp_path / "waivers.jsonl").entries() == []


@pytest.mark.parametrize(("who", "why"), [("", "because"), ("ada", " ")])
def test_somebody_decides_for_a_reason(waivers: Waivers, who: str, why: str) -> None:
    with pytest.raises(ValueError, match="expected who decides it and why"):
        waivers.append("features/order", "2024-01-01", [ROW], who=who, why=why)
    assert len(waivers.entries()) == 3


def test_a_line_that_a_crash_cut_off_is_ignored_and_dropped_by_the_next(waivers: Waivers) -> None:
    whole = waivers.path.read_bytes()
    waivers.path.write_bytes(whole + whole[:40])
    assert len(waivers.entries()) == 3
    waivers.append("features/order", "2024-01-04", [ROW], who="ada", why="again")
    assert [entry.why for entry in waivers.entries()][2:] == ["looked at it", "again"]
    assert waivers.path.read_bytes().startswith(whole)


def _changed(lines: list[bytes]) -> list[bytes]:
    return [lines[0], lines[1].replace(b"ada", b"bob"), lines[2]]


@pytest.mark.parametrize(
    ("tampered", "line"),
    [
        (_changed, 2),
        (lambda lines: lines[1:], 1),
        (lambda lines: [lines[0], lines[2]], 2),
        (lambda lines: [lines[1], lines[0], lines[2]], 1),
        (lambda lines: [*lines, b"{}"], 4),
    ],
    ids=["changed", "first removed", "one removed", "moved", "added"],
)
def test_a_line_changed_removed_moved_or_added_is_found(waivers: Waivers, tampered: object, line: int) -> None:
    lines = waivers.path.read_bytes().split(b"\n")[:-1]
    waivers.path.write_bytes(b"".join(each + b"\n" for each in tampered(lines)))  # type: ignore[operator]
    with pytest.raises(Corrupt, match=f"line {line}"):
        waivers.entries()
