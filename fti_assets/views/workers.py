"""Work mapped over the processes of one machine: the same answers, whatever their number."""

import os
import sys
from collections.abc import Callable, Iterable, Iterator, Sequence
from concurrent.futures import ProcessPoolExecutor
from concurrent.futures.process import BrokenProcessPool
from contextlib import contextmanager
from functools import reduce
from multiprocessing import get_context
from typing import TypeVar

from fti_assets.contracts.errors import DeclarationError, WorkerDied

Task = TypeVar("Task")
Answer = TypeVar("Answer")

VARIABLE = "FTI_WORKERS"
_THREADS = "POLARS_MAX_THREADS"


def map_tasks(function: Callable[[Task], Answer], tasks: Sequence[Task], workers: int | None = None) -> list[Answer]:
    """The function's answer to each task, in order, from this process or so many others (default: $FTI_WORKERS, or 1).

    Function and tasks are sent to other processes, so what they refer to must be importable by name (`importable`).
    Raises WorkerDied when a process was killed, say for want of memory; an exception in a task is raised here.
    """
    count = min(workers_of(workers), len(tasks))
    if count <= 1:
        return [function(task) for task in tasks]
    with _threads_of_each(count), ProcessPoolExecutor(count, get_context("spawn")) as pool:
        futures = [pool.submit(function, task) for task in tasks]
        try:
            return [future.result() for future in futures]
        except BrokenProcessPool:
            done = sum(future.done() and future.exception() is None for future in futures)
            raise WorkerDied(
                f"a worker process was killed, perhaps for want of memory: {done} of {len(tasks)} tasks were done; "
                f"run it again to do the rest, with smaller windows or fewer workers ({VARIABLE}={count})"
            ) from None
        finally:
            pool.shutdown(wait=True, cancel_futures=True)


def workers_of(workers: int | None) -> int:
    """How many processes to use. Raises ValueError for less than one, and for a $FTI_WORKERS that is no number."""
    count = os.environ.get(VARIABLE, "1") if workers is None else str(workers)
    if not count.isdecimal() or int(count) < 1:
        raise ValueError(f"{VARIABLE if workers is None else 'workers'}={count!r}: expected 1, 2, …")
    return int(count)


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
            f"processes import it by name: move it to a module, or use one worker ({VARIABLE}=1)"
        )


def _resolved(module: object, name: str) -> object:
    return reduce(lambda owner, part: getattr(owner, part, None), name.split("."), module)


@contextmanager
def _threads_of_each(workers: int) -> Iterator[None]:
    """The processes started within share the cores: Polars reads its number of threads when it is imported."""
    before = os.environ.get(_THREADS)
    os.environ[_THREADS] = str(max(1, cores() // workers))
    try:
        yield
    finally:
        if before is None:
            del os.environ[_THREADS]
        else:
            os.environ[_THREADS] = before
