import os
import pickle
import signal
from pathlib import Path

import pytest

from fti_assets.contracts.errors import ContractViolation, DeclarationError, FailingCase, WorkerDied
from fti_assets.stores.executor import Executor, cores, importable

HERE, TWO = Executor(""), Executor("processes:2")


def double(n: int) -> int:
    return 2 * n


def where(_: int) -> int:
    return os.getpid()


def polars_threads(_: int) -> int:
    import polars as pl

    return pl.thread_pool_size()


def refuse(n: int) -> int:
    if n == 1:
        raise ContractViolation("task 1", [FailingCase("n", "is not 1", "1", 1)], "at most 0 may be; ")
    return n


def die(path: str) -> str:
    if not Path(path).exists():
        Path(path).touch()
        os.kill(os.getpid(), signal.SIGKILL)
    return path


def map_again(n: int) -> list[int]:
    return Executor("processes:2").map(where, [n, n])


def test_answers_come_in_the_order_of_the_tasks_and_are_told_in_it() -> None:
    told: list[tuple[int, int]] = []
    for executor in (HERE, TWO):
        assert executor.map(double, [3, 1, 2], lambda *pair: told.append(pair)) == [6, 2, 4]
    assert told == 2 * [(3, 6), (1, 2), (2, 4)]


def test_the_environment_says_where_and_nothing_is_this_process(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("FTI_EXECUTOR", raising=False)
    assert set(Executor().map(where, [1, 2])) == set(HERE.map(where, [1, 2])) == {os.getpid()}
    monkeypatch.setenv("FTI_EXECUTOR", "processes:2")
    assert os.getpid() not in Executor().map(where, [1, 2])


def test_one_task_and_one_process_are_done_here() -> None:
    assert Executor("processes:1").map(where, [1, 2]) == [os.getpid()] * 2
    assert TWO.map(where, [1]) == [os.getpid()]


def test_a_worker_does_all_of_its_task_itself() -> None:
    for answers in TWO.map(map_again, [1, 2]):
        assert len(set(answers)) == 1
        assert os.getpid() not in answers


def test_workers_share_the_cores(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("POLARS_MAX_THREADS", raising=False)
    assert set(TWO.map(polars_threads, [1, 2])) == {max(1, cores() // 2)}
    assert "POLARS_MAX_THREADS" not in os.environ


def test_the_cores_are_those_of_the_process_or_where_nobody_tells_the_machines(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(os, "cpu_count", lambda: 8)
    monkeypatch.setattr(os, "sched_getaffinity", lambda _: {0, 3, 5}, raising=False)
    assert cores() == 3
    monkeypatch.delattr(os, "sched_getaffinity")
    assert cores() == 8
    monkeypatch.setattr(os, "cpu_count", lambda: None)
    assert cores() == 1


@pytest.mark.parametrize(
    "value", ["2", "processes:0", "processes:two", "threads:2", "dask://", "dask://host", "ray://h:1"]
)
def test_another_value_is_refused_and_what_there_is_named(value: str) -> None:
    with pytest.raises(DeclarationError, match=r"FTI_EXECUTOR='.*': expected nothing .*processes:4 .*dask://host:8786"):
        Executor(value)


def test_an_error_in_a_worker_is_raised_here_in_its_words_once_those_before_are_told() -> None:
    messages, told = [], list[int]()
    for executor in (HERE, TWO):
        with pytest.raises(ContractViolation, match="task 1 breaks its contract") as caught:
            executor.map(refuse, [0, 1, 2], lambda task, _: told.append(task))
        messages.append((str(caught.value), caught.value.cases))
    assert messages[0] == messages[1]
    assert told == [0, 0]
    assert str(pickle.loads(pickle.dumps(caught.value))) == messages[0][0]  # noqa: S301  # its own


def test_a_killed_worker_is_told_and_a_rerun_completes(tmp_path: Path) -> None:
    tasks = [str(tmp_path / name) for name in ("a", "b")]
    Path(tasks[1]).touch()
    with pytest.raises(WorkerDied, match=r"a worker process was killed.* of 2 tasks were done; run it again"):
        TWO.map(die, tasks)
    assert TWO.map(die, tasks) == tasks


def test_what_another_process_cannot_import_is_named() -> None:
    importable("view", [double, Path])
    with pytest.raises(DeclarationError, match=r"view: .*<lambda> of .*: expected a class or function at the top of"):
        importable("view", [lambda: 0])

    class Main:
        """Defined where a script or a notebook defines things."""

    Main.__module__ = "__main__"
    with pytest.raises(DeclarationError, match=r"Main of __main__: expected .*move it to a module"):
        importable("view", [Main])
