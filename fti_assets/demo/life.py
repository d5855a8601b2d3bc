"""A system's life in fast motion: backfill, first champion, then cutoff after cutoff as if it were then."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from itertools import pairwise
from typing import Self

from fti_assets.assets.feature_pipeline import features_job
from fti_assets.assets.keys import feature_key
from fti_assets.contracts.binding import Binding
from fti_assets.contracts.cutoffs import Cutoffs
from fti_assets.contracts.model import Model
from fti_assets.contracts.reading_order import batches_of_one_cadence
from fti_assets.contracts.time import DAY, Window, midnight, now
from fti_assets.demo.runner import Runner
from fti_assets.monitoring.performance import maturing_days
from fti_assets.monitoring.retraining import decisions
from fti_assets.stores.home import Home
from fti_assets.system import System


@dataclass(frozen=True)
class Life:
    """The days that a system lives through.

    Features are backfilled from `since` to `until` (not included), in chunks; from the first cutoff to `last_day` each
    cutoff is a decision whether to retrain, then the days up to the next are predicted and monitored.
    """

    bindings: Sequence[Binding]
    models: Sequence[Model]
    since: date
    calendar: Cutoffs
    last_day: date
    until: date
    chunk_days: int = 92

    @classmethod
    def of(cls, system: System, bindings: Sequence[Binding], calendar: Cutoffs) -> Self:
        """The whole life of a system: until its data end, or today; predicted is what has matured by then."""
        until = date.fromisoformat(system.until) if system.until else now().date()
        last_day = until - timedelta(days=1 + max(maturing_days(model) for model in system.models))
        return cls(bindings, system.models, date.fromisoformat(system.since), calendar, last_day, until)

    @property
    def cutoffs(self) -> list[datetime]:
        """The cutoffs up to the last day."""
        return self.calendar.before(self.last_day + timedelta(days=1))

    @property
    def lived(self) -> Window:
        """The days that are predicted."""
        return Window.of_days(self.calendar.first, self.last_day)


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
    for cutoff, following in pairwise([*life.cutoffs, midnight(life.last_day) + DAY]):
        day = cutoff.date().isoformat()
        runner.run_partition("decide", "decide", day)
        for model in life.models:
            decision = decisions(model, Window(cutoff, cutoff + DAY), home)[cutoff]
            if decision.retrain:
                tags = {"fti/trigger": decision.reason}
                runner.run_partition("train", f"train_{model.name}", day, tags, f"because {decision.reason}")
        runner.run_window("predict and monitor", "predict", Window(cutoff, following))
    if any(model.online and model.view.joined for model in life.models):
        runner.run_all("load online store", "online")
