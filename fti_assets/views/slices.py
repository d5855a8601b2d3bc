"""A view's rows written as files, as a map over windows of time: memory is bounded by the window, not by the range."""

import hashlib
from collections import deque
from collections.abc import Iterator, Mapping, Sequence
from concurrent.futures import Future, ThreadPoolExecutor
from dataclasses import dataclass
from functools import cache
from pathlib import Path

import polars as pl

from fti_assets.contracts.code_version import code_version
from fti_assets.contracts.feature_view import FeatureView
from fti_assets.contracts.time import Window
from fti_assets.stores.feature_store import FeatureStore
from fti_assets.stores.frames import to_polars
from fti_assets.stores.storage import Storage
from fti_assets.stores.view_files import ViewFile, ViewFiles
from fti_assets.views.assemble import complete, join
from fti_assets.views.reading import read_inputs, require_view, slice_key, table_versions
from fti_assets.views.workers import importable, map_tasks, workers_of

DAYS_AT_ONCE = 92
"""A quarter of a year."""


@dataclass(frozen=True)
class Slice:
    """A window of a view's rows, the tables they come from and the folder they go to: all that a worker is told."""

    view: FeatureView
    window: Window
    root: Path
    versions: Mapping[str, int | None]
    folder: Path


@dataclass(frozen=True)
class WrittenView:
    """What was written, a file for each slice in the order of time."""

    files: tuple[ViewFile, ...]

    @property
    def rows(self) -> int:
        """The rows of all files."""
        return sum(file.rows for file in self.files)

    @property
    def bytes(self) -> int:
        """The bytes of all files."""
        return sum(file.bytes for file in self.files)


def write_view(
    view: FeatureView,
    window: Window,
    store: FeatureStore,
    folder: Path,
    *,
    days: int = DAYS_AT_ONCE,
    workers: int | None = None,
    versions: Mapping[str, int | None] | None = None,
) -> WrittenView:
    """Write the spine rows predicted in the window with their features to Parquet, a file for at most so many days.

    The columns are the spine's own, then the view's features; the rows have the spine's order. They are the same
    whatever `days` and `workers` (default: $FTI_WORKERS, or 1) are. A file that was written from the same rows is kept,
    so that a run that was killed goes on where it was. `versions` pins the tables by group name; without it the
    versions are those of now.

    Raises MissingPartitions when a needed day was never written, Conflict when the folder holds other files,
    WorkerDied when a worker was killed, and DeclarationError for a view that workers cannot import.
    """
    store, files = store.snapshot(), ViewFiles(folder)
    asked = view.part_of(window)
    if asked is None:
        files.claim(())
        return WrittenView(())
    require_view(view, asked, store)
    if workers_of(workers) > 1:
        importable(f"view of {view.spine.name}", _parts(view))
    pins = {**table_versions(view, store), **(versions or {})}
    slices = [Slice(view, part, store.root, pins, folder) for part in asked.split(days, by_month=True)]
    files.claim(_name(part.window) for part in slices)
    if min(workers_of(workers), len(slices)) == 1:
        return WrittenView(tuple(_in_turn(slices, store)))
    return WrittenView(tuple(map_tasks(write_slice, slices, workers)))


def write_slice(task: Slice) -> ViewFile:
    """Compute one slice and write its file, unless it is there."""
    return next(_in_turn([task], _opened(task.root)))


@cache
def _opened(root: Path) -> FeatureStore:
    """The store of a worker, which lives as long as one call of `write_view`: each table is opened once."""
    return FeatureStore(Storage(root)).snapshot()


def _in_turn(slices: Sequence[Slice], store: FeatureStore) -> Iterator[ViewFile]:
    """Write one slice after the other; while one is joined the next is read and the one before it written."""
    with ThreadPoolExecutor(1) as reader, ThreadPoolExecutor(1) as writer:
        ahead: deque[Future[_Inputs]] = deque()
        behind: deque[Future[ViewFile]] = deque()
        for n, task in enumerate(slices):
            ahead.extend(reader.submit(_read, part, store) for part in slices[n + len(ahead) : n + 2])
            inputs = ahead.popleft().result()
            rows = pl.DataFrame() if inputs.kept else _rows(task.view, *inputs.frames)
            if behind:
                yield behind.popleft().result()
            behind.append(writer.submit(_write, task, inputs, rows))
        yield from (part.result() for part in behind)


@dataclass(frozen=True)
class _Inputs:
    key: str
    kept: ViewFile | None
    frames: tuple[pl.DataFrame, dict[str, pl.DataFrame]]


def _read(task: Slice, store: FeatureStore) -> _Inputs:
    key = _key(task, store)
    kept = ViewFiles(task.folder).get(_name(task.window), key)
    frames = (pl.DataFrame(), {}) if kept else read_inputs(task.view, task.window, store, task.versions)
    return _Inputs(key, kept, frames)


def _write(task: Slice, inputs: _Inputs, rows: pl.DataFrame) -> ViewFile:
    return inputs.kept or ViewFiles(task.folder).put(_name(task.window), inputs.key, rows)


def _rows(view: FeatureView, spine: pl.DataFrame, groups: Mapping[str, pl.DataFrame]) -> pl.DataFrame:
    rows, kinds = join(view, spine, groups), {**view.spine.columns, **view.columns}
    if view.functions or any(name not in rows.columns for name in kinds):
        return to_polars(complete(view, rows), kinds)
    # straight from join to file: a way through pandas would double the time
    return rows.select(list(kinds))


def _key(task: Slice, store: FeatureStore) -> str:
    """A name made of all that the file is made of."""
    view = task.view
    names = [repr(selection.names) for selection in view.selections]
    parts = [slice_key(view, task.window, store, task.versions), *view.columns, *names]
    parts += [code_version(function.function) for function in view.functions]
    return hashlib.sha256("\n".join(parts).encode()).hexdigest()


def _name(window: Window) -> str:
    return f"{window.start:%Y-%m-%dT%H%M%S}_{window.end:%Y-%m-%dT%H%M%S}"


def _parts(view: FeatureView) -> list[object]:
    """What a process that is sent the view imports by name."""
    groups = [*view.groups, *(label.group for label in view.labels.values())]
    functions = [part for function in view.functions for part in (function.function, function.schema)]
    return [*(group.schema for group in groups), *functions]
