"""A view's rows as slices: of whole months and of days, each joined once and kept by all that it was made of."""

import hashlib
import inspect
from collections.abc import Sequence
from functools import cache

import polars as pl

from fti_assets.contracts.feature_view import FeatureView
from fti_assets.contracts.group import Group
from fti_assets.contracts.time import Window
from fti_assets.stores import frames
from fti_assets.stores.executor import Executor
from fti_assets.stores.feature_store import FeatureStore
from fti_assets.stores.slices import Slice
from fti_assets.validation import conform
from fti_assets.views import as_of_join, assemble, in_force_join, joining
from fti_assets.views.inputs import (
    Versions,
    reach_of_view,
    require_view,
    table_versions,
)
from fti_assets.views.joining import Joining, make_slices


def slices(
    view: FeatureView,
    window: Window,
    store: FeatureStore,
    versions: Versions | None = None,
    executor: Executor | None = None,
) -> list[Slice]:
    """The view's rows predicted in the window: a slice for each whole month, and for each day of other months.

    What is not kept is made: days that follow each other in one join, a month of its days where all are kept. So what
    was predicted is not joined again to train, and two models of the same features join once. Rows and bytes are the
    same whatever was kept, wherever they are made (`Executor`), and memory is bounded by a month.

    Args:
        view: its labels do not matter, nor its bounds of time but for the days that they leave out.
        window: may begin and end within a day.
        store: where the groups are, and the slices beside them.
        versions: at which tables are read, by the name of the group; those of now where it names none.
        executor: what makes missing slices, instead of the one that the environment names.

    Raises:
        MissingPartitions: a needed day of a group was never written.
        WorkerDied: a worker was killed; what was made stays.
        DeclarationError: the view has parts that workers cannot import.
    """
    part = view.part_of(window)
    if part is None:
        return []
    store = store.snapshot()
    require_view(view, part, store)
    keys = SliceKeys(view, store, {**table_versions(view, store), **(versions or {})})
    kept = {month_or_day: _kept(month_or_day, keys, store) for month_or_day in part.months_and_days}
    missing = [month_or_day for month_or_day, there in kept.items() if there is None]
    tasks = [keys.joining(windows) for windows in _within_months(missing)]
    made = iter(make_slices(tasks, store, executor or Executor()))
    return [there or next(made) for there in kept.values()]


class SliceKeys:
    """The keys of a view's slices, each made of the window, the view's declaration, the code and the rows joined."""

    def __init__(self, view: FeatureView, store: FeatureStore, versions: Versions) -> None:
        self._view, self._store, self._versions = view, store, versions
        self._declared = f"{view.row_declaration!r}\n{_code()}"

    def of(self, window: Window) -> str:
        """The key of the slice of a window."""
        reaches = reach_of_view(self._view, window, self._store, self._versions)
        contents = [self._contents(group, read) for group, read in reaches]
        parts = [self._declared, str(window.start), str(window.end), repr(contents)]
        return hashlib.sha256("\n".join(parts).encode()).hexdigest()

    def joining(self, windows: Sequence[Window]) -> Joining:
        """The task of joining windows that follow each other."""
        keys = tuple(map(self.of, windows))
        return Joining(self._view, tuple(windows), keys, self._store.storage, tuple(sorted(self._versions.items())))

    def _contents(self, group: Group, window: Window) -> list[str]:
        return self._store.contents(group, window, self._versions.get(group.name))


def _kept(window: Window, keys: SliceKeys, store: FeatureStore) -> Slice | None:
    """The slice of a window, if it is kept or all days are that it is made of."""
    key = keys.of(window)
    kept = store.slices.get(key)
    days: list[Slice] = []
    for day in window.split(1) if kept is None and len(window.days) > 1 else ():
        of_day = store.slices.get(keys.of(day))
        if of_day is None:
            return None
        days.append(of_day)
    return store.slices.put(key, window, pl.concat([day.read() for day in days])) if days else kept


def _within_months(windows: Sequence[Window]) -> list[list[Window]]:
    """The windows, in order, with those that follow each other within a month together."""
    runs: list[list[Window]] = []
    for window in windows:
        last = runs[-1][-1] if runs else None
        if last and last.end == window.start and last.start.month == window.start.month:
            runs[-1].append(window)
        else:
            runs.append([window])
    return runs


@cache
def _code() -> str:
    """The code that joins and computes, as text."""
    return "".join(map(inspect.getsource, (as_of_join, assemble, conform, frames, in_force_join, joining)))
