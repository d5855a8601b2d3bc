"""A system's life in fast motion: backfill, first champion, then week after week as if it were then."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta

from fti_assets.contracts.model import Model
from fti_assets.contracts.time import Window, midnight
from fti_assets.demo.runner import Runner
from fti_assets.monitoring.retraining import decisions
from fti_assets.stores.home import Home

WEEK = timedelta(weeks=1)


@dataclass(frozen=True)
class Lifetime:
    """The days that a system lives through.

    Features are backfilled from `since` to `until` (not included), in chunks; from `first_cutoff` to `last_day` each
    week begins with a decision whether to retrain, then its days are predicted and monitored.
    """

    models: Sequence[Model]
    since: date
    first_cutoff: date
    last_day: date
    until: date
    chunk_days: int = 92

    @property
    def cutoffs(self) -> list[datetime]:
        """The first instant of each week."""
        weeks = (self.last_day - self.first_cutoff).days // 7 + 1
        return [midnight(self.first_cutoff) + n * WEEK for n in range(weeks)]

    @property
    def lived(self) -> Window:
        """The days that are predicted."""
        return Window.of_days(self.first_cutoff, self.last_day)


def live(lifetime: Lifetime, runner: Runner, home: Home) -> None:
    """Live through it; what is done already is not done again."""
    for part in Window.of_days(lifetime.since, lifetime.until - timedelta(days=1)).split(lifetime.chunk_days):
        runner.run_range("features", "features", part.days[0], part.days[-1])
    for cutoff in lifetime.cutoffs:
        week = cutoff.date().isoformat()
        runner.run_partition("decide", "decide", week)
        for model in lifetime.models:
            decision = decisions(model, Window(cutoff, cutoff + WEEK), home)[cutoff]
            if decision.retrain:
                tags = {"fti/trigger": decision.reason}
                runner.run_partition("train", f"train_{model.name}", week, tags, f"because {decision.reason}")
        last = min((cutoff + WEEK - timedelta(days=1)).date(), lifetime.last_day)
        runner.run_range("predict and monitor", "predict", cutoff.date(), last)
    runner.run_all("load online store", "online")
