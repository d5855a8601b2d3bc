"""A system of hourly, daily and weekly groups that read each other lives through all of its days."""

from datetime import date

import pytest

from fti_assets.assets.feature_pipeline import feature_pipeline
from fti_assets.contracts.cutoffs import Cutoffs
from fti_assets.demo.life import Life, backfill_features
from fti_assets.demo.runner import Runner
from fti_assets.stores.home import Home
from fti_assets_tests.assets.living_shop import opened
from fti_assets_tests.assets.test_cadences import AGAIN, CHAIN, DAY, METER, SINCE, TRAILING, WEEK


@pytest.mark.slow
def test_every_partition_of_every_cadence_is_computed(tmp_path, monkeypatch):
    monkeypatch.setenv("FTI_HOME", str(tmp_path))
    home, said = Home(tmp_path), []
    since, until = date.fromisoformat(SINCE), date(2024, 1, 15)
    life = Life(CHAIN, [], since, calendar=Cutoffs(since), last_day=since, until=until, chunk_days=10)
    defs = feature_pipeline(*CHAIN, since=SINCE, until=until.isoformat())

    with opened(home, defs) as meter:
        backfill_features(life, Runner(defs, meter.instance, said.append))
        counts = {key.path[-1]: len(meter.partitions(key)) for key in (METER, TRAILING, DAY, WEEK, AGAIN)}

    assert counts == {"reading": 14 * 24, "trailing": 14 * 24, "day": 14, "week": 2, "hour": 14 * 24}
    assert len(said) == 2 * len(("hourly", "daily", "weekly", "hourly groups that read daily ones"))
