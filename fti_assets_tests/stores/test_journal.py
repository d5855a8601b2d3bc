"""The journal: what is written is what was decided, in that order, and nothing else."""

import json
from datetime import UTC, datetime, timedelta
from itertools import pairwise
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from fti_assets.contracts.errors import Corrupt
from fti_assets.stores.hash_chain import FIRST
from fti_assets.stores.journal import Journal, JournalRecord, lineage
from fti_assets.stores.synced_files import canonical_json, sealed

START = datetime(2013, 1, 1, tzinfo=UTC)


def day(number: int) -> datetime:
    return START + timedelta(days=number)


def entry(index: int, action: str, version: int, effective: int) -> JournalRecord:
    return JournalRecord(index, action, "delay", version, None, "ann", "test", day(effective), START, (), "", "")


@pytest.fixture
def journal(tmp_path: Path) -> Journal:
    journal = Journal(tmp_path / "journal.jsonl", "delay")
    journal.append("promote", 1, previous=None, who="ann", why="first", effective=day(1))
    verdicts = [{"gate": "beats_champion", "passed": False, "reason": "a tie"}]
    journal.append("reject", 2, previous=1, who="ann", why="gates", effective=day(2), verdicts=verdicts)
    journal.append("promote", 3, previous=1, who="bo", why="größer", effective=day(3))
    return journal


def test_entries_read_back_as_they_were_appended(journal: Journal) -> None:
    fourth = journal.append("rollback", 1, previous=3, who="bo", why="worse", effective=day(4))
    entries = journal.entries()
    assert entries[3] == fourth
    assert [(e.index, e.action, e.version, e.previous, e.who) for e in entries] == [
        (0, "promote", 1, None, "ann"),
        (1, "reject", 2, 1, "ann"),
        (2, "promote", 3, 1, "bo"),
        (3, "rollback", 1, 3, "bo"),
    ]
    assert [e.effective for e in entries] == [day(1), day(2), day(3), day(4)]
    assert entries[1].verdicts == ({"gate": "beats_champion", "passed": False, "reason": "a tie"},)
    assert entries[2].why == "größer"


def test_each_entry_holds_the_hash_of_the_one_before(journal: Journal) -> None:
    entries = journal.entries()
    assert [e.previous_hash for e in entries] == [FIRST, entries[0].hash, entries[1].hash]
    assert len({e.hash for e in entries}) == 3


def test_a_journal_that_does_not_exist_is_empty(tmp_path: Path) -> None:
    assert Journal(tmp_path / "journal.jsonl", "delay").entries() == []


def test_effective_times_are_stored_in_utc_and_must_have_a_zone(journal: Journal) -> None:
    text = "2013-02-01T03:00:00+03:00"
    added = journal.append("promote", 4, previous=3, who="bo", why="x", effective=datetime.fromisoformat(text))
    assert added.effective.isoformat() == "2013-02-01T00:00:00+00:00"
    with pytest.raises(ValueError, match="timezone-aware"):
        journal.append("promote", 5, previous=4, who="bo", why="x", effective=datetime(2013, 2, 2))
    assert len(journal.entries()) == 4


def test_a_changed_line_is_named(journal: Journal) -> None:
    journal.path.write_bytes(
        journal.path.read_bytes().replace(b'"who":"ann","why":"gates"', b'"who":"eve","why":"gates"')
    )
    with pytest.raises(Corrupt, match=r"journal\.jsonl, line 2"):
        journal.entries()


def test_a_changed_line_with_its_hash_made_right_breaks_the_chain_at_the_next(journal: Journal) -> None:
    lines = journal.path.read_bytes().splitlines(keepends=True)
    record = {key: value for key, value in json.loads(lines[1]).items() if key != "hash"}
    lines[1] = canonical_json(sealed({**record, "who": "eve"})) + b"\n"
    journal.path.write_bytes(b"".join(lines))
    with pytest.raises(Corrupt, match="line 3: the chain is broken"):
        journal.entries()


@pytest.mark.parametrize("order", [[1, 2], [0, 2], [0, 2, 1], [0, 1, 1, 2]])
def test_lines_removed_moved_or_repeated_are_detected(journal: Journal, order: list[int]) -> None:
    lines = journal.path.read_bytes().splitlines(keepends=True)
    journal.path.write_bytes(b"".join(lines[n] for n in order))
    with pytest.raises(Corrupt, match="chain is broken"):
        journal.entries()


