"""The life that the demonstration lives is the one that the contracts lay out."""

from datetime import date, timedelta

import dagster as dg

from fti_assets.assets.code_location import merged
from fti_assets.contracts.time import midnight
from fti_assets.demo.life import Life
from fti_assets.flights import contracts as c
from fti_assets.flights import features, inference, training

LIFE = Life.of(c.flights, features.defs.bindings, training.defs.cutoffs)
LAST_DAY = "2013-12-31"
defs = merged(features.defs, training.defs, inference.defs)


def keys(definitions: dg.Definitions) -> set[str]:
    return {key.to_user_string() for key in definitions.resolve_asset_graph().materializable_asset_keys}


def test_the_lifetime_is_the_contracts_year() -> None:
    assert (LIFE.since, LIFE.until) == (date(2013, 1, 1), date(2014, 1, 4))
    assert LIFE.models == c.flights.models
    assert LIFE.lived.days[0] == LIFE.calendar.first == date.fromisoformat(c.FIRST_CUTOFF)
    assert LIFE.lived.days[-1] == LIFE.last_day == date.fromisoformat(LAST_DAY)


def test_each_week_begins_with_a_cutoff_and_the_last_day_is_in_the_last_week() -> None:
    cutoffs = LIFE.cutoffs
    assert cutoffs[0] == midnight(c.FIRST_CUTOFF)
    assert len(cutoffs) == 31
    assert timedelta(0) <= midnight(LAST_DAY) - cutoffs[-1] < timedelta(weeks=1)


def test_the_features_are_filled_until_the_labels_of_the_last_day_have_matured() -> None:
    for model in LIFE.models:
        assert LIFE.lived.end + model.view.label.horizon < midnight(LIFE.until)


def test_the_three_locations_are_together_what_the_demonstration_runs_and_share_no_asset() -> None:
    separate = [keys(location.defs) for location in (features, training, inference)]
    assert sum(map(len, separate)) == len(set.union(*separate))
    assert keys(defs) == set.union(*separate)
    assert {f"features/{binding.group.name}" for binding in features.defs.bindings} == separate[0]


def test_each_asset_of_the_demonstration_says_what_it_is() -> None:
    graph = defs.resolve_asset_graph()
    silent = [key.to_user_string() for key in graph.materializable_asset_keys if not graph.get(key).description]
    assert silent == []
