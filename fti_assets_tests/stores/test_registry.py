"""The registry: every decision answers who, why and since when."""

from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
import time_machine
from hypothesis import given, settings
from hypothesis import strategies as st

from fti_assets.contracts.errors import Conflict, Corrupt, DeclarationError, NoChampion
from fti_assets.stores.registry import JournalRecord, ModelVersion, Registry
from fti_assets.stores.storage import Storage

START = datetime(2013, 1, 1, tzinfo=UTC)
PASSED = {"gate": "beats_baseline", "passed": True, "reason": "0.61 against 0.69"}
FAILED = {"gate": "beats_champion", "passed": False, "reason": "a tie"}


def day(number: int) -> datetime:
    return START + timedelta(days=number)


def add(registry: Registry, number: int, cutoff: int = 0, model: str = "delay") -> ModelVersion:
    files = {"model.ubj": f"trees {number}".encode(), "metrics.json": b'{"loss": 0.61}'}
    return registry.register(model, files, cutoff=day(cutoff), facts={"run_id": f"run {number}", "seed": 7})


def promote(registry: Registry, version: int, effective: int, expected: int | None, **more: Any) -> JournalRecord:
    return registry.promote(
        "delay", version, who="ann", why="test", effective=day(effective), expected=expected, **more
    )


def rollback(registry: Registry, effective: int) -> JournalRecord:
    return registry.rollback("delay", who="ann", why="worse", effective=day(effective))


@pytest.fixture
def registry(storage: Storage) -> Registry:
    return Registry(storage)


@pytest.fixture
def three(registry: Registry) -> Registry:
    for number in (1, 2, 3):
        add(registry, number, cutoff=number)
    return registry


def test_what_was_registered_is_read_back(registry: Registry) -> None:
    added = add(registry, 1, cutoff=31)
    assert registry.get("delay", 1) == added
    assert (added.model, added.version, added.cutoff) == ("delay", 1, datetime(2013, 2, 1, tzinfo=UTC))
    assert added.read("model.ubj") == b"trees 1"
    assert added.read_json("metrics.json") == {"loss": 0.61}
    assert added.manifest["facts"] == {"run_id": "run 1", "seed": 7}
    with pytest.raises(LookupError, match=r"no file 'card\.md'; there are: metrics\.json, model\.ubj"):
        added.read("card.md")


def test_versions_count_up_and_are_found_by_cutoff(registry: Registry) -> None:
    for number, cutoff in ((1, 5), (2, 9), (3, 5)):
        assert add(registry, number, cutoff=cutoff).version == number
    add(registry, 1, model="price")
    assert registry.models() == ["delay", "price"]
    assert [v.version for v in registry.versions("delay")] == [1, 2, 3]
    found = registry.with_cutoff("delay", day(5))
    assert found is not None
    assert found.version == 3
    assert registry.with_cutoff("delay", day(6)) is None
    assert registry.versions("fare") == []
    with pytest.raises(LookupError, match="no version '4'; there are: 1, 2, 3"):
        registry.get("delay", 4)
    with pytest.raises(LookupError, match="no model 'fare'; there are: delay, price"):
        registry.get("fare", 1)


@pytest.mark.parametrize("name", ["../delay", "a/b", "", ".", "Delay"])
def test_model_names_that_could_leave_the_directory_are_refused(registry: Registry, name: str) -> None:
    with pytest.raises(DeclarationError, match="model name"):
        add(registry, 1, model=name)
    with pytest.raises(DeclarationError, match="model name"):
        registry.versions(name)


def test_a_promotion_serves_from_its_effective_time(three: Registry) -> None:
    first = promote(three, 1, 5, None, verdicts=[PASSED])
    second = promote(three, 2, 8, 1)
    assert (first.version, first.previous, second.version, second.previous) == (1, None, 2, 1)
    assert three.champion("delay", day(5)).version == 1
    assert three.champion("delay", day(8) - timedelta(microseconds=1)).version == 1
    assert three.champion("delay", day(8)).version == 2
    assert three.champion("delay").version == 2
    assert three.history("delay") == [first, second]
    assert three.verdict("delay", 1) == first
    assert three.verdict("delay", 3) is None


