"""Whatever the flights and the weather do after a moment, no row and no prediction's features of before it change."""

from datetime import datetime
from pathlib import Path

import pandas as pd
import pytest

from fti_assets.contracts.source import Source
from fti_assets.flights import contracts as c
from fti_assets.stores.home import Home
from fti_assets_tests.flights.conftest import BINDINGS, FORTNIGHT
from fti_assets_tests.metamorphic import changes_of_the_past, rebuild_with_altered_future, rows_known_by, same_bits

pytestmark = pytest.mark.slow

GROUPS = [binding.group for binding in BINDINGS]
MOMENTS = [datetime.fromisoformat(text) for text in ("2013-03-05T00:00Z", "2013-03-08T14:17Z", "2013-03-12T20:30Z")]
"""A midnight; the middle of a day's traffic; an instant at which trailing windows end."""


def another_future(source: Source, rows: pd.DataFrame) -> pd.DataFrame:
    """Every third row is dropped; winds, delays and who flies what are changed; every fifth flight flies twice."""
    kept = rows[rows.index % 3 > 0]
    if source.name == "observations":
        return kept.assign(wind_speed=kept["wind_speed"] + 20, visibility=0.5, temperature=-10.0)
    twice = kept.iloc[::5].assign(flight_id=kept["flight_id"].iloc[::5] + "-again")
    future = pd.concat([kept, twice], ignore_index=True)
    delays = {name: future[name] + 40 for name in ("dep_delay", "arr_delay") if name in future}
    return future.assign(carrier="UA", origin="JFK", tail_number=future["tail_number"].to_numpy()[::-1], **delays)


@pytest.mark.parametrize("moment", MOMENTS, ids=str)
def test_rows_known_by_a_moment_and_flights_predicted_by_it_do_not_depend_on_what_is_known_later(
    moment: datetime, fortnight: Home, tmp_path: Path
) -> None:
    altered = Home(tmp_path / "altered")
    rebuild_with_altered_future(BINDINGS, another_future, moment, FORTNIGHT, altered)
    homes = (fortnight, altered)
    assert changes_of_the_past(GROUPS, [c.late_arrival.view], moment, FORTNIGHT, homes) == []
    # and the future was altered indeed, in every group that has one
    for group in GROUPS:
        everything = [rows_known_by(group, FORTNIGHT.end, FORTNIGHT, home) for home in homes]
        assert same_bits(*everything) == group.dimension, group.name
