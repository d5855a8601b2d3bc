"""Making slices: windows of a view's rows joined at once, by this process or a worker."""

from collections import deque
from collections.abc import Iterator, Mapping, Sequence
from concurrent.futures import Future, ThreadPoolExecutor
from functools import lru_cache
from itertools import chain

import attrs
import polars as pl

from fti_assets.contracts.feature_view import FeatureView
from fti_assets.contracts.time import Window
from fti_assets.stores.executor import Executor
from fti_assets.stores.feature_store import FeatureStore
from fti_assets.stores.frames import empty, to_polars
from fti_assets.stores.slices import Slice
from fti_assets.stores.storage import Storage
from fti_assets.views.assemble import complete, join
from fti_assets.views.inputs import read_inputs


@attrs.frozen
class Joining:
    """Windows of a view that follow each other, the keys of their slices, and the tables: all that a worker is told.

    Attributes:
        storage: where the feature store lies.
        versions: at which each table is read, by the name of its group.
    """

    view: FeatureView
    windows: tuple[Window, ...]
    keys: tuple[str, ...]
    storage: Storage
    versions: tuple[tuple[str, int | None], ...]

    @property
    def window(self) -> Window:
        """The windows as one."""
        return Window(self.windows[0].start, self.windows[-1].end)


def make_slices(tasks: Sequence[Joining], store: FeatureStore, executor: Executor) -> list[Slice]:
    """The slices of all windows, in order."""
    if executor.is_here or len(tasks) < 2:
        return list(chain.from_iterable(_in_turn(tasks, store)))
    view = tasks[0].view
    made = executor.map(joined, tasks, what=f"view of {view.spine.name}", imported=imported_by(view))
    return list(chain.from_iterable(made))


def rows_of(view: FeatureView, spine: pl.DataFrame, groups: Mapping[str, pl.DataFrame]) -> pl.DataFrame:
    """The view's rows of a spine: the spine's own columns and the view's features, typed by their kinds.

    On-demand functions compute a day at a time, so that a day has the same bits alone and in a month: how a sum or a
    sine is rounded may depend on how many there are.
    """
    joined = join(view, spine, groups)
    columns, at = view.row_columns, pl.col(view.predicted_at)
    computed = {name: kind for f in view.functions for name, kind in f.columns.items() if name in columns}
    of_spine = {n: c for s in view.selections if s.group == view.spine for c, n in s.names.items()}
    looked_up = joined.select(pl.col(of_spine.get(n, n)).alias(n) for n in columns if n not in computed)
    if not computed:
        return looked_up
    days = joined.with_columns(at.dt.date().alias("\0")).partition_by("\0", maintain_order=True, include_key=False)
    answers = [to_polars(complete(view, day), computed) for day in days]
    return pl.concat([looked_up, pl.concat([empty(computed), *answers])], how="horizontal")


def imported_by(view: FeatureView) -> list[object]:
    """What a process that is sent the view imports by name."""
    functions = [part for function in view.functions for part in (function.function, function.schema)]
    return [
        *(group.schema for group in view.groups),
        *(label.group.schema for label in view.labels.values()),
        *functions,
    ]


@lru_cache(maxsize=4)
def opened(storage: Storage, versions: tuple[tuple[str, int | None], ...]) -> FeatureStore:  # noqa: ARG001  # its key
    """A worker's store: each table is opened once for all tasks that read it at the same versions."""
    return FeatureStore(storage).snapshot()


def joined(task: Joining) -> list[Slice]:
    """The slices of a task's windows, made by a worker."""
    store = opened(task.storage, task.versions)
    return _kept(task, rows_of(task.view, *_read(task, store)), store)


def _in_turn(tasks: Sequence[Joining], store: FeatureStore) -> Iterator[list[Slice]]:
    """Make one task's slices after the other's; while some are joined the next are read and those before written."""
    with ThreadPoolExecutor(1) as reader, ThreadPoolExecutor(1) as writer:
        ahead: deque[Future[tuple[pl.DataFrame, dict[str, pl.DataFrame]]]] = deque()
        behind: deque[Future[list[Slice]]] = deque()
        for n, task in enumerate(tasks):
            ahead.extend(reader.submit(_read, part, store) for part in tasks[n + len(ahead) : n + 2])
            rows = rows_of(task.view, *ahead.popleft().result())
            if behind:
                yield behind.popleft().result()
            behind.append(writer.submit(_kept, task, rows, store))
        yield from (slices.result() for slices in behind)


def _read(task: Joining, store: FeatureStore) -> tuple[pl.DataFrame, dict[str, pl.DataFrame]]:
    return read_inputs(task.view, task.window, store, dict(task.versions))


def _kept(task: Joining, rows: pl.DataFrame, store: FeatureStore) -> list[Slice]:
    if len(task.windows) == 1:
        return [store.slices.put(task.keys[0], task.window, rows)]
    at = pl.col(task.view.predicted_at)
    return [
        store.slices.put(key, window, rows.filter(at.is_between(window.start, window.end, closed="left")))
        for key, window in zip(task.keys, task.windows, strict=True)
    ]
