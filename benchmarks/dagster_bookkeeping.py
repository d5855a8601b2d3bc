"""What Dagster's bookkeeping costs in a backfill of all groups, against empty assets of the same graph.

Bookkeeping is the time through Dagster less the time of the same pipelines called directly. The empty assets run in
one range run on an instance as Dagster makes it: SQLite, nothing configured. Both sides take the same days; a year of
empty assets would take minutes.
"""

import os
import time
from pathlib import Path

from benchmarks.harness import Call, Row, Size, contest, main

TITLE = "Dagster's bookkeeping in a backfill of all groups"
ME = "benchmarks.dagster_bookkeeping"
FIRST = "2013-01-01"


def run(folder: Path, size: Size) -> list[Row]:
    """A month of all groups."""
    last = "2013-01-02" if size.tiny else "2013-01-31"
    calls = {name: Call(ME, name, (str(folder / name), last)) for name in ("fti", "empty_assets")}
    best = contest(calls, min(size.rounds, 2))
    ours, empty = best["fti"], best["empty_assets"]
    ratio, limit = ours.seconds / empty.seconds, None if size.tiny else 0.6
    scale = f"{ours.answer['partitions']} partitions"
    return [Row("Dagster's bookkeeping", "empty assets, default SQLite", scale, ratio, limit, ours.peak_mib)]


def fti(folder: str, last: str) -> dict[str, float]:
    """The seconds through Dagster less those of direct calls."""
    from fti_assets.assets.instance.settings import open_instance
    from fti_assets.contracts.time import Window
    from fti_assets.demo.runner import Runner
    from fti_assets.features.materialize import materialize
    from fti_assets.flights.definitions import defs
    from fti_assets.flights.features import defs as features
    from fti_assets.stores.home import Home

    root = _fresh(folder)
    window, direct, through = Window.of_days(FIRST, last), Home(root / "direct"), Home(root / "through")
    materialize(features.bindings[0], Window.of_days(FIRST, FIRST), direct.features)  # parses the source files once
    begin = time.perf_counter()
    for binding in features.bindings:
        materialize(binding, window, direct.features)
    alone = time.perf_counter() - begin
    os.environ["FTI_HOME"] = str(through.local)
    with open_instance(through) as instance:
        runner = Runner(defs, instance, lambda _: None)
        begin = time.perf_counter()
        runner.run_window("features", "features", window)
        seconds = time.perf_counter() - begin
    partitions = len(features.bindings) * len(window.days)
    return {"seconds": seconds - alone, "through": seconds, "direct": alone, "partitions": partitions}


def empty_assets(folder: str, last: str) -> dict[str, float]:
    """One range run over assets of the features' keys, inputs and partitions that do nothing."""
    import dagster as dg

    from fti_assets.flights.features import defs

    graph = defs.resolve_asset_graph()
    keys = sorted(defs.resolve_job_def("features").asset_layer.executable_asset_keys)
    assets = [_empty(graph.get(key), set(keys)) for key in keys]
    job = dg.define_asset_job("empty", assets)
    tags = {"dagster/asset_partition_range_start": FIRST, "dagster/asset_partition_range_end": last}
    os.environ["DAGSTER_HOME"] = str(_fresh(folder))
    Path(os.environ["DAGSTER_HOME"], "dagster.yaml").write_text("telemetry: {enabled: false}\n")
    quiet = {"loggers": {"console": {"config": {"log_level": "ERROR"}}}}
    with dg.DagsterInstance.get() as instance:
        made = dg.Definitions(assets=assets, jobs=[job]).resolve_job_def("empty")
        begin = time.perf_counter()
        made.execute_in_process(instance=instance, tags=tags, run_config=quiet)
        return {"seconds": time.perf_counter() - begin}


def _empty(node: object, keys: set[object]) -> object:
    import dagster as dg

    @dg.asset(
        key=node.key,
        deps=[key for key in node.parent_keys if key in keys],
        partitions_def=node.partitions_def,
        backfill_policy=dg.BackfillPolicy.single_run() if node.partitions_def else None,
    )
    def nothing() -> None:
        return None

    return nothing


def _fresh(folder: str) -> Path:
    """A folder of this round's own."""
    root = Path(f"{folder}-{os.getpid()}")
    root.mkdir(parents=True)
    return root


if __name__ == "__main__":
    main(TITLE, run)