def test_a_clock_that_goes_back_loses_and_reorders_nothing(three: Registry) -> None:
    promote(three, 1, effective=5, expected=None)
    with time_machine.travel(datetime(2001, 1, 1, tzinfo=UTC)):
        later = add(three, 4, cutoff=4)
        promote(three, 2, effective=6, expected=1)
    rollback(three, effective=7)
    assert (later.version, [version.version for version in three.versions("delay")]) == (4, [1, 2, 3, 4])
    assert [three.champion("delay", day(n)).version for n in (5, 6, 7)] == [1, 2, 1]
    three.verify("delay")


def test_no_champion_says_what_exists(three: Registry) -> None:
    with pytest.raises(NoChampion, match="versions: 1, 2, 3; champions since: never"):
        three.champion("delay")
    promote(three, 1, 5, None)
    with pytest.raises(NoChampion, match=r"as of 2013-01-05.*champions since: 2013-01-06.*promote version 1"):
        three.champion("delay", day(4))
    with pytest.raises(NoChampion, match="no model 'fare'; there are: delay"):
        three.champion("fare")


def test_a_promotion_based_on_another_champion_is_a_conflict_and_changes_nothing(three: Registry) -> None:
    promote(three, 1, 5, None)
    with pytest.raises(Conflict, match="expected no champion, but it is version 1 as champion"):
        promote(three, 2, 6, None)
    with pytest.raises(Conflict, match="expected version 3 as champion, but it is version 1"):
        promote(three, 2, 6, 3)
    with pytest.raises(Conflict, match="expected version 1 as champion, but it is no champion"):
        promote(three, 2, 4, 1)
    assert len(three.history("delay")) == 1


def test_of_three_promotions_at_once_that_expect_no_champion_one_wins(three: Registry) -> None:
    def attempt(version: int) -> int | None:
        try:
            return promote(three, version, 5, None).version
        except Conflict:
            return None

    with ThreadPoolExecutor(3) as pool:
        won = [version for version in pool.map(attempt, (1, 2, 3)) if version]
    assert won == [entry.version for entry in three.history("delay")]
    assert len(won) == 1


def test_promoting_the_champion_again_returns_the_entry_that_made_it_so(three: Registry) -> None:
    first = promote(three, 1, 5, None)
    assert promote(three, 1, 5, None) == first
    assert promote(three, 1, 7, 1) == first
    assert three.history("delay") == [first]


def test_a_version_cannot_serve_before_its_cutoff(three: Registry) -> None:
    with pytest.raises(ValueError, match=r"cutoff 2013-01-04.*cannot serve from 2013-01-03"):
        promote(three, 3, 2, None)
    assert promote(three, 3, 3, None).version == 3


def test_a_failed_gate_a_strange_verdict_or_no_reason_refuses_a_promotion(three: Registry) -> None:
    with pytest.raises(ValueError, match=r"failed beats_champion \(a tie\)"):
        promote(three, 1, 5, None, verdicts=[PASSED, FAILED])
    with pytest.raises(ValueError, match="expected gate, passed"):
        promote(three, 1, 5, None, verdicts=[{**FAILED, "passed": "False"}])
    with pytest.raises(ValueError, match="who decides it and why"):
        three.promote("delay", 1, who="ann", why=" ", effective=day(5), expected=None)
    assert three.history("delay") == []


def test_a_rejection_is_recorded_with_its_verdicts_and_the_champion_stays(three: Registry) -> None:
    promote(three, 1, 5, None)
    entry = three.reject("delay", 2, who="gates", why="failed", verdicts=[PASSED, FAILED], effective=day(6))
    assert (entry.action, entry.version, entry.previous, entry.verdicts) == ("reject", 2, 1, (PASSED, FAILED))
    assert three.verdict("delay", 2) == entry
    assert three.champion("delay", day(6)).version == 1


