import pytest

from fti_assets.contracts.binding import Binding
from fti_assets.contracts.errors import DeclarationError
from fti_assets.contracts.feature_group import FeatureGroup, as_binding
from fti_assets.contracts.reading_order import batches_of_one_cadence, in_order
from fti_assets_tests.contracts.shop import Outcome, outcomes


def copy_of(group: FeatureGroup, name: str, partitions: str = "daily") -> Binding:
    copy = FeatureGroup(
        Outcome, keys="order_id", event_time="due_at", known_at="settled_at", name=name, partitions=partitions
    )
    return copy.computed(lambda rows: rows, group)


def names(bindings: list[Binding]) -> list[str]:
    return [binding.group.name for binding in bindings]


def test_a_group_comes_after_those_that_it_reads() -> None:
    daily = copy_of(outcomes, "daily")
    counts = as_binding(daily.group.windows("customer", {"is_returned": "count"}, over="7d", name="counts"))

    assert names(in_order([counts, daily])) == ["daily", "counts"]


def test_groups_that_read_each_other_are_refused() -> None:
    one, other = copy_of(outcomes, "one").group, copy_of(outcomes, "other").group
    circle = [one.computed(lambda rows: rows, other), other.computed(lambda rows: rows, one)]

    with pytest.raises(DeclarationError, match=r"read each other in a circle: (one reads other|other reads one)"):
        in_order(circle)


def test_a_batch_holds_all_groups_of_a_cadence_whose_inputs_are_there() -> None:
    hourly = copy_of(outcomes, "hourly", "hourly")
    daily = copy_of(hourly.group, "daily")
    another_hourly = copy_of(outcomes, "another_hourly", "hourly")
    hourly_of_daily = copy_of(daily.group, "hourly_of_daily", "hourly")

    batches = batches_of_one_cadence([hourly_of_daily, daily, another_hourly, hourly])
    assert [sorted(names(batch)) for batch in batches] == [["another_hourly", "hourly"], ["daily"], ["hourly_of_daily"]]
