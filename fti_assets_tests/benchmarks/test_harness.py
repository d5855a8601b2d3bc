import math
from pathlib import Path

import pytest

from benchmarks import harness
from benchmarks.__main__ import BEGIN, END, document
from benchmarks.harness import Call, Measured, Row, append, contest, in_turn, measure, past_limits, read, table


def row(ratio: float, limit: float | None = 1.25) -> Row:
    return Row("join", "Polars", "10×", ratio, limit, 300)


def test_a_ratio_is_past_its_limit_above_it_and_not_at_it() -> None:
    assert [row(1.25).is_past_limit, row(1.2501).is_past_limit] == [False, True]


def test_a_ratio_without_a_limit_is_only_told() -> None:
    assert not row(99.0, limit=None).is_past_limit


def test_a_ratio_that_is_no_number_is_past_its_limit() -> None:
    assert row(math.nan).is_past_limit


def test_at_least_so_many_times_faster_is_a_limit_below_one() -> None:
    assert [row(1 / 3.6, 1 / 3.5).is_past_limit, row(1 / 3.4, 1 / 3.5).is_past_limit] == [False, True]


def test_each_row_past_its_limit_is_named() -> None:
    assert past_limits([row(1.0), row(2.0)]) == ["join against Polars at 10×: 2.00, at most 1.25"]


def test_rows_are_appended_within_a_run_and_read_back(tmp_path: Path) -> None:
    path = tmp_path / "results.json"
    assert read(path) == []
    append([row(1.0)], path)
    append([row(2.0, limit=None)], path)
    assert read(path) == [row(1.0), row(2.0, limit=None)]


def test_the_table_shows_ratio_limit_memory_and_what_is_past_its_limit() -> None:
    shown = table("Joins", [row(0.25), row(1.5)])
    assert "| join | Polars | 10× | 0.25 (4.0 × less) | ≤ 1.25 | 300 |" in shown
    assert "| 1.50 | ≤ 1.25 **past its limit** | 300 |" in shown


def test_contenders_take_turns_and_the_best_round_counts(monkeypatch: pytest.MonkeyPatch) -> None:
    seconds, asked = iter([3.0, 9.0, 5.0, 4.0, 2.0]), []

    def measured(call: Call) -> Measured:
        asked.append(call.function)
        return Measured(next(seconds), 100, None)

    monkeypatch.setattr(harness, "measure", measured)
    calls = {name: Call("any", name) for name in ("ours", "slow", "theirs")}
    best = contest(calls, rounds=2, slow=["slow"])
    assert asked == ["ours", "slow", "theirs", "ours", "theirs"]
    assert {name: each.seconds for name, each in best.items()} == {"ours": 3.0, "slow": 9.0, "theirs": 2.0}


def test_a_call_is_measured_in_a_process_of_its_own() -> None:
    measured = measure(Call("os", "getpid"))
    assert measured.answer != measure(Call("os", "getpid")).answer
    assert measured.peak_mib < 200
    assert measured.seconds < 1


def test_a_call_that_fails_says_why() -> None:
    with pytest.raises(RuntimeError, match=r"os.stat failed:(.|\n)*No such file"):
        measure(Call("os", "stat", ("/there/is/no/such/file",)))


def test_the_results_are_written_into_the_document_between_its_markers(tmp_path: Path) -> None:
    page, results = tmp_path / "performance.md", tmp_path / "results.json"
    page.write_text(f"Before.\n{BEGIN}\nold\n{END}\nAfter.\n")
    append([row(1.0)], results)
    document(page, results)
    text = page.read_text()
    assert "| join | Polars |" in text
    assert "old" not in text
    assert text.startswith("Before.")
    assert text.endswith("After.\n")


def test_a_document_without_results_is_refused(tmp_path: Path) -> None:
    page = tmp_path / "performance.md"
    page.write_text("nothing")
    with pytest.raises(ValueError, match="run `make bench`"):
        document(page, tmp_path / "results.json")


def test_sides_take_turns_at_being_first_and_the_first_times_do_not_count() -> None:
    called: list[str] = []

    def side(name: str, seconds: list[float]) -> float:
        called.append(name)
        return seconds[called.count(name) - 1]

    sides = {"ours": lambda: side("ours", [9, 9, 1, 3]), "theirs": lambda: side("theirs", [8, 8, 2, 6])}
    assert in_turn(sides, 2) == {"ours": 2, "theirs": 4}
    assert called == ["ours", "theirs"] * 2 + ["theirs", "ours"] * 2
