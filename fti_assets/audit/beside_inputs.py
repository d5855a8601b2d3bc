"""What a function reads beside the frames that it is given: data of its module, files, the clock."""

import builtins
import inspect
import io
from collections import deque
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from functools import partial, wraps
from types import FunctionType, ModuleType
from typing import Any

import numpy as np
import pandas as pd
import polars as pl
import time_machine

from fti_assets.contracts.packages import package_of
from fti_assets.contracts.syntax import names_loaded

LATER = timedelta(days=401, hours=5, minutes=17)
"""How far the other clock is ahead: another day of the week, of the month and of the year, and another time of day."""
_READERS, _READING = ("pandas", "polars"), ("read_", "scan_")
_FURTHEST_ZONE = timedelta(hours=14)
_NO_DATA = (".py", ".pyc", ".so")


@dataclass(frozen=True)
class Name:
    """A name beside its arguments that a function looks up: what it stands for, and how to make it another value."""

    name: str
    value: Any
    put: Callable[[Any], object]


def names_beside(*functions: Callable[..., Any]) -> list[Name]:
    """The names that the functions look up, and those that the functions of their package look up which they name.

    Of modules, closures and, for a method, its object. They are found in the code: what is imported when a function is
    called, held in containers or reached by `getattr` is not among them.
    """
    names: dict[tuple[int, str], Name] = {}
    todo, seen, package = list(functions), set[Any](), ""
    while todo:
        called = todo.pop()
        if isinstance(called, partial):
            todo += filter(callable, (called.func, *called.args, *called.keywords.values()))
            continue
        owner, function = getattr(called, "__self__", None), inspect.unwrap(getattr(called, "__func__", called))
        if not isinstance(function, FunctionType) or function in seen:
            continue
        seen.add(function)
        package = package or package_of(function)
        if not package or package_of(function) != package:
            continue
        for place, name in _looked_up(function, owner):
            names.setdefault((place, name.name), name)
            if inspect.isroutine(name.value) or hasattr(name.value, "__wrapped__"):
                todo.append(name.value)
    return list(names.values())


def data_beside(*functions: Callable[..., Any]) -> list[Name]:
    """Of those names the frames, columns and arrays, and the functions that keep or read such: what can be altered."""
    return [name for name in names_beside(*functions) if _is_data(name.value) or _gives_data(name.value)]


def is_altered(name: Name, alter: Callable[[Any], Any]) -> bool:
    """Whether altering does anything to the name's data; of a function that is not known before it answers."""
    return _gives_data(name.value) or alter(name.value) is not name.value


@contextmanager
def replaced(name: Name, alter: Callable[[Any], Any]) -> Iterator[None]:
    """The name's data altered; of a function what it returns."""
    name.put(_of_answers(name.value, alter) if _gives_data(name.value) else alter(name.value))
    try:
        yield
    finally:
        name.put(name.value)


def without_later(t: datetime, data: Any) -> Any:
    """The data less the rows all of whose times are later than `t`; as they are where they have no times."""
    if isinstance(data, pl.DataFrame | pl.LazyFrame):
        schema = data.collect_schema()
        times = [name for name, kind in schema.items() if isinstance(kind, pl.Datetime)]
        bounds = {name: _as_written(t, getattr(schema[name], "time_zone", None)) for name in times}
        kept = (pl.col(name).is_null() | (pl.col(name) <= bounds[name]) for name in times)
        return data.filter(pl.any_horizontal(*kept)) if times else data
    if not isinstance(data, pd.DataFrame | pd.Series):
        return data
    frame = data if isinstance(data, pd.DataFrame) else data.to_frame()
    columns = [frame[name] for name in frame.columns if pd.api.types.is_datetime64_any_dtype(frame[name])]
    if isinstance(frame.index, pd.DatetimeIndex):
        columns.append(frame.index.to_series())
    marks = [(c.isna() | (c <= _as_written(t, c.dt.tz))).to_numpy() for c in columns]
    return data[np.logical_or.reduce(marks)] if marks else data


