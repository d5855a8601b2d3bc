"""A system's life in fast motion: backfill, first champion, then week after week as if it were then."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from typing import Self

from fti_assets.assets.feature_pipeline import features_job
from fti_assets.assets.keys import feature_key
from fti_assets.contracts.binding import Binding
from fti_assets.contracts.model import Model
from fti_assets.contracts.reading_order import batches_of_one_cadence
from fti_assets.contracts.time import Window, midnight, now
from fti_assets.demo.runner import Runner
from fti_assets.monitoring.performance import maturing_days
from fti_assets.monitoring.retraining import decisions
from fti_assets.stores.home import Home
from fti_assets.system import System

WEEK = timedelta(weeks=1)


@dataclass(frozen=True)
class Life:
    """The days that a system lives through.

    Features are backfilled from `since` to `until` (not included), in chunks; from `first_cutoff` to `last_day` each
    week begins with a decision whether to retrain, then its days are predicted and monitored.
    """

    bindings: Sequence[Binding]
    models: Sequence[Model]
    since: date
    first_cutoff: date
    last_day: date
    until: date
    chunk_days: int = 92

    @classmethod
    def of(cls, system: System, bindings: Sequence[Binding], first_cutoff: str) -> Self:
        """The whole life of a system: until its data end, or today; predicted is what has matured by then."""
        until = date.fromisoformat(system.until) if system.until else now().date()
        last_day = until - timedelta(days=1 + max(maturing_days(model) for model in system.models))
        since, cutoff = date.fromisoformat(system.since), date.fromisoformat(first_cutoff)
        return cls(bindings, system.models, since, cutoff, last_day, until)

    @property
    def cutoffs(self) -> list[datetime]:
        """The first instant of each week."""
        weeks = (self.last_day - self.first_cutoff).days // 7 + 1
        return [midnight(self.first_cutoff) + n * WEEK for n in range(weeks)]

    @property
    def lived(self) -> Window:
        """The days that are predicted."""
        return Window.of_days(self.first_cutoff, self.last_day)


def backfill_features(life: Life, runner: Runner) -> None:
    """Compute every feature group from the first day to the last, in as few runs as their cadences allow."""
    longest = max((binding.group.period for binding in life.bindings), key=lambda period: period.length)
    for part in longest.split(Window.of_days(life.since, life.until - timedelta(days=1)), life.chunk_days):
        for batch in batches_of_one_cadence(life.bindings):
            groups, period = [feature_key(binding.group) for binding in batch], batch[0].group.period
            runner.run_window("features", features_job(period), part, period, groups)


def live(life: Life, runner: Runner, home: Home) -> None:
    """Live through it; what is done already is not done again."""
    backfill_features(life, runner)
    for cutoff in life.cutoffs:
        week = cutoff.date().isoformat()
        runner.run_partition("decide", "decide", week)
        for model in life.models:
            decision = decisions(model, Window(cutoff, cutoff + WEEK), home)[cutoff]
            if decision.retrain:
                tags = {"fti/trigger": decision.reason}
                runner.run_partition("train", f"train_{model.name}", week, tags, f"because {decision.reason}")
        last = min((cutoff + WEEK - timedelta(days=1)).date(), life.last_day)
        runner.run_window("predict and monitor", "predict", Window.of_days(cutoff.date(), last))
    runner.run_all("load online store", "online")
