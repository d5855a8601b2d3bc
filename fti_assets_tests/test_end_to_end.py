"""The shop for ten days: Dagster's conditions and sensors are evaluated, what they ask for is executed."""

from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import date, datetime, timedelta
from typing import Any

import dagster as dg
import polars as pl
import pytest
from dagster._core.definitions.data_version import CachingStaleStatusResolver
from dagster._core.loader import LoadingContextForTest

from fti_assets.assets.beta import accepting_beta
from fti_assets.contracts.time import Window
from fti_assets.stores.home import Home
from fti_assets_tests.assets.living_shop import (
    CHAMPION,
    DATASET,
    DECISION,
    HISTORY,
    MODEL,
    MONITORING,
    ONLINE_HISTORY,
    ORDERS,
    OUTCOMES,
    PREDICTIONS,
    LivingShop,
    definitions,
    opened,
)
from fti_assets_tests.worlds import ALL_ORDERS, at, returns

pytestmark = pytest.mark.slow

BEGIN = date(2024, 1, 22)
TEN_DAYS = Window.of_days(BEGIN, BEGIN + timedelta(days=9)).days
DAEMON_IS_DOWN = date(2024, 1, 26)
PREDICTED = [str(day) for day in TEN_DAYS[:-1]]
Request = tuple[dg.AssetKey, str | None]


@dataclass
class Daemon:
    """Dagster's daemon in slow motion: it looks at an hour, launches what is asked for, and looks again until quiet."""

    shop: LivingShop
    cursor: Any = None
    sensor_cursor: str | None = None
    asked: list[tuple[date, dg.AssetKey, str | None]] = field(default_factory=list)

    def look(self, now: datetime) -> list[Request]:
        """What the conditions ask for."""
        evaluated = accepting_beta(dg.evaluate_automation_conditions)(
            defs=self.shop.defs, instance=self.shop.instance, cursor=self.cursor, evaluation_time=now
        )
        self.cursor = evaluated.cursor
        keys = self.shop.defs.resolve_asset_graph().executable_asset_keys
        return [(key, partition) for key in sorted(keys) for partition in evaluated.get_requested_partitions(key)]

    def launches(self) -> list[dg.RunRequest]:
        """What the retraining sensor asks for."""
        [sensor] = [s for s in self.shop.defs.sensors if s.name == "retrain_returns"]
        with dg.build_sensor_context(instance=self.shop.instance, cursor=self.sensor_cursor) as context:
            found = sensor(context)
        if isinstance(found, dg.SkipReason):
            return []
        self.sensor_cursor = found.cursor
        return list(found.run_requests)

    def live(self, day: date) -> None:
        """One o'clock of a day."""
        for _ in range(10):
            requests, launches = self.look(at(day, 1)), self.launches()
            self.asked += [(day, *request) for request in requests]
            if not requests and not launches:
                return
            self.execute(requests)
            for each in launches:
                assert self.shop.once("train_returns", each.partition_key, **each.tags).success
        raise AssertionError(f"{day}: the daemon does not come to rest: {requests}")

    def execute(self, requests: list[Request]) -> None:
        """Assets of one calendar in one run; several partitions are a backfill, by policy a single run of the range."""
        graph = self.shop.defs.resolve_asset_graph()
        asked = {key: sorted(p for k, p in requests if k == key and p) for key, _ in requests}
        runs: dict[tuple[Any, tuple[str, ...]], list[dg.AssetKey]] = {}
        for key, partitions in asked.items():
            runs.setdefault((graph.get(key).partitions_def, tuple(partitions)), []).append(key)
        for (_, partitions), keys in runs.items():
            if len(partitions) > 1:
                assert self.shop.days("__ASSET_JOB", partitions[0], partitions[-1], *keys).success
            else:
                assert self.shop.once("__ASSET_JOB", partitions[0] if partitions else None, *keys).success

    def of(self, key: dg.AssetKey) -> list[tuple[str, str | None]]:
        """When the asset was asked for, and for which partition."""
        return [(str(day), partition) for day, asked, partition in self.asked if asked == key]


@pytest.fixture(scope="module")
def daemon(tmp_path_factory) -> Iterator[Daemon]:
    """Three weeks of features by hand, then ten days of nothing but the daemon, which is down for one of them."""
    with opened(Home(tmp_path_factory.mktemp("ten_days")), definitions(until=None)) as shop:
        assert shop.days("features", "2024-01-01", "2024-01-21").success
        living = Daemon(shop)
        for day in TEN_DAYS:
            if day != DAEMON_IS_DOWN:
                living.live(day)
        yield living


