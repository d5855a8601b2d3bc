"""The point-in-time join of 3 groups, 17 features, from files to files, against engines that people use for it.

The others read the tables' own files, one a month; ours reads the tables as its readers do. What the others take for
the same rows in a file a year is told, without a limit: no day of such a file can be replaced. Their spine may come out
sorted by time, ours keeps the order that it has; and they need not ask which tables and days are there.
"""

import shutil
from collections.abc import Sequence
from pathlib import Path

import polars as pl

from benchmarks.harness import Call, Measured, Row, Size, contest, main, measure
from benchmarks.world import GROUPS, VIEW, span
from fti_assets.stores.executor import Executor
from fti_assets.stores.feature_store import FeatureStore
from fti_assets.stores.storage import Storage
from fti_assets.views.slices import slices

TITLE = "Point-in-time join of 3 groups, 17 features, files to files"
WORK = "point-in-time join"
ME, WORLD = "benchmarks.point_in_time_join", "benchmarks.world"
PEERS = (
    ("Polars join_asof", ME, "bare_polars", 1.25),
    ("pandas merge_asof", "benchmarks.other_engines", "pandas_asof", 1 / 3.5),
    ("DuckDB ASOF", "benchmarks.other_engines", "duckdb_asof", 1 / 1.5),
)
LOOKBACK_MINUTES = {"weather": 6 * 60 - 5, "takeoffs": 36 * 60, "carriers": 24 * 60}
"""Of the time known, which is what the others can bound: weather is published five minutes after its event."""


def prepare(folder: Path, days: int) -> None:
    """The tables and plain files of so many days, unless another benchmark made them."""
    if not (folder / f"store{days}").exists():
        measure(Call(WORLD, "write_store", (str(folder / f"store{days}"), days)))
    if not (folder / f"plain{days}").exists():
        measure(Call(WORLD, "write_plain", (str(folder / f"plain{days}"), days)))


def run(folder: Path, size: Size) -> list[Row]:
    """Compare with all of them; each must give the same answer."""
    days = size.days(size.years)
    prepare(folder, days)
    store, plain = str(folder / f"store{days}"), str(folder / f"plain{days}")
    calls = {"fti": Call(ME, "fti", (store, f"{store}/_slices/blobs/*", days, ""))}
    for n, (peer, module, function, _) in enumerate(PEERS):
        calls[peer] = Call(module, function, (store, str(folder / f"out_{n}"), "fti_month=*/"))
        calls[f"{peer}, a file a year"] = Call(module, function, (plain, str(folder / f"out_year_{n}"), ""))
    calls["processes:2"] = Call(ME, "fti", (store, f"{store}/_slices/blobs/*", days, "processes:2"))
    limits = {peer: limit for peer, _, _, limit in PEERS}
    best = contest(calls, min(size.rounds, 2), slow=[name for name in calls if name != "fti" and name not in limits])
    require_same_answers(list(calls.values()))
    return [_row(best, name, size, limits.get(name)) for name in calls if name != "fti"]


def _row(best: dict[str, Measured], name: str, size: Size, limit: float | None) -> Row:
    ours, theirs = best["fti"], best[name]
    ratio = ours.seconds / theirs.seconds
    return Row(WORK, name, size.scale(size.years), ratio, None if size.tiny else limit, ours.peak_mib)


def fti(store: str, _out: str, days: int, executor: str) -> int:
    """Ours: the tables' rows as slices, one a month."""
    _cleared(f"{store}/_slices")
    parts = slices(VIEW, span(days), FeatureStore(Storage(store)), executor=Executor(executor))
    return sum(part.rows for part in parts)


def bare_polars(tables: str, out: str, below: str) -> int:
    """Polars' `join_asof`, with nothing around it that is not needed for the same answer."""
    frames = {
        g.name: pl.read_parquet(f"{tables}/{g.name}/{below}*.parquet", columns=columns_of(g.name)) for g in GROUPS
    }
    rows = frames["departures"].sort("predict_at")
    for selection in VIEW.joined:
        group, name = selection.group, selection.group.name
        right = frames[name].rename(selection.names)
        (key,), at = selection.keys, str(group.known_at)
        rows = rows.join_asof(
            right.rename({key: selection.spine_keys[key], at: f"known_{name}"}),
            left_on="predict_at",
            right_on=f"known_{name}",
            by=selection.spine_keys[key],
            tolerance=f"{LOOKBACK_MINUTES[name]}m",
            check_sortedness=False,
        )
    _cleared(out).mkdir()
    rows.write_parquet(f"{out}/all.parquet", compression="lz4")
    return rows.height


def columns_of(name: str) -> list[str]:
    """The columns that the join needs of a group."""
    for selection in VIEW.joined:
        if selection.group.name == name:
            return list(dict.fromkeys([*selection.keys, str(selection.group.known_at), *selection.columns]))
    return list(VIEW.spine.columns)


def _cleared(out: str) -> Path:
    shutil.rmtree(out, ignore_errors=True)
    return Path(out)


def fingerprint(out: str) -> dict[str, float]:
    """Rows, and the count and sum of each feature as a number."""
    rows = pl.scan_parquet(f"{out}/*")
    features = [name for selection in VIEW.joined for name in selection.names.values()]
    numbers = [pl.col(name).cast(pl.Float64) for name in features]
    weight = pl.col("predict_at").cast(pl.Datetime("us")).dt.epoch("s") % 997
    sums = [(n.fill_nan(None) * weight).sum().alias(f"{name}_sum") for n, name in zip(numbers, features, strict=True)]
    counts = [
        n.fill_nan(None).is_not_null().sum().alias(f"{name}_count") for n, name in zip(numbers, features, strict=True)
    ]
    return rows.select(pl.len().alias("rows"), *counts, *sums).collect().row(0, named=True)


def require_same_answers(calls: Sequence[Call]) -> None:
    """Raise ValueError unless every call wrote the same values."""
    answers = [measure(Call(ME, "fingerprint", (call.arguments[1],))).answer for call in calls]
    for call, answer in zip(calls[1:], answers[1:], strict=True):
        for name, value in answers[0].items():
            if abs(answer[name] - value) > 1e-9 * abs(value):
                raise ValueError(f"{call.function}: {name} is {answer[name]}, ours is {value}: not the same answer")


if __name__ == "__main__":
    main(TITLE, run)
