from pathlib import Path

import dagster as dg

from fti_assets.assets.home_resource import HomeResource
from fti_assets.assets.maintenance import every_week, maintenance
from fti_assets.contracts.time import Window
from fti_assets.features.materialize import materialize
from fti_assets.flights import definitions, features
from fti_assets.stores.home import Home
from fti_assets.stores.table_log import TableLog
from fti_assets_tests.worlds import BINDINGS


def test_the_job_does_what_the_command_does(tmp_path: Path) -> None:
    home = Home(tmp_path)
    for day in Window.of_days("2024-01-01", "2024-01-03").split(1):
        materialize(BINDINGS[0], day, home.features)
    result = maintenance.execute_in_process(resources={"home": HomeResource(root=home.url)})
    assert result.success
    newest = TableLog(home.storage.at("features", "order")).newest()
    assert newest is not None
    assert len(newest.files) == 1


def test_the_schedule_is_of_the_feature_pipeline_and_off_until_somebody_turns_it_on() -> None:
    for defs in (features.defs, definitions.defs):
        assert "maintenance" in [schedule.name for schedule in defs.schedules or ()]
    assert every_week.default_status == dg.DefaultScheduleStatus.STOPPED
    assert every_week.job_name == "maintenance"