def test_every_day_is_made_once_on_the_day_after_and_what_was_missed_is_made_up(daemon):
    made = [
        ("2024-01-27" if day == "2024-01-25" else str(date.fromisoformat(day) + timedelta(days=1)), day)
        for day in PREDICTED
    ]

    for key in (ORDERS, OUTCOMES, HISTORY, PREDICTIONS, MONITORING):
        assert sorted(daemon.of(key)) == made, key


def test_each_week_begins_with_a_decision_and_the_sensor_launches_what_it_says(daemon):
    assert daemon.of(DECISION) == [("2024-01-22", "2024-01-22"), ("2024-01-29", "2024-01-29")]
    assert daemon.shop.metadata(DECISION, "2024-01-29")["reason"] == "the champion is 7 days old"
    assert daemon.shop.partitions(MODEL) == ["2024-01-22", "2024-01-29"]
    triggers = [v.manifest["facts"]["trigger"] for v in daemon.shop.home.registry.versions("returns")]
    assert triggers == ["no champion yet", "the champion is 7 days old"]
    assert daemon.launches() == [], "a decision is acted on once"


def test_a_promotion_takes_effect_at_its_cutoff_and_issued_days_stay(daemon):
    log = daemon.shop.home.prediction_log.read(returns, Window.of_days(TEN_DAYS[0], TEN_DAYS[-2]))
    served = log.select(pl.col("predicted_for").dt.date().cast(pl.String).alias("day"), "model_version").unique()

    assert dict(served.iter_rows()) == {day: 1 if day < "2024-01-29" else 2 for day in PREDICTED}
    assert len(log) == 20 * len(PREDICTED)


def test_every_run_succeeded_and_left_no_check_open(daemon):
    assert set(daemon.shop.runs()) == {"SUCCESS"}
    for key, name in ((ORDERS, "contract"), (HISTORY, "contract"), (CHAMPION, "gates"), (MONITORING, "drift")):
        assert "PLANNED" not in daemon.shop.checks(key, name).values()


def test_the_online_store_follows_every_day(daemon):
    assert daemon.shop.metadata(ONLINE_HISTORY)["answers until"] == "2024-01-31T00:00:00+00:00"


def test_late_data_make_stale_what_read_them_and_are_acted_on_by_nobody(daemon):
    """An outcome of the 25th is corrected: whoever read that day is marked, and the owner decides."""
    shop = daemon.shop
    one = ALL_ORDERS.index[ALL_ORDERS["settled_at"].dt.strftime("%F") == "2024-01-25"][0]
    was = ALL_ORDERS.at[one, "is_returned"]
    ALL_ORDERS.at[one, "is_returned"] = not was

    try:
        assert shop.once("features", "2024-01-25", OUTCOMES).success
    finally:
        ALL_ORDERS.at[one, "is_returned"] = was

    stale = StaleBecause(shop, OUTCOMES)
    assert stale.partitions(HISTORY) == ["2024-01-26", "2024-01-27", "2024-01-28", "2024-01-29", "2024-01-30"]
    assert stale.partitions(MONITORING) == ["2024-01-26", "2024-01-27", "2024-01-28"]
    assert stale.partitions(DATASET) == ["2024-01-29"]
    assert stale.partitions(PREDICTIONS) == stale.partitions(ORDERS) == []
    assert daemon.look(at(TEN_DAYS[-1], 2)) == []


def test_a_candidate_by_hand_is_judged_by_the_champions_condition(daemon):
    shop = daemon.shop
    before = shop.event(CHAMPION).tags["dagster/data_version"]
    assert shop.days("features", "2024-01-31", "2024-02-04").success

    assert shop.once("train_returns", "2024-02-05", DATASET, MODEL).success
    assert (CHAMPION, None) in daemon.look(at(date(2024, 2, 5), 1))
    daemon.execute([(CHAMPION, None)])

    assert shop.event(CHAMPION).tags["dagster/data_version"] != before
    assert shop.home.registry.champion("returns").cutoff == at(date(2024, 2, 5))
    later = daemon.look(at(date(2024, 2, 5), 2))
    assert CHAMPION not in {key for key, _ in later}
    assert not {(PREDICTIONS, day) for day in PREDICTED} & set(later)


class StaleBecause:
    """What Dagster's UI marks as out of date, by the asset that changed."""

    def __init__(self, shop: LivingShop, changed: dg.AssetKey) -> None:
        graph, loading = shop.defs.resolve_asset_graph(), LoadingContextForTest(shop.instance)
        self._resolver, self._shop, self._changed = (
            CachingStaleStatusResolver(shop.instance, graph, loading),
            shop,
            changed,
        )

    def partitions(self, key: dg.AssetKey) -> list[str]:
        """The asset's partitions that are out of date because of it."""
        return [
            partition
            for partition in self._shop.partitions(key)
            if self._changed
            in {c.dependency.asset_key for c in self._resolver.get_stale_causes(key, partition) if c.dependency}
        ]
