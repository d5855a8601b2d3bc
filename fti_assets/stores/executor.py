"""Where maps over windows run: in this process, in others of this machine, or on a Dask cluster; with equal answers."""

import os
import re
import sys
from collections.abc import Callable, Iterable, Iterator, Sequence
from concurrent.futures import BrokenExecutor, CancelledError, Future, ProcessPoolExecutor
from concurrent.futures import Executor as Pool
from contextlib import AbstractContextManager, contextmanager
from contextvars import ContextVar
from functools import reduce
from multiprocessing import get_context
from typing import Any, TypeVar

from fti_assets.contracts.errors import DeclarationError, WorkerDied

Task = TypeVar("Task")
Answer = TypeVar("Answer")

VARIABLE = "FTI_EXECUTOR"
_THREADS = "POLARS_MAX_THREADS"
_PROCESSES = re.compile(r"processes:([1-9][0-9]*)")
_CLUSTER = re.compile(r"dask://([^/\s]+:[0-9]+)")
_IN_A_TASK: ContextVar[bool] = ContextVar("_IN_A_TASK", default=False)


class Executor:
    """Maps a function over tasks where `$FTI_EXECUTOR` says: unset here, or `processes:4`, or `dask://host:8786`.

    Tasks and answers are values that name stores by their URLs. A worker opens these in its own environment, so
    neither handles nor credentials are sent.

    Args:
        where: what to use instead of the environment's.

    Raises:
        DeclarationError: for a value that is none of these.
    """

    def __init__(self, where: str | None = None) -> None:
        self._where = os.environ.get(VARIABLE, "") if where is None else where
        processes, cluster = _PROCESSES.fullmatch(self._where), _CLUSTER.fullmatch(self._where)
        if self._where and not processes and not cluster:
            raise DeclarationError(
                f"{VARIABLE}={self._where!r}: expected nothing for this process, processes:4 for so many of this "
                "machine, or dask://host:8786 for the scheduler of a Dask cluster"
            )
        self._processes = int(processes[1]) if processes else 0
        self._scheduler = f"tcp://{cluster[1]}" if cluster else ""

    @property
    def is_here(self) -> bool:
        """Whether this process does everything: by what is said, or because it is a worker itself."""
        return _IN_A_TASK.get() or not (self._processes > 1 or self._scheduler)

    @property
    def on_cluster(self) -> bool:
        """Whether tasks go to workers that wait for them, so that small ones pay."""
        return bool(self._scheduler) and not self.is_here

    def map(
        self,
        function: Callable[[Task], Answer],
        tasks: Sequence[Task],
        told: Callable[[Task, Answer], object] = lambda _task, _answer: None,
        *,
        what: str = "tasks",
        imported: Iterable[object] = (),
    ) -> list[Answer]:
        """The function's answer to each task, in order; `told` hears of each in that order, as soon as it is there.

        One task alone is done here. The first task that fails raises its exception here, once those before it were
        told; of those after it some may have been done.

        Args:
            what: whose tasks they are, as an error calls it.
            imported: classes and functions among the tasks that workers import by name.

        Raises:
            WorkerDied: a worker was killed, say for want of memory, and no other can do its task.
            DeclarationError: workers cannot import one of `imported`.
        """
        if self.is_here or len(tasks) < 2:
            return [_told(told, task, function(task)) for task in tasks]
        importable(what, imported)
        with self._workers() as pool:
            futures = [pool.submit(_in_worker, function, task) for task in tasks]
            try:
                return [_told(told, task, future.result()) for task, future in zip(tasks, futures, strict=True)]
            except self._deaths:
                raise self._death(futures) from None
            finally:
                for future in futures:
                    future.cancel()

    def _workers(self) -> AbstractContextManager[Pool]:
        return _cluster(self._where, self._scheduler) if self._scheduler else _local_processes(self._processes)

    @property
    def _deaths(self) -> tuple[type[Exception], ...]:
        if not self._scheduler:
            return (BrokenExecutor,)
        from distributed import KilledWorker

        return (KilledWorker, CancelledError)

    def _death(self, futures: Sequence[Future[Any]]) -> WorkerDied:
        done = sum(future.done() and not future.cancelled() and future.exception() is None for future in futures)
        return WorkerDied(
            f"a worker process was killed, perhaps for want of memory: {done} of {len(futures)} tasks were done; run "
            f"it again to do the rest, with smaller windows or fewer workers ({VARIABLE}={self._where})"
        )


def cores() -> int:
    """How many cores this process may use: those it is bound to, where the platform tells, or else the machine's."""
    if hasattr(os, "sched_getaffinity"):
        return len(os.sched_getaffinity(0))
    return os.cpu_count() or 1


def importable(what: str, parts: Iterable[object]) -> None:
    """Raise DeclarationError unless another process can import each class and function by its name."""
    for part in parts:
        module, name = getattr(part, "__module__", None), getattr(part, "__qualname__", None)
        if module is None or name is None:
            continue
        if module != "__main__" and _resolved(sys.modules.get(module), name) is part:
            continue
        raise DeclarationError(
            f"{what}: {name} of {module}: expected a class or function at the top of a module, because worker "
            f"processes import it by name: move it to a module, or unset {VARIABLE}"
        )


def _resolved(module: object, name: str) -> object:
    return reduce(lambda owner, part: getattr(owner, part, None), name.split("."), module)


def _told(told: Callable[[Task, Answer], object], task: Task, answer: Answer) -> Answer:
    told(task, answer)
    return answer


def _in_worker(function: Callable[[Task], Answer], task: Task) -> Answer:
    """The answer of a worker, in which further maps are loops."""
    token = _IN_A_TASK.set(True)
    try:
        return function(task)
    finally:
        _IN_A_TASK.reset(token)


@contextmanager
def _local_processes(count: int) -> Iterator[Pool]:
    with _threads_of_each(count), ProcessPoolExecutor(count, get_context("spawn")) as pool:
        try:
            yield pool
        finally:
            pool.shutdown(wait=True, cancel_futures=True)


@contextmanager
def _threads_of_each(processes: int) -> Iterator[None]:
    """The processes started within share the cores: Polars reads its number of threads when it is imported."""
    before = os.environ.get(_THREADS)
    os.environ[_THREADS] = str(max(1, cores() // processes))
    try:
        yield
    finally:
        if before is None:
            del os.environ[_THREADS]
        else:
            os.environ[_THREADS] = before


@contextmanager
def _cluster(where: str, scheduler: str) -> Iterator[Pool]:
    try:
        from distributed import Client
    except ModuleNotFoundError:
        raise DeclarationError(f"{VARIABLE}={where}: expected Dask to be there: install fti_assets[dask]") from None
    try:
        client = Client(scheduler, set_as_default=False)
    except OSError as error:
        raise ConnectionError(f"{VARIABLE}={where}: no scheduler of a Dask cluster answers there: {error}") from error
    with client:
        pool = client.get_executor(retries=2, pure=False)
        try:
            yield pool
        finally:
            pool.shutdown(wait=False)
