from datetime import timedelta

import pytest

from fti_assets.contracts.binding import Aggregated, Binding
from fti_assets.contracts.feature_group import FeatureGroup
from fti_assets.contracts.time import DAY
from fti_assets.flights import contracts as c
from fti_assets.flights import files
from fti_assets_tests.flights.conftest import BINDINGS

VIEW = c.late_arrival.view
GROUPS = [binding.group for binding in BINDINGS]
each_group = pytest.mark.parametrize("group", GROUPS, ids=lambda group: group.name)
windows = pytest.mark.parametrize(
    "binding", [b for b in BINDINGS if isinstance(b, Aggregated)], ids=lambda b: b.group.name
)


def test_the_model_sees_eighty_features_and_those_that_matter_are_among_them() -> None:
    assert len(VIEW.columns) == 76
    assert set(VIEW.columns) >= {
        "carrier",
        "visibility",
        "precipitation",
        "origin_left_delay_mean_1h",
        "origin_landed_lost_mean_12h",
        "origin_scheduled_flight_count_1h",
        "airline_left_delay_mean_3h",
        "destination_landed_lost_mean_12h",
        "carrier_is_late_mean_30d",
        "route_delay_mean_30d",
        "block_minutes",
        "minute_of_day",
        "origin_overdue_12h",
        "slack",
        "slack_if_due",
    }


def test_both_models_learn_one_label_each_of_one_view() -> None:
    assert {m.name: m.view.label.column for m in c.flights.models} == {
        "late_arrival": "is_late",
        "arrival_delay": "arrival_delay",
    }
    assert c.arrival_delay.view == c.flight.learning("delay")
    assert c.arrival_delay.view.columns == VIEW.columns


def test_the_model_sees_no_time_no_label_no_identity_and_no_column_that_only_helps_to_compute_others() -> None:
    assert not set(VIEW.columns) & {*c.departures.keys, "tail_number", "is_late", "arrival_delay", "label"}
    assert "time" not in VIEW.columns.values()
    assert not [name for name in VIEW.columns if "_due_" in name and "flight_count" in name]
    assert not [name for name in VIEW.columns if name.endswith("_block_minutes")]


def test_no_text_feature_has_thousands_of_categories() -> None:
    texts = [name for name, kind in VIEW.columns.items() if kind == "text"]
    assert texts == ["carrier", "origin", "destination"]
    assert files.flights()[texts].nunique().tolist() == [16, 3, 105]


@each_group
def test_a_group_says_in_a_line_what_its_rows_are(group: FeatureGroup) -> None:
    assert group.description.endswith(".")
    assert len(group.description) > 20
    assert group.description[0].isupper()


@pytest.mark.parametrize("binding", [b for b in BINDINGS if not isinstance(b, Aggregated)], ids=lambda b: b.group.name)
def test_each_column_of_a_computed_group_is_described(binding: Binding) -> None:
    declared = binding.group.schema.pandera.columns
    assert [name for name, column in declared.items() if not column.description] == []


def test_each_group_of_the_view_and_the_label_is_bound_once_and_after_what_it_is_made_of() -> None:
    assert len(set(GROUPS)) == len(GROUPS) == 19
    assert {*VIEW.groups, VIEW.label.group} == set(GROUPS)
    for n, binding in enumerate(BINDINGS):
        if isinstance(binding, Aggregated):
            assert binding.windows.source in GROUPS[:n]


def test_a_prediction_reaches_a_day_and_a_half_back_into_the_groups_that_it_joins() -> None:
    assert VIEW.halo == timedelta(hours=36)


@windows
def test_a_trailing_window_is_joined_until_the_next_one_is_there(binding: Aggregated) -> None:
    assert binding.group.event_time == "as_of"
    assert binding.group.lookback >= binding.windows.step


@windows
def test_a_trailing_window_reaches_as_far_back_as_its_longest(binding: Aggregated) -> None:
    if binding.windows.step == DAY:
        assert binding.halo == timedelta(days=7 if binding.group == c.destinations else 30)
    else:
        assert binding.halo == timedelta(hours=2 if binding.group == c.origin_schedule else 12)
