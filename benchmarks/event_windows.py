"""Windows of 7 and 30 days that end at each landing, in memory, against the windows of Polars and of DuckDB."""

import time
from datetime import timedelta
from pathlib import Path

import duckdb
import polars as pl

from benchmarks.harness import Call, Row, Size, contest, main
from benchmarks.world import one_year_of
from fti_assets.features.windows.engine import windows_at
from fti_assets.features.windows.measures import Measures

TITLE = "Windows of 7 d + 30 d, 5 statistics, at each landing"
ME = "benchmarks.event_windows"
LENGTHS = {"7d": timedelta(days=7), "30d": timedelta(days=30)}
STATISTICS = ("count", "mean", "std", "min", "max")


def run(folder: Path, size: Size) -> list[Row]:  # noqa: ARG001  # every benchmark is called so
    """By aircraft, which has few landings a day, and by carrier, which has many."""
    rows, work = [], "windows by {}"
    landings = 2000 if size.tiny else 400_000
    for key in ("tail_number", "carrier"):
        calls = {
            name: Call(ME, name, (key, landings)) for name in ("fti", "polars_over", "polars_groups", "duckdb_range")
        }
        best = contest(calls, 2 * size.rounds, slow=["duckdb_range"])
        answers = {name: measured.answer for name, measured in best.items()}
        if any(abs(answer["sum"] / answers["fti"]["sum"] - 1) > 1e-9 for answer in answers.values()):
            raise ValueError(f"windows by {key}: not the same answers: {answers}")
        ours = best["fti"]
        bare = min(best["polars_over"].seconds, best["polars_groups"].seconds)
        for against, seconds, limit in (
            ("Polars rolling alone", bare, 1.2),
            ("DuckDB RANGE", best["duckdb_range"].seconds, 1 / 3),
        ):
            limit = None if size.tiny else limit
            scale = f"{landings} landings" if size.tiny else "1×"
            rows.append(Row(work.format(key), against, scale, ours.seconds / seconds, limit, ours.peak_mib))
    return rows


def _landings(count: int) -> pl.DataFrame:
    return one_year_of("arrivals").select("tail_number", "carrier", "landed_at", "delay").head(count)


def _answer(begin: float, rows: pl.DataFrame, key: str) -> dict[str, float]:
    seconds = time.perf_counter() - begin
    named = rows.columns[:2] if "as_of" in rows.columns else [key, "landed_at"]
    values = rows.unique(named).select(pl.selectors.matches("_(7|30)d$").cast(pl.Float64).fill_nan(None))
    return {"seconds": seconds, "rows": rows.height, "sum": values.sum().sum_horizontal().item()}


def fti(key: str, count: int) -> dict[str, float]:
    """Ours."""
    rows = _landings(count)
    begin = time.perf_counter()
    measures = Measures([key], "landed_at", {"delay": STATISTICS})
    answer = windows_at(measures.of(rows), measures.instants(rows, "landed_at"), measures, LENGTHS)
    return _answer(begin, answer, key)


def polars_over(key: str, count: int) -> dict[str, float]:
    """`rolling_*_by(…).over(key)` on sorted rows, which keeps their order."""
    rows = _landings(count)
    begin = time.perf_counter()
    given = {"by": "landed_at", "closed": "left"}
    expressions = []
    for label in LENGTHS:
        delay, one = pl.col("delay"), pl.col("one")
        expressions += [
            one.rolling_sum_by(window_size=label, **given).over(key).fill_null(0).alias(f"count_{label}"),
            delay.rolling_mean_by(window_size=label, **given).over(key).alias(f"mean_{label}"),
            delay.rolling_std_by(window_size=label, **given).over(key).alias(f"std_{label}"),
            delay.rolling_min_by(window_size=label, **given).over(key).alias(f"min_{label}"),
            delay.rolling_max_by(window_size=label, **given).over(key).alias(f"max_{label}"),
        ]
    return _answer(begin, rows.with_columns(one=1.0).with_columns(expressions), key)


def polars_groups(key: str, count: int) -> dict[str, float]:
    """`DataFrame.rolling(group_by=key)`, which gives the rows in another order."""
    rows = _landings(count)
    begin = time.perf_counter()
    delay = pl.col("delay")
    windows = [
        rows.rolling("landed_at", period=label, closed="left", group_by=key).agg(
            delay.count().alias(f"count_{label}"),
            delay.mean().alias(f"mean_{label}"),
            delay.std().alias(f"std_{label}"),
            delay.min().alias(f"min_{label}"),
            delay.max().alias(f"max_{label}"),
        )
        for label in LENGTHS
    ]
    return _answer(begin, pl.concat([windows[0], windows[1].drop(key, "landed_at")], how="horizontal"), key)


def duckdb_range(key: str, count: int) -> dict[str, float]:
    """`RANGE BETWEEN … PRECEDING`."""
    rows = _landings(count).to_arrow()
    functions = {"count": "count", "mean": "avg", "std": "stddev_samp", "min": "min", "max": "max"}
    columns = [
        f"{function}(delay) OVER w{label} AS {name}_{label}"
        for label in LENGTHS
        for name, function in functions.items()
    ]
    windows = [
        f"w{label} AS (PARTITION BY {key} ORDER BY landed_at RANGE BETWEEN INTERVAL {length.days} DAY PRECEDING "
        "AND INTERVAL 1 MICROSECOND PRECEDING)"
        for label, length in LENGTHS.items()
    ]
    with duckdb.connect() as connection:
        connection.execute("SET TimeZone = 'UTC'; SET enable_progress_bar = false")
        connection.register("landings", rows)
        begin = time.perf_counter()
        query = f"SELECT {key}, landed_at, {', '.join(columns)} FROM landings WINDOW {', '.join(windows)}"
        return _answer(begin, pl.DataFrame(connection.sql(query).to_arrow_table()), key)


if __name__ == "__main__":
    main(TITLE, run)