def test_a_rollback_returns_to_the_champion_before_and_past_answers_stay(three: Registry) -> None:
    for version, expected in ((1, None), (2, 1), (3, 2)):
        promote(three, version, version + 3, expected)
    assert (rollback(three, 7).version, rollback(three, 8).version) == (2, 1)
    assert [three.champion("delay", day(n)).version for n in (4, 5, 6, 7, 8)] == [1, 2, 3, 2, 1]
    with pytest.raises(NoChampion, match="no champion came before version 1"):
        rollback(three, 9)
    with pytest.raises(NoChampion, match="has no champion as of"):
        rollback(three, 0)


Steps = list[tuple[str, int]]


@settings(max_examples=40, deadline=None)
@given(steps=st.lists(st.tuples(st.sampled_from(["promote", "promote", "rollback"]), st.integers(1, 4)), max_size=8))
def test_champions_through_promotions_and_rollbacks_are_those_of_the_naive_twin(
    tmp_path_factory: pytest.TempPathFactory, steps: Steps
) -> None:
    """The twin keeps the promotions not undone, as an editor keeps its edits, and a champion for each day."""
    registry = Registry(Storage(tmp_path_factory.mktemp("r")))
    for number in range(1, 5):
        add(registry, number)
    standing: list[int] = []
    champions: list[int | None] = []
    for today, (action, version) in enumerate(steps):
        if action == "promote":
            promote(registry, version, today, standing[-1] if standing else None)
            if standing[-1:] != [version]:
                standing.append(version)
        elif len(standing) > 1:
            rollback(registry, today)
            standing.pop()
        else:
            with pytest.raises(NoChampion):
                rollback(registry, today)
        champions.append(standing[-1] if standing else None)
    for today, champion in enumerate(champions):
        if champion is None:
            with pytest.raises(NoChampion):
                registry.champion("delay", day(today))
        else:
            assert registry.champion("delay", day(today)).version == champion
    previous = registry.alias("delay", "previous")
    assert (previous.version if previous else None) == (standing[-2] if len(standing) > 1 else None)


def test_aliases_name_champion_previous_and_challenger(three: Registry) -> None:
    def numbers() -> list[int | None]:
        found = [three.alias("delay", name) for name in ("champion", "previous", "challenger")]
        return [None if version is None else version.version for version in found]

    assert numbers() == [None, None, 3]
    promote(three, 1, 5, None)
    three.reject("delay", 3, who="gates", why="failed", verdicts=[FAILED], effective=day(5))
    assert numbers() == [1, None, 2]
    promote(three, 2, 6, 1)
    assert numbers() == [2, 1, None]
    rollback(three, 7)
    assert numbers() == [1, None, None]
    with pytest.raises(LookupError, match="no alias 'best'; there are: challenger, champion, previous"):
        three.alias("delay", "best")
    assert three.alias("fare", "champion") is None


def test_a_decision_is_about_bytes_and_not_about_a_number(three: Registry, tmp_path: Path) -> None:
    """Another version under the number that was promoted, all of it right in itself, does not serve."""
    promote(three, 2, 5, None)
    other = Registry(Storage(tmp_path / "other"))
    for number in (1, 4):
        add(other, number, cutoff=number)
    journal = three.storage.at("delay", "journal")
    for key in journal.objects():
        other.storage.at("delay", "journal").create(key, journal.read(key) or b"")
    with pytest.raises(Corrupt, match=r"delay: promote of version 2 was of [0-9a-f]{64}, but version 2 is"):
        other.champion("delay")
    with pytest.raises(Corrupt, match="promote of version 2 was of"):
        other.verify("delay")


def test_verify_finds_a_champion_that_is_gone(three: Registry, tmp_path: Path) -> None:
    promote(three, 3, 5, None)
    other = Registry(Storage(tmp_path / "other"))
    add(other, 1)
    journal = three.storage.at("delay", "journal")
    for key in journal.objects():
        other.storage.at("delay", "journal").create(key, journal.read(key) or b"")
    with pytest.raises(Corrupt, match="promote of version 3, which is gone"):
        other.verify("delay")


def test_verify_names_the_models_that_exist(three: Registry) -> None:
    with pytest.raises(LookupError, match="no model 'fare'; there are: delay"):
        three.verify("fare")
