"""Range runs in this process, skipping what is done: how a long backfill survives being killed."""

import time
from collections.abc import Callable, Collection, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field

import dagster as dg

from fti_assets.assets.instance.settings import instance_directory
from fti_assets.contracts.names import counted
from fti_assets.contracts.time import DAILY, Period, Window
from fti_assets.stores.home import Home
from fti_assets.stores.locks import locked_at_once

_RANGE_START = "dagster/asset_partition_range_start"
_RANGE_END = "dagster/asset_partition_range_end"
_RUNNER = "fti/runner"
_QUIET = {"loggers": {"console": {"config": {"log_level": "ERROR"}}}}


@dataclass
class Runner:
    """Runs a system's jobs on an instance and adds up the seconds of each stage, which `keep` may store each time."""

    defs: dg.Definitions
    instance: dg.DagsterInstance
    say: Callable[[str], None]
    seconds: dict[str, float] = field(default_factory=dict)
    keep: Callable[[Mapping[str, float]], object] = dict

    def run_window(
        self,
        stage: str,
        job: str,
        window: Window,
        period: Period = DAILY,
        assets: Collection[dg.AssetKey] | None = None,
    ) -> None:
        """Materialize the job's assets, or some of them, for the periods that end in a window, in one run.

        Those that are whole are skipped.
        """
        wanted = [period.key(start) for start in period.starts(window) if start + period.length <= window.end]
        mine = [key for key in self._assets(job) if assets is None or key in assets]
        todo = [key for key in mine if not self._is_done(key, set(wanted))]
        if wanted and todo:
            tags = {_RANGE_START: wanted[0], _RANGE_END: wanted[-1]}
            self._execute(stage, job, f"{job} {wanted[0]}...{wanted[-1]}", todo, tags, None)

    def run_partition(
        self, stage: str, job: str, partition: str, tags: Mapping[str, str] | None = None, why: str = ""
    ) -> None:
        """Materialize the job's assets for one partition: those that lack it, and those that follow from them."""
        assets = self._assets(job)
        lacking = [key for key in assets if self._partitions(key) is not None and not self._is_done(key, {partition})]
        whole = [key for key in assets if self._partitions(key) is None and (lacking or not self._is_current(key))]
        if lacking or whole:
            what = f"{job} {partition}" + (f", {why}" if why else "")
            self._execute(stage, job, what, [*lacking, *whole], tags or {}, partition if lacking else None)

    def run_all(self, stage: str, job: str) -> None:
        """Materialize those of the job's assets, none of them partitioned, that have an input newer than they are."""
        todo = [key for key in self._assets(job) if not self._is_current(key)]
        if todo:
            self._execute(stage, job, job, todo, {}, None)

    @contextmanager
    def stage(self, name: str) -> Iterator[None]:
        """Count what is done inside to a stage's seconds."""
        begin = time.monotonic()
        try:
            yield
        finally:
            self.seconds[name] = self.seconds.get(name, 0.0) + time.monotonic() - begin
            self.keep(self.seconds)

    def end_dead_runs(self) -> int:
        """Mark the runs that a killed runner left behind as failed; call it only while holding `sole_runner`."""
        unfinished = [s for s in dg.DagsterRunStatus if s not in _FINISHED]
        dead = self.instance.get_runs(dg.RunsFilter(statuses=unfinished, tags={_RUNNER: "true"}))
        for run in dead:
            self.instance.report_run_failed(run, "the process that executed it was killed")
        return len(dead)

    def _execute(
        self,
        stage: str,
        job: str,
        what: str,
        assets: Sequence[dg.AssetKey],
        tags: Mapping[str, str],
        partition: str | None,
    ) -> None:
        begin = time.monotonic()
        with self.stage(stage):
            self.defs.resolve_job_def(job).execute_in_process(
                instance=self.instance,
                run_config=_QUIET,
                tags={**tags, _RUNNER: "true"},
                partition_key=partition,
                asset_selection=list(assets),
            )
        self.say(f"{what}: {counted(len(assets), 'asset')} in {time.monotonic() - begin:.1f} s")

    def _assets(self, job: str) -> list[dg.AssetKey]:
        return sorted(self.defs.resolve_job_def(job).asset_layer.executable_asset_keys)

    def _partitions(self, key: dg.AssetKey) -> dg.PartitionsDefinition | None:
        return self.defs.resolve_asset_graph().get(key).partitions_def

    def _is_done(self, key: dg.AssetKey, wanted: set[str]) -> bool:
        if self._partitions(key) is None:
            return self.instance.get_latest_materialization_event(key) is not None
        return wanted <= self.instance.get_materialized_partitions(key)

    def _is_current(self, key: dg.AssetKey) -> bool:
        inputs = self.defs.resolve_asset_graph().get(key).parent_keys
        records = self.instance.get_asset_records([key, *inputs])
        newest = {r.asset_entry.asset_key: r.asset_entry.last_materialization_storage_id or 0 for r in records}
        return newest.get(key, 0) > max((newest.get(source, 0) for source in inputs), default=0)


_FINISHED = (dg.DagsterRunStatus.SUCCESS, dg.DagsterRunStatus.FAILURE, dg.DagsterRunStatus.CANCELED)


@contextmanager
def sole_runner(home: Home) -> Iterator[None]:
    """Hold the home for one runner; raises Conflict while another process holds it. A killed process lets go."""
    with locked_at_once(instance_directory(home) / "runner.lock", f"{home.url} is in use by another run"):
        yield