def exchanged(data: Any) -> Any:
    """Data without times, each row with the values of the next; data with times as they are."""
    if isinstance(data, pl.DataFrame | pl.Series):
        return data if _has_times(data) else data[[*range(1, len(data)), 0][: len(data)]]
    if isinstance(data, np.ndarray):
        return np.roll(data, -1, axis=0) if data.ndim and data.dtype.kind not in "mM" else data
    if not isinstance(data, pd.DataFrame | pd.Series) or _has_times(data) or not len(data):
        return data
    return data.iloc[np.roll(np.arange(len(data)), -1)].set_axis(data.index, axis=0)


@contextmanager
def another_clock() -> Iterator[None]:
    """The clock ahead by LATER, for Python and pandas; not for numpy, Polars and what else asks the system itself."""
    with time_machine.travel(datetime.now(UTC) + LATER):
        yield


@contextmanager
def state_kept(functions: Iterable[Callable[..., Any]]) -> Iterator[None]:
    """What the functions put into names and containers of their modules meanwhile is taken out again."""
    names = names_beside(*functions)
    contents = [name.value.copy() if _is_container(name.value) else None for name in names]
    try:
        yield
    finally:
        for name, content in zip(names, contents, strict=True):
            name.put(name.value)
            if content is not None:
                name.value.clear()
                getattr(name.value, "update" if isinstance(content, dict | set) else "extend")(content)


def telling_files(function: Callable[..., Any], paths: set[str]) -> Callable[..., Any]:
    """The function, adding the files that Python opens for it to `paths`; those of code and of time zones do not count.

    Files that another library reads by itself are not seen.
    """
    opening = builtins.open

    def told(file: Any, *arguments: Any, **named: Any) -> Any:
        path = str(file)
        if not isinstance(file, int) and not path.endswith(_NO_DATA) and "zoneinfo" not in path:
            paths.add(path)
        return opening(file, *arguments, **named)

    @wraps(function)
    def listening(*frames: Any, **named: Any) -> Any:
        vars(builtins)["open"] = vars(io)["open"] = told
        try:
            return function(*frames, **named)
        finally:
            vars(builtins)["open"] = vars(io)["open"] = opening

    return listening


def _looked_up(function: FunctionType, owner: Any) -> Iterator[tuple[int, Name]]:
    """The names of a function's code in its closure, its object, its module, and the modules that it names."""
    loaded = names_loaded(function.__code__)
    for name, cell in zip(function.__code__.co_freevars, function.__closure__ or (), strict=True):
        if cell != type(cell)():  # one that is assigned
            yield id(cell), Name(name, cell.cell_contents, partial(setattr, cell, "cell_contents"))
    scopes = [function.__globals__]
    if hasattr(owner, "__dict__") and not inspect.ismodule(owner):
        scopes.append(vars(owner))
    scopes += [vars(v) for n, v in function.__globals__.items() if n in loaded and _is_read(v, package_of(function))]
    for scope in scopes:
        for name in sorted(loaded & scope.keys()):
            yield id(scope), Name(name, scope[name], partial(scope.__setitem__, name))


def _is_read(value: object, package: str) -> bool:
    """Whether it is a module whose names count: of the same package, or one that reads frames."""
    return isinstance(value, ModuleType) and (value.__name__ in _READERS or package_of(value) == package)


def _is_data(value: object) -> bool:
    return isinstance(value, pd.DataFrame | pd.Series | pl.DataFrame | pl.LazyFrame | pl.Series | np.ndarray)


def _gives_data(value: object) -> bool:
    """Whether it is a function whose answers are kept, or that reads a file into a frame."""
    module, name = getattr(value, "__module__", None) or "", getattr(value, "__name__", "")
    is_reader = module.partition(".")[0] in _READERS and name.startswith(_READING)
    return callable(value) and (is_reader or (hasattr(value, "cache_clear") and bool(package_of(value))))


def _of_answers(function: Callable[..., Any], alter: Callable[[Any], Any]) -> Callable[..., Any]:
    def altered(*arguments: Any, **named: Any) -> Any:
        answer = function(*arguments, **named)
        return alter(answer) if _is_data(answer) else answer

    return altered


def _is_container(value: object) -> bool:
    return isinstance(value, dict | list | set | deque)


def _has_times(data: Any) -> bool:
    return data is not without_later(datetime(2000, 1, 1, tzinfo=UTC), data)


def _as_written(t: datetime, zone: object) -> Any:
    """The moment beside times of a zone; those of none may be the clock's of any place."""
    return t if zone is not None else t.replace(tzinfo=None) + _FURTHEST_ZONE
