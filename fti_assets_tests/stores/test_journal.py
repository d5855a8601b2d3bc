"""The journal: what is written is what was decided, in that order, and nothing else."""

from datetime import UTC, datetime, timedelta
from itertools import pairwise
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from fti_assets.contracts.errors import Corrupt
from fti_assets.stores.journal import Journal, JournalRecord, lineage
from fti_assets.stores.storage import Storage

START = datetime(2013, 1, 1, tzinfo=UTC)


def day(number: int) -> datetime:
    return START + timedelta(days=number)


def record(index: int, action: str, version: int, effective: int) -> JournalRecord:
    return JournalRecord(index, action, "delay", version, "", None, "ann", "test", day(effective), START, (), "")


def decide(journal: Journal, action: str, version: int, effective: datetime, **more: Any) -> JournalRecord:
    facts = {"previous": None, "who": "ann", "why": "test", "verdicts": []}
    facts |= {"action": action, "version": version, "content_id": f"c{version}", "effective": effective, **more}
    decided = journal.append(lambda _: facts)
    assert decided is not None
    return decided


def test_decisions_read_back_as_they_were_taken(storage: Storage) -> None:
    journal, verdicts = Journal(storage, "delay"), [{"gate": "beats_champion", "passed": False, "reason": "a tie"}]
    written = [
        decide(journal, "promote", 1, day(1)),
        decide(journal, "reject", 2, day(2), previous=1, verdicts=verdicts),
        decide(journal, "promote", 3, day(3), previous=1, who="bo", why="größer"),
    ]
    records = Journal(storage, "delay").records()
    assert records == written
    assert [(r.index, r.action, r.version, r.content_id, r.previous) for r in records] == [
        (0, "promote", 1, "c1", None),
        (1, "reject", 2, "c2", 1),
        (2, "promote", 3, "c3", 1),
    ]
    assert [r.effective for r in records] == [day(1), day(2), day(3)]
    assert (records[1].verdicts, records[2].why) == (tuple(verdicts), "größer")


def test_a_decision_is_taken_of_those_before_or_not_at_all(storage: Storage) -> None:
    journal = Journal(storage, "delay")
    decide(journal, "promote", 1, day(1))
    assert journal.append(lambda before: None if before[-1].version == 1 else {}) is None
    assert len(journal.records()) == 1


def test_another_models_journal_is_refused(storage: Storage) -> None:
    decide(Journal(storage, "delay"), "promote", 1, day(1))
    with pytest.raises(Corrupt, match="decision 0: expected one on price, it is on delay"):
        Journal(storage, "price").records()


def test_the_lineage_answers_by_effective_time_not_by_order_of_recording() -> None:
    records = [record(0, "promote", 1, 10), record(1, "promote", 2, 30), record(2, "promote", 3, 20)]
    assert [r.version for r in lineage(records)] == [1, 3, 2]
    assert [r.version for r in lineage(records, day(29))] == [1, 3]
    assert [r.version for r in lineage(records, day(10))] == [1]
    assert lineage(records, day(9)) == []


def test_of_equal_effective_times_the_later_recorded_serves() -> None:
    assert lineage([record(0, "promote", 2, 10), record(1, "promote", 1, 10)])[-1].version == 1


def test_two_rollbacks_in_a_row_go_back_two_champions() -> None:
    records = [record(n, "promote", n + 1, n) for n in range(3)]
    records.append(record(3, "rollback", 2, 3))
    assert [r.version for r in lineage(records)] == [1, 2]
    records.append(record(4, "rollback", 1, 4))
    assert [r.version for r in lineage(records)] == [1]


moves = st.lists(
    st.tuples(st.sampled_from(["promote", "reject", "rollback"]), st.integers(1, 4), st.integers(0, 8)), max_size=12
)


@settings(max_examples=150, deadline=None)
@given(moves=moves, at=st.none() | st.integers(0, 8))
def test_the_champion_is_that_of_the_naive_search(moves: list[tuple[str, int, int]], at: int | None) -> None:
    records = [record(index, *move) for index, move in enumerate(moves)]
    best = None
    for candidate in records:
        if candidate.action == "reject" or (at is not None and candidate.effective > day(at)):
            continue
        if best is None or candidate.effective >= best.effective:
            best = candidate
    line = lineage(records, None if at is None else day(at))
    assert (line[-1] if line else None) == best
    assert all(a.version != b.version for a, b in pairwise(line))
