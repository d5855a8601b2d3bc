"""Inputs whose future is altered: sources that read other rows, and a store that answers with other rows."""

import copy
from collections.abc import Callable, Sequence
from datetime import datetime, timedelta
from functools import cache

import attrs
import pandas as pd
import polars as pl

from fti_assets.contracts.group import Group
from fti_assets.contracts.source import Source
from fti_assets.contracts.time import Window
from fti_assets.stores.feature_store import FeatureStore, GroupReader
from fti_assets.validation.batch_validation import BatchValidation

AlterFrame = Callable[[pd.DataFrame], pd.DataFrame]
Later = Callable[[pl.DataFrame], pl.DataFrame]
"""Another frame in place of an input's rows of a window."""
_INSTANT = timedelta(microseconds=1)


def with_future(source: Source, alter: AlterFrame, t: datetime) -> Source:
    """The source as it is up to and with `t`, its rows known later given to `alter`.

    What `alter` gives must keep the schema and become known in the days in which these did.
    """
    after = t + _INSTANT

    def read(start: datetime, end: datetime) -> pd.DataFrame:
        if end <= after:
            return source.read(start, end)
        later = alter(source.read(max(start, after), end))
        return pd.concat([source.read(start, after), later], ignore_index=True) if start < after else later

    return attrs.evolve(source, read=read)


def read_once(source: Source, group: Group, store: GroupReader) -> Source:
    """The source as the group takes it in, each window read once: conforming, less the rows that are set aside."""

    @cache
    def read(start: datetime, end: datetime) -> pd.DataFrame:
        return BatchValidation(group, Window(start, end), store).kept(source.read(start, end), source)

    return attrs.evolve(source, read=read)


class AlteredStore:
    """A feature store as an audit reads it: each read once, and one group's rows altered where that is asked for."""

    def __init__(self, store: FeatureStore) -> None:
        self.tiles, self.quarantine = store.tiles, store.quarantine
        self._store = store.snapshot()
        self._kept: dict[tuple[str, Window, tuple[str, ...] | None, int | None], pl.DataFrame] = {}
        self._altered: Group | None = None
        self._alter: Later = lambda rows: rows

    def altered(self, group: Group, alter: Later) -> "AlteredStore":
        """The same store with other rows of one group."""
        other = copy.copy(self)
        other._altered, other._alter = group, alter
        return other

    def snapshot(self) -> "AlteredStore":
        """Itself: each table stays as it was when first opened."""
        return self

    def require(self, group: Group, window: Window) -> None:
        """Raise MissingPartitions unless every partition that the window touches was written."""
        self._store.require(group, window)

    def require_history(self, group: Group, window: Window) -> None:
        """The same from the group's first rows on."""
        self._store.require_history(group, window)

    def contents(self, group: Group, window: Window, version: int | None = None) -> list[str]:  # noqa: ARG002
        """None: no partition holds such rows, so nothing that was computed from one is taken or kept in their place."""
        return []

    def read(
        self, group: Group, window: Window, columns: Sequence[str] | None = None, version: int | None = None
    ) -> pl.DataFrame:
        """The group's rows, altered if it is the one."""
        if group != self._altered:
            return self._read(group, window, columns, version)
        rows = self._alter(self._read(group, window, None, version))
        return rows if columns is None else rows.select(columns)

    def _read(self, group: Group, window: Window, columns: Sequence[str] | None, version: int | None) -> pl.DataFrame:
        name = (group.name, window, None if columns is None else tuple(columns), version)
        if name not in self._kept:
            self._kept[name] = self._store.read(group, window, columns, version)
        return self._kept[name]
