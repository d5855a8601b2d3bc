"""Real flights at any size: the year 2013 repeated, each time 364 days later, so that weekdays stay what they are.

Every row of the year is there in every repetition. Where two years meet, the last day of one is the first of the next.
"""

import os
from collections.abc import Iterator
from datetime import timedelta
from functools import cache
from pathlib import Path

import polars as pl

from fti_assets.contracts.feature_group import FeatureGroup
from fti_assets.contracts.feature_view import FeatureView
from fti_assets.contracts.time import DAY, Window, midnight
from fti_assets.flights import contracts, sources, transformations
from fti_assets.stores.feature_store import contract_of
from fti_assets.stores.frames import TIME, to_polars
from fti_assets.stores.storage import Storage
from fti_assets.stores.tables import PartitionedTable

FIRST = midnight("2013-01-01")
YEAR = timedelta(days=364)
SOURCE = Window(FIRST, FIRST + timedelta(days=368))
"""From the first prediction to the last landing of the real year."""

VIEW = FeatureView(
    spine=contracts.departures,
    label=contracts.arrivals["is_late"].within(days=2),
    features=[
        contracts.weather.select(),
        contracts.takeoffs["flight", "block_minutes", "delay", "is_late"].by("tail_number").prefixed("left_"),
        contracts.carriers.select().prefixed("carrier_"),
    ],
)
"""3 groups, 17 features: the weather at the origin, what the aircraft last did, how the carrier does."""

GROUPS = VIEW.groups


def days_of(years: int) -> int:
    """How many days hold so many years of flights, from the first prediction to the last landing."""
    return years * YEAR.days + 2


def span(days: int) -> Window:
    """The first so many days."""
    return Window(FIRST, FIRST + days * DAY)


@cache
def one_year(group: FeatureGroup) -> pl.DataFrame:
    """The group's rows of 2013, in the order in which they became known; parsed once for all of a run's processes."""
    folder = os.environ.get("FTI_BENCH_FOLDER")
    if not folder:
        return _parsed(group)
    path = Path(folder) / f"one_year_{group.name}.parquet"
    if not path.exists():
        partial = path.with_suffix(f".{os.getpid()}")
        _parsed(group).write_parquet(partial)
        partial.replace(path)
    return pl.read_parquet(path)


def _parsed(group: FeatureGroup) -> pl.DataFrame:
    start, end = SOURCE.start, SOURCE.end
    if group is contracts.carriers:
        return _carriers(one_year(contracts.arrivals))
    frame = {
        contracts.departures: lambda: transformations.as_read(sources.schedule.read(start, end)),
        contracts.takeoffs: lambda: transformations.as_left(sources.takeoffs.read(start, end)),
        contracts.arrivals: lambda: transformations.as_landed(sources.landings.read(start, end)),
        contracts.weather: lambda: transformations.as_published(sources.observations.read(start, end)),
    }[group]()
    return to_polars(frame, group.columns)


def _carriers(landed: pl.DataFrame) -> pl.DataFrame:
    """The share of each carrier's flights that were late over the days before each day: what is joined, at any size."""
    days = pl.DataFrame({"as_of": pl.datetime_range(FIRST, FIRST + YEAR - DAY, "1d", eager=True)}).cast(TIME)
    late = landed.group_by("carrier", pl.col("landed_at").dt.truncate("1d").alias("as_of")).agg(
        pl.col("is_late").sum().alias("late"), pl.len().alias("all")
    )
    grid = landed.select("carrier").unique().join(days, how="cross").join(late, on=["carrier", "as_of"], how="left")
    before = pl.col("late", "all").fill_null(0).shift(1, fill_value=0).over("carrier", order_by="as_of")
    grid = grid.sort("as_of", "carrier").with_columns(before)
    shares = {
        f"is_late_mean_{n}d": pl.col("late").rolling_sum(n, min_samples=1).over("carrier", order_by="as_of")
        / pl.col("all").rolling_sum(n, min_samples=1).over("carrier", order_by="as_of")
        for n in (1, 7, 30)
    }
    return grid.select("as_of", "carrier", **shares).fill_nan(None).select(list(contracts.carriers.columns))


def parts_of(group: FeatureGroup, days: int, shuffled: bool = False) -> Iterator[tuple[Window, pl.DataFrame]]:
    """The group's rows of the first so many days, at most 364 at a time.

    The rows of a day come in the order in which they became known, or `shuffled`.
    """
    year, known = one_year(group), str(group.known_at)
    for n, window in enumerate(span(days).split(YEAR.days)):
        repeated = pl.concat([year.with_columns(pl.col(TIME) + m * YEAR) for m in (n - 1, n) if m >= 0])
        rows = repeated.filter(pl.col(known).is_between(window.start, window.end, closed="left"))
        order = pl.int_range(pl.len()).shuffle(seed=n) if shuffled else pl.col(known)
        yield window, rows.sort(pl.col(known).dt.date(), order, maintain_order=True)


def write_store(root: str, days: int, names: str = "departures weather takeoffs carriers arrivals") -> None:
    """Write the named groups' tables, a year in a commit; the spine's rows are shuffled within their day."""
    for group in (*GROUPS, VIEW.label.group):
        if group.name in names.split():
            table = PartitionedTable(Storage(Path(root) / group.name), contract_of(group))
            for window, rows in parts_of(group, days, shuffled=group is VIEW.spine):
                table.write(rows, window, pl.col(str(group.known_at)))


def write_plain(root: str, days: int) -> None:
    """Write the same rows, in the same order, as plain Parquet: a file a year, the layout that is fastest to read."""
    for group in GROUPS:
        (Path(root) / group.name).mkdir(parents=True)
        for n, (_, rows) in enumerate(parts_of(group, days, shuffled=group is VIEW.spine)):
            rows.write_parquet(Path(root) / group.name / f"{n:03}.parquet", compression="lz4")


def write_months(root: str, name: str, days: int) -> None:
    """Write the rows of one group, in the same order, as plain Parquet: a file a month, in a table's codec."""
    group = next(group for group in GROUPS if group.name == name)
    Path(root).mkdir(parents=True)
    rows = pl.concat([part for _, part in parts_of(group, days, shuffled=group is VIEW.spine)])
    month = pl.col(str(group.known_at)).dt.strftime("%Y-%m")
    for (name_of_month,), part in rows.group_by(month, maintain_order=True):
        part.write_parquet(Path(root) / f"{name_of_month}.parquet", compression="zstd", compression_level=1)


def one_year_of(name: str) -> pl.DataFrame:
    """The rows of 2013 of the group of that name."""
    return one_year(getattr(contracts, name))
