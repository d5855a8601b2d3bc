"""Statistics of what was just written, and whether it is as usual."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime

import polars as pl

from fti_assets.contracts.errors import Corrupt, StorageError
from fti_assets.contracts.group import Group
from fti_assets.contracts.time import Window
from fti_assets.features.expectations import ENOUGH, Unusual, history_length, unusual
from fti_assets.stores.statistics import StatisticsStore


@dataclass(frozen=True)
class Kept:
    """The statistics of the partitions written, those of the partitions before, and by start what is not as usual."""

    statistics: pl.DataFrame
    before: pl.DataFrame
    unusual: Mapping[datetime, tuple[Unusual, ...]]


def keep_statistics(
    group: Group, statistics: pl.DataFrame, partitions: Sequence[Window], store: StatisticsStore
) -> Kept:
    """Store the statistics of rows that the feature store holds by now, and judge them by those of the days before.

    The rows come first: without them statistics would speak of what nobody can read, and statistics can be had from
    rows again. Killed in between, a group has the statistics it had, until the partition is materialized again. If
    they cannot be stored the batch stands, and every partition says so among what is not as usual. A dimension is
    judged by what it replaces.
    """
    first = partitions[0]
    history = Window(first.start - history_length(first.end - first.start), first.start)
    try:
        before = store.read(group, first if group.dimension else history)
        store.write(group, statistics)
    except (StorageError, Corrupt) as error:
        lost = Unusual("statistics", "", str(error).split("\n")[0], "stored: materialize again once this is mended")
        return Kept(statistics, statistics.clear(), {partition.start: (lost,) for partition in partitions})
    surprises = unusual(statistics, before, group.known_at, enough=1 if group.dimension else ENOUGH)
    return Kept(statistics, before, surprises)
