"""What a batch looks like, a partition at a time: rows, missing values, quantiles, frequent categories."""

from collections.abc import Iterator, Mapping, Sequence

import polars as pl

from fti_assets.contracts.kinds import Kind
from fti_assets.contracts.time import Window
from fti_assets.stores.frames import TIME
from fti_assets.stores.statistics import QUANTILES, SCHEMA

COUNTED_IN_FULL = 50
"""Up to so many distinct texts of a partition are all counted; of more, the top ten."""
TOP = 10

_PARTITION = ":partition"  # no column of a contract is called so


def partition_statistics(
    rows: pl.DataFrame, columns: Mapping[str, Kind], partitions: Sequence[Window], known_at: str | None = None
) -> pl.DataFrame:
    """The statistics (see SCHEMA) of rows in each of the partitions, by partition and then in the columns' order.

    `partitions` are in order and do not overlap; a row belongs to the one that holds its `known_at`. Without it there
    is one partition, which holds all rows. A partition's statistics follow from its rows alone, to the last bit.
    """
    starts = pl.Series([p.start for p in partitions], dtype=TIME).to_physical()
    place = starts.search_sorted(rows[known_at].to_physical(), side="right") - 1 if known_at else pl.lit(0)
    placed = rows.select(list(columns)).with_columns(place.cast(pl.Int64).alias(_PARTITION))
    grouped = placed.group_by(_PARTITION).agg(pl.len().cast(pl.Int64).alias("rows"), *_aggregates(columns))
    calendar = {"start": [p.start for p in partitions], "end": [p.end for p in partitions]}
    every = pl.DataFrame(calendar, schema=dict.fromkeys(calendar, TIME)).with_row_index(_PARTITION)
    wide = every.with_columns(pl.col(_PARTITION).cast(pl.Int64)).join(
        grouped, on=_PARTITION, how="left", maintain_order="left"
    )
    wide = wide.select(_PARTITION, "start", "end", pl.col("rows").fill_null(0), *_figures(columns))
    absent = {figure: pl.repeat(None, len(wide), dtype=of, eager=True) for figure, of in SCHEMA.items()}
    tall = []
    for place_of_column, (name, kind) in enumerate(columns.items()):
        shared = {figure: wide[figure] for figure in ("start", "end", "rows")}
        own = {figure: wide[at] for figure in SCHEMA if (at := f"{name}:{figure}") in wide.columns}
        if kind == "text":
            own |= _categories(wide, placed, name)
        part = pl.DataFrame({**absent, **shared, **own})
        tall.append(part.with_columns(column=pl.lit(name), kind=pl.lit(kind), place=pl.lit(place_of_column)))
    return pl.concat(tall).sort("start", "place").select(list(SCHEMA))


def _aggregates(columns: Mapping[str, Kind]) -> Iterator[pl.Expr]:
    for name, kind in columns.items():
        value = pl.col(name)
        yield value.null_count().cast(pl.Int64).alias(f"{name}:missing")
        if kind in ("integer", "number"):
            yield value.drop_nulls().sort().alias(f"{name}:sorted")
        elif kind == "boolean":
            yield value.mean().alias(f"{name}:mean")
        elif kind == "time":
            yield from (value.min().alias(f"{name}:first"), value.max().alias(f"{name}:last"))
        else:
            yield value.drop_nulls().n_unique().cast(pl.Int64).alias(f"{name}:distinct")


def _figures(columns: Mapping[str, Kind]) -> Iterator[pl.Expr]:
    for name, kind in columns.items():
        yield pl.col(f"{name}:missing").fill_null(0)
        if kind in ("integer", "number"):
            yield from _numbers(name)
        elif kind == "boolean":
            yield pl.col(f"{name}:mean")
        elif kind == "time":
            yield pl.col(f"{name}:first", f"{name}:last")
        else:
            yield pl.col(f"{name}:distinct").fill_null(0)


def _numbers(name: str) -> Iterator[pl.Expr]:
    """Mean, std and quantiles of sorted lists."""
    ordered = pl.col(f"{name}:sorted").list
    yield from (ordered.mean().alias(f"{name}:mean"), ordered.std().alias(f"{name}:std"))
    last = ordered.len().cast(pl.Int64) - 1
    for figure, share in QUANTILES.items():
        place = last * share
        below = place.floor().cast(pl.Int64)
        low = ordered.get(below, null_on_oob=True).cast(pl.Float64)
        high = ordered.get(pl.min_horizontal(below + 1, last), null_on_oob=True).cast(pl.Float64)
        yield (low + (high - low) * (place - below)).alias(f"{name}:{figure}")


def _categories(wide: pl.DataFrame, placed: pl.DataFrame, name: str) -> dict[str, pl.Series]:
    """The most frequent texts and their counts in the partitions where texts repeat."""
    distinct, present = pl.col(f"{name}:distinct"), pl.col("rows") - pl.col(f"{name}:missing")
    repeating = wide.select(_PARTITION, (distinct > 0) & ((distinct <= TOP) | (2 * distinct <= present)))
    chosen = repeating.filter(pl.nth(1))[_PARTITION]
    if chosen.is_empty():
        return {}
    counted = placed.select(_PARTITION, pl.col(name).alias("categories")).drop_nulls()
    if len(chosen) < len(wide):
        counted = counted.filter(pl.col(_PARTITION).is_in(chosen.implode()))
    counted = counted.group_by(_PARTITION, "categories").agg(pl.len().cast(pl.Int64).alias("counts"))
    counted = counted.sort(_PARTITION, "counts", "categories", descending=[False, True, False])
    shown = pl.when(pl.len() <= COUNTED_IN_FULL).then(pl.len()).otherwise(TOP)
    lists = counted.group_by(_PARTITION).agg(pl.col("categories", "counts").head(shown))
    return (
        wide.select(_PARTITION).join(lists, on=_PARTITION, how="left", maintain_order="left").drop(_PARTITION).to_dict()
    )
