import os
import signal
from pathlib import Path

import pytest

from fti_assets.contracts.errors import DeclarationError, WorkerDied
from fti_assets.views.workers import cores, importable, map_tasks, workers_of


def double(n: int) -> int:
    return 2 * n


def where(_: int) -> int:
    return os.getpid()


def polars_threads(_: int) -> int:
    import polars as pl

    return pl.thread_pool_size()


def refuse(n: int) -> int:
    if n == 1:
        raise ValueError("task 1 is wrong")
    return n


def die(path: str) -> str:
    if not Path(path).exists():
        Path(path).touch()
        os.kill(os.getpid(), signal.SIGKILL)
    return path


def test_answers_come_in_the_order_of_the_tasks_from_one_process_or_two() -> None:
    assert map_tasks(double, [3, 1, 2]) == map_tasks(double, [3, 1, 2], workers=2) == [6, 2, 4]


def test_one_worker_is_this_process_and_two_are_others() -> None:
    assert set(map_tasks(where, [1, 2])) == {os.getpid()}
    assert os.getpid() not in map_tasks(where, [1, 2], workers=2)


def test_workers_share_the_cores(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("POLARS_MAX_THREADS", raising=False)
    assert set(map_tasks(polars_threads, [1, 2], workers=2)) == {max(1, cores() // 2)}
    assert "POLARS_MAX_THREADS" not in os.environ


def test_the_cores_are_those_of_the_process_or_where_nobody_tells_the_machines(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(os, "cpu_count", lambda: 8)
    monkeypatch.setattr(os, "sched_getaffinity", lambda _: {0, 3, 5}, raising=False)
    assert cores() == 3
    monkeypatch.delattr(os, "sched_getaffinity")
    assert cores() == 8
    monkeypatch.setattr(os, "cpu_count", lambda: None)
    assert cores() == 1


def test_the_environment_says_how_many_unless_the_call_does(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("FTI_WORKERS", "3")
    assert [workers_of(None), workers_of(2)] == [3, 2]
    monkeypatch.delenv("FTI_WORKERS")
    assert workers_of(None) == 1


@pytest.mark.parametrize("given", ["0", "two", "-1", ""])
def test_a_number_of_workers_that_is_none_is_refused(given: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("FTI_WORKERS", given)
    with pytest.raises(ValueError, match=r"FTI_WORKERS='.*': expected 1, 2, …"):
        workers_of(None)


def test_an_error_in_a_worker_is_raised_here() -> None:
    with pytest.raises(ValueError, match="task 1 is wrong"):
        map_tasks(refuse, [0, 1, 2], workers=2)


def test_a_killed_worker_is_told_and_a_rerun_completes(tmp_path: Path) -> None:
    tasks = [str(tmp_path / name) for name in ("a", "b")]
    Path(tasks[1]).touch()
    with pytest.raises(WorkerDied, match=r"a worker process was killed.* of 2 tasks were done; run it again"):
        map_tasks(die, tasks, workers=2)
    assert map_tasks(die, tasks, workers=2) == tasks


def test_what_another_process_cannot_import_is_named() -> None:
    importable("view", [double, Path])
    with pytest.raises(DeclarationError, match=r"view: .*<lambda> of .*: expected a class or function at the top of"):
        importable("view", [lambda: 0])

    class Main:
        """Defined where a script or a notebook defines things."""

    Main.__module__ = "__main__"
    with pytest.raises(DeclarationError, match=r"Main of __main__: expected .*move it to a module"):
        importable("view", [Main])
