"""Lines of values: those of each key by the time they became known, and whole days of it in their place."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

import numpy as np
import polars as pl

from fti_assets.features.windows.distinct import check_few
from fti_assets.features.windows.exact import limbs_of, squares_of
from fti_assets.features.windows.measures import DAY_LENGTH, Measure, Measures, numbered
from fti_assets.features.windows.tiles import Tiles, from_kept

_RADIX = 1 << 16
_OF_A_DAY = {part: getattr(pl.col(part), part)() for part in ("min", "max", "first", "last")}


@dataclass(frozen=True)
class Line:
    """The values of one measure, by key and then by time: single ones, and kept days at the start of their day.

    `elements` has for each its `key` and `time`, the `count` of its values if some are days, and what is asked of it:
    limbs of the sum as `sum_<limb>` and of the squares as `square_<limb>`, `min`, `max`, and `first` and `last` as
    numbers of `values`. `seen` has a row for each `key`, `value` and `time`, sorted so, if different values are to be
    counted: a kept day's have its start.
    """

    elements: dict[str, np.ndarray]
    values: pl.Series
    seen: pl.DataFrame


def lines(
    rows: pl.DataFrame, key: np.ndarray, measures: Measures, keys: pl.DataFrame, kept: Sequence[pl.DataFrame] = ()
) -> Iterator[Line]:
    """The line of each measure, of rows of these keys, which are places in `keys`, or -1 for one not asked for.

    Raises ContractViolation where there are too many different values to count, or too large ones to sum.
    """
    order = _in_order(rows, key, measures.is_ordered)
    key = key[order]
    asked = np.searchsorted(key, 0)
    key, order = key[asked:], order[asked:]
    time = rows["known"].to_numpy()[order]
    tiles = from_kept([pl.concat(kept, how="diagonal")], measures) if kept else None
    numbers = numbered(measures.keys, tiles.keys, keys) if tiles else key
    for n, measure in enumerate(measures.all):
        value = rows[f"value_{n}"].gather(order)
        there = np.flatnonzero(value.is_not_null().to_numpy()) if value.null_count() else slice(None)
        line = _of_rows(key[there], time[there], value.drop_nulls(), measure)
        yield _with_days(line, tiles, numbers, n, measure) if tiles else line


def day_tiles(rows: pl.DataFrame, measures: Measures) -> pl.DataFrame:
    """What stands for the rows of whole days in a line: a row for each key and `tile`, the day."""
    keys = rows.group_by(measures.keys).agg().sort(measures.keys)
    key = numbered(measures.keys, rows, keys)
    cells = pl.DataFrame({"key": key, "tile": rows["known"] // DAY_LENGTH})
    cells = cells.group_by("key", "tile").agg(rows=pl.len().cast(pl.Int64)).sort("key", "tile")
    distinct = {}
    for n, line in enumerate(lines(rows, key, measures, keys)):
        parts = [_OF_A_DAY.get(name, pl.col(name).sum()) for name in line.elements if name not in ("key", "time")]
        elements = pl.DataFrame(line.elements)
        days = elements.group_by("key", tile=pl.col("time") // DAY_LENGTH).agg(
            pl.len().cast(pl.Int64).alias("count"), *parts
        )
        for part in (part for part in ("first", "last") if part in line.elements):
            days = days.with_columns(line.values.gather(days[part]).alias(part))
        days = days.rename({part: f"{part}_{n}" for part in days.columns[2:]})
        cells = cells.join(days, on=["key", "tile"], how="left", maintain_order="left")
        if "distinct" in measures.all[n].functions:
            distinct[n] = line.seen.with_columns(pl.col("time") // DAY_LENGTH).unique().sort("key", "value", "time")
    return Tiles(keys, cells, distinct).kept()


def by_key(key: np.ndarray) -> np.ndarray:
    """The stable order of numbers that are not negative, but for -1."""
    lowest = np.add(key, 1, dtype=np.uint16, casting="unsafe")  # 16 bits
    order = np.argsort(lowest, kind="stable")
    if len(key) and key.max() >= _RADIX - 1:
        order = order[np.argsort((key[order] + 1) // _RADIX, kind="stable")]
    return order


def _in_order(rows: pl.DataFrame, key: np.ndarray, is_ordered: bool) -> np.ndarray:
    """The order of rows by key and known time; if asked, those of one instant by `order`, or else by their values."""
    known = rows["known"].to_numpy()
    if (known[1:] >= known[:-1]).all():
        order = by_key(key)
    else:
        order = np.argsort(known, kind="stable")
        order = order[by_key(key[order])]
    if not is_ordered:
        return order
    same = (np.diff(known[order]) == 0) & (np.diff(key[order]) == 0)
    tied = np.zeros(len(order), bool)
    tied[1:] |= same
    tied[:-1] |= same
    places = np.flatnonzero(tied)
    told = [c for c in rows.columns if c.startswith("order_")] or [c for c in rows.columns if c.startswith("value_")]
    ties = rows[order[places]].select("known", *told).with_columns(key=key[order[places]], row=order[places])
    order[places] = ties.sort("key", "known", *told)["row"].to_numpy()
    return order


def _of_rows(key: np.ndarray, time: np.ndarray, value: pl.Series, measure: Measure) -> Line:
    asked = set(measure.functions)
    elements = {"key": key, "time": time}
    if asked & {"sum", "mean", "std", "min", "max"}:
        number = value.cast(pl.Float64).to_numpy()
        sums = limbs_of(number, measure.column) if asked & {"sum", "mean", "std"} else {}
        squares = squares_of(sums) if "std" in asked else {}
        elements |= {f"sum_{limb}": array for limb, array in sums.items()}
        elements |= {f"square_{limb}": array for limb, array in squares.items()}
        elements |= {part: number for part in ("min", "max") if part in asked}
    elements |= {part: np.arange(len(value)) for part in ("first", "last") if part in asked}
    if "distinct" not in asked:
        return Line(elements, value, pl.DataFrame())
    seen = pl.DataFrame({"key": key, "value": value, "time": time})
    check_few(seen.select("key", "value", time=pl.col("time") // DAY_LENGTH).unique(), measure.column)
    return Line(elements, value, seen.sort("key", "value", "time"))


def _with_days(line: Line, tiles: Tiles, numbers: np.ndarray, n: int, measure: Measure) -> Line:
    """The line with kept days; `numbers` are the tiles' keys as the line has them."""
    own = {name: name.removesuffix(f"_{n}") for name in tiles.cells.columns if name.endswith(f"_{n}")}
    days = tiles.cells.select(pl.Series("key", numbers[tiles.cells["key"].to_numpy()]), "tile", *own).rename(own)
    days = days.filter(pl.col("key") >= 0, pl.col("count") > 0)
    values = line.values
    for part in (part for part in ("first", "last") if part in days.columns):
        places = pl.int_range(len(values), len(values) + days.height, eager=True)
        values = pl.concat([values, days[part]])
        days = days.with_columns(places.alias(part))
    days = days.select((pl.col("tile") * DAY_LENGTH).alias("time"), pl.exclude("tile"))
    rows = pl.DataFrame(line.elements).with_columns(count=pl.lit(1, pl.Int64))
    both = pl.concat([rows, days], how="diagonal").fill_null(0).sort("key", "time", maintain_order=True)
    elements = {name: both[name].to_numpy() for name in both.columns}
    seen = line.seen
    if "distinct" in measure.functions:
        kept = tiles.distinct[n].with_columns(pl.Series("key", numbers[tiles.distinct[n]["key"].to_numpy()]))
        kept = kept.filter(pl.col("key") >= 0).with_columns(pl.col("time") * DAY_LENGTH)
        seen = pl.concat([seen, kept.select(seen.columns)]).sort("key", "value", "time")
    return Line(elements, values, seen)