def test_another_models_journal_is_refused(journal: Journal) -> None:
    with pytest.raises(Corrupt, match="line 1"):
        Journal(journal.path, "price").entries()


@pytest.mark.parametrize("line", [b"\n", b"{}\n", b"[1]\n", b"\xff\n", b'{"hash":NaN}\n', b'{"index": 3}\n'])
def test_a_whole_line_that_is_no_entry_is_corrupt_and_nothing_is_added_to_it(journal: Journal, line: bytes) -> None:
    before = journal.path.read_bytes() + line
    journal.path.write_bytes(before)
    with pytest.raises(Corrupt, match="line 4"):
        journal.entries()
    with pytest.raises(Corrupt, match="line 4"):
        journal.append("promote", 4, previous=3, who="bo", why="x", effective=day(4))
    assert journal.path.read_bytes() == before


def test_a_last_line_torn_at_any_byte_is_ignored_by_readers_and_dropped_by_the_next_writer(journal: Journal) -> None:
    content = journal.path.read_bytes()
    kept = content.splitlines(keepends=True)[:2]
    start = len(b"".join(kept))
    for end in range(start, len(content), 37):
        journal.path.write_bytes(content[:end])
        assert [e.version for e in journal.entries()] == [1, 2]
        journal.append("promote", 4, previous=1, who="bo", why="after the crash", effective=day(4))
        assert [e.version for e in journal.entries()] == [1, 2, 4]
        assert journal.path.read_bytes().splitlines(keepends=True)[:2] == kept


@settings(max_examples=100, deadline=None)
@given(position=st.integers(0, 10_000), byte=st.integers(0, 255))
def test_no_byte_can_change_unnoticed(tmp_path_factory: pytest.TempPathFactory, position: int, byte: int) -> None:
    journal = Journal(tmp_path_factory.mktemp("j") / "journal.jsonl", "delay")
    for version in (1, 2):
        journal.append("promote", version, previous=None, who="ann", why="x", effective=day(version))
    content = bytearray(journal.path.read_bytes())
    position %= len(content) - 1  # the last line's end: without it the line counts as torn
    if content[position] == byte:
        return
    content[position] = byte
    journal.path.write_bytes(content)
    with pytest.raises(Corrupt):
        journal.entries()


def test_the_lineage_answers_by_effective_time_not_by_order_of_recording() -> None:
    entries = [entry(0, "promote", 1, 10), entry(1, "promote", 2, 30), entry(2, "promote", 3, 20)]
    assert [e.version for e in lineage(entries)] == [1, 3, 2]
    assert [e.version for e in lineage(entries, day(29))] == [1, 3]
    assert [e.version for e in lineage(entries, day(10))] == [1]
    assert lineage(entries, day(9)) == []


def test_of_equal_effective_times_the_later_recorded_serves() -> None:
    assert lineage([entry(0, "promote", 2, 10), entry(1, "promote", 1, 10)])[-1].version == 1


def test_two_rollbacks_in_a_row_go_back_two_champions() -> None:
    entries = [entry(n, "promote", n + 1, n) for n in range(3)]
    entries.append(entry(3, "rollback", 2, 3))
    assert [e.version for e in lineage(entries)] == [1, 2]
    entries.append(entry(4, "rollback", 1, 4))
    assert [e.version for e in lineage(entries)] == [1]


moves = st.lists(
    st.tuples(st.sampled_from(["promote", "reject", "rollback"]), st.integers(1, 4), st.integers(0, 8)), max_size=12
)


@settings(max_examples=150, deadline=None)
@given(moves=moves, at=st.none() | st.integers(0, 8))
def test_the_champion_is_that_of_the_naive_search(moves: list[tuple[str, int, int]], at: int | None) -> None:
    entries = [entry(index, *move) for index, move in enumerate(moves)]
    best = None
    for candidate in entries:
        if candidate.action == "reject" or (at is not None and candidate.effective > day(at)):
            continue
        if best is None or candidate.effective >= best.effective:
            best = candidate
    line = lineage(entries, None if at is None else day(at))
    assert (line[-1] if line else None) == best
    assert all(a.version != b.version for a, b in pairwise(line))
