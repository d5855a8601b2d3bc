from datetime import timedelta
from typing import Any

import pandera.pandas as pa
import pytest

from fti_assets.contracts.binding import Aggregated
from fti_assets.contracts.errors import DeclarationError
from fti_assets.contracts.feature_group import FeatureGroup, as_binding
from fti_assets.contracts.time import DAILY, DAY, HOURLY, UTC
from fti_assets.contracts.windows import Windows
from fti_assets_tests.contracts.shop import customers, history, orders, outcomes


class Visit(pa.DataFrameModel):
    """A visit of the shop."""

    customer: str
    seen_at: UTC


class Ward(pa.DataFrameModel):
    """A customer with a number for a name."""

    customer: int
    seen_at: UTC


class Elsewhere(pa.DataFrameModel):
    """Something that no customer has."""

    place: str
    seen_at: UTC


visits = FeatureGroup(Visit, keys="customer", event_time="seen_at")
wards = FeatureGroup(Ward, keys="customer", event_time="seen_at")
elsewhere = FeatureGroup(Elsewhere, keys="place", event_time="seen_at")
GOOD: dict[str, Any] = {"by": "customer", "columns": {"refund": ["count", "mean"]}, "over": "7d"}


def windows(**change: Any) -> Windows:
    """What a group of windows over outcomes is made of."""
    group = outcomes.windows(**{**GOOD, "name": "deeds", **change})
    assert group.aggregation is not None
    return group.aggregation


def kinds(**change: Any) -> dict[str, str]:
    """The value columns of a group of windows and what each holds."""
    group = outcomes.windows(**{**GOOD, "name": "deeds", **change})
    return {name: str(group.columns[name]) for name in group.values}


def said_of(group: FeatureGroup, column: str) -> str:
    return group.schema.pandera.columns[column].description


def test_a_group_of_windows_has_its_keys_the_windows_end_and_a_column_for_each_statistic_and_length() -> None:
    group = outcomes.windows("customer", {"refund": ["count", "mean"]}, over=["7d", "1d"], name="deeds")
    assert {name: str(kind) for name, kind in group.columns.items()} == {
        "customer": "text",
        "as_of": "time",
        "refund_count_1d": "integer",
        "refund_count_7d": "integer",
        "refund_mean_1d": "number",
        "refund_mean_7d": "number",
    }
    assert (group.name, group.keys, group.event_time, group.known_at) == ("deeds", ("customer",), "as_of", "as_of")
    assert not group.schema.is_nullable("refund_count_7d")
    assert group.schema.is_nullable("refund_mean_7d")
    assert (
        group.schema.pandera.columns["refund_mean_7d"].description == "mean of outcome.refund over the 7d before as_of"
    )
    assert group.description == "Count and mean of refund in outcome by customer, over the last 1d, 7d."


def test_windows_name_their_columns_and_how_far_back_they_read() -> None:
    assert windows().outputs == {
        "refund_count_7d": ("refund", "count", "7d"),
        "refund_mean_7d": ("refund", "mean", "7d"),
    }
    assert (windows().by, windows().step, windows().halo(DAILY)) == (("customer",), DAY, 7 * DAY)


def test_each_column_may_have_lengths_of_its_own() -> None:
    columns = {"refund": "mean", "is_returned": ["count", "mean"]}
    own = windows(columns=columns, over={"refund": ["1d", "30d"], "is_returned": "7d"})
    assert list(own.outputs) == ["refund_mean_1d", "refund_mean_30d", "is_returned_count_7d", "is_returned_mean_7d"]
    assert own.halo(DAILY) == 30 * DAY


def test_owners_are_those_of_what_is_aggregated_unless_said() -> None:
    owned = FeatureGroup(Visit, keys="customer", event_time="seen_at", owners="team:shop")
    assert owned.windows("customer", {"customer": "count"}, over="7d", name="a").owners == ("team:shop",)
    assert owned.windows("customer", {"customer": "count"}, over="7d", name="a", owners=()).owners == ()


class Bounds(pa.DataFrameModel):
    """What a customer sent back lately."""

    refund_mean_7d: float = pa.Field(ge=0, nullable=True)


class Foreign(pa.DataFrameModel):
    refund_median_7d: float


class Whole(pa.DataFrameModel):
    refund_mean_7d: int


def test_a_model_of_ones_own_adds_ranges_to_some_of_the_columns() -> None:
    group = outcomes.windows(**GOOD, name="deeds", schema=Bounds)
    assert list(group.columns) == ["customer", "as_of", "refund_count_7d", "refund_mean_7d"]
    assert group.description == "What a customer sent back lately."
    assert [check.name for check in group.schema.pandera.columns["refund_mean_7d"].checks] == [
        "greater_than_or_equal_to"
    ]
    assert (
        group.schema.pandera.columns["refund_mean_7d"].description == "mean of outcome.refund over the 7d before as_of"
    )


def test_a_model_of_ones_own_that_declares_something_else_is_refused() -> None:
    with pytest.raises(DeclarationError, match="Foreign: there is no column 'refund_median_7d'; there are: as_of"):
        outcomes.windows(**GOOD, name="deeds", schema=Foreign)
    with pytest.raises(DeclarationError, match="refund_mean_7d is declared integer: expected float for a mean"):
        outcomes.windows(**GOOD, name="deeds", schema=Whole)


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"columns": {"prise": "mean"}}, "windows of outcome: there is no column 'prise'; there are: customer"),
        ({"by": "shop"}, "windows of outcome: there is no column 'shop'"),
        ({"columns": {"note": "mean"}}, "note is text, not a number: it has no mean; there are: count, last"),
        ({"columns": {"refund": "median"}}, "there is no statistic 'median'; there are: count, distinct, first"),
        ({"over": []}, r"over=\[\]: expected lengths.*without bound would read all of history"),
        ({"over": [None]}, r"over=\[None\]: expected lengths, such as \['7d', '30d'\]"),
        ({"over": {"amount": "7d"}}, "expected lengths for each of refund"),
        ({"columns": {"refund": "count_late"}}, "count_late: there is no condition 'late'; there are: none; name it"),
        ({"where": "refnd > 1"}, "windows of outcome: where='refnd > 1': there is no column 'refnd'"),
        ({"where": {"Late": "refund > 1"}}, "condition name 'Late': expected lower-case letters"),
        ({"where": 5}, "where=5: expected an SQL condition, or a mapping"),
        ({"every": "1d", "at": visits}, "at=visit: windows end on a grid or at rows, not both"),
        ({"sawtooth": True}, "sawtooth=True: expected at="),
        ({"closed": "both"}, "windows of outcome: closed='both': expected one of left, right"),
        ({"at": customers}, "a dimension has no times"),
        ({"at": outcomes}, "at=outcome: its rows happen at due_at and are known at settled_at"),
        ({"at": wards}, r"at=ward: expected the columns \('customer',\) as outcome has them, but customer is integer"),
        ({"at": elsewhere}, "but customer is not there"),
        ({"at": visits, "sawtooth": True, "over": "36h"}, r"expected windows of whole days, not \['36h'\]"),
        ({"every": "5h"}, "every=5h must divide the day and each of"),
        ({"every": "6h", "partitions": "hourly"}, "every=6h must divide the group.s hourly partitions: expected 1h or"),
        ({"over": "36h", "every": "1d"}, "must divide the day and each of"),
        ({"over": "7 days"}, "duration '7 days'"),
        ({"event_time": "customer"}, "customer is a key, and what the end of a window is called: expected event_time="),
    ],
)
def test_windows_that_cannot_be_are_refused(change: dict[str, Any], message: str) -> None:
    with pytest.raises(DeclarationError, match=message):
        windows(**change)


def test_a_dimension_has_no_windows() -> None:
    with pytest.raises(DeclarationError, match="a dimension has no times"):
        customers.windows("country", {"customer": "count"}, over="7d", name="countries")


def test_first_and_last_have_the_kind_of_their_column_and_counts_are_whole() -> None:
    columns = {"note": ["last", "distinct"], "is_returned": "first", "settled_at": "last"}
    assert kinds(columns=columns) == {
        "note_last_7d": "text",
        "note_distinct_7d": "integer",
        "is_returned_first_7d": "boolean",
        "settled_at_last_7d": "time",
    }
    read = windows(columns=columns).columns_read
    assert read == ("settled_at", "customer", "note", "is_returned", "due_at", "order_id")


def test_a_whole_number_that_may_be_null_is_of_a_type_that_holds_all_of_its_bits() -> None:
    last = orders.windows("customer", {"quantity": "last"}, over="7d", name="lasts")
    assert last.schema.pandas_types["quantity_last_7d"] == "Int64"


def test_a_condition_filters_all_rows_or_is_named_for_single_statistics() -> None:
    filtered = windows(columns={"refund": "mean"}, where="note <> 'x'")
    assert (filtered.filter, filtered.conditions) == ("note <> 'x'", {})
    assert filtered.columns_read == ("settled_at", "customer", "refund", "note")
    large = {"large": "refund > 50 AND note <> 'x'"}
    named = windows(columns={"refund": ["mean", "count_large"]}, where=large)
    assert (named.filter, named.conditions) == (None, large)
    assert named.outputs["refund_count_large_7d"] == ("refund", "count_large", "7d")
    assert "note" in named.columns_read


class Ambiguous(pa.DataFrameModel):
    """A source whose columns are called like statistics."""

    customer: str
    seen_at: UTC
    paid: float
    paid_count: float


def test_two_statistics_of_one_name_are_refused() -> None:
    ambiguous = FeatureGroup(Ambiguous, keys="customer", event_time="seen_at")
    with pytest.raises(DeclarationError, match="two statistics would have the same name; call a condition something"):
        ambiguous.windows(
            "customer",
            {"paid": "count_last", "paid_count": "last"},
            over="7d",
            name="twice",
            where={"last": "paid > 1"},
        )


def test_what_is_read_tells_whose_days_a_day_depends_on() -> None:
    assert windows().reads(DAILY) == ((outcomes, 7 * DAY, False),)  # a day's own rows are known after its midnight
    assert windows(every="6h").reads(DAILY) == ((outcomes, 7 * DAY, True),)
    assert windows(closed="right").reads(DAILY) == ((outcomes, 7 * DAY, True),)  # but for those known at it
    exact = windows(at=visits)
    assert exact.reads(DAILY) == ((outcomes, 7 * DAY, True), (visits, timedelta(0), True))
    assert exact.step < timedelta(seconds=1)


def test_a_sawtooth_reads_from_a_midnight_on() -> None:
    sawtooth = windows(at=visits, sawtooth=True)
    assert sawtooth.halo(DAILY) == timedelta(days=7)
    assert sawtooth.halo(HOURLY) == timedelta(days=7, hours=23)


def test_the_declaration_tells_apart_what_gives_other_values() -> None:
    base: dict[str, Any] = {"columns": {"refund": "mean_large"}, "where": {"large": "refund > 50"}}
    changes: list[dict[str, Any]] = [
        {},
        {"where": {"large": "refund > 60"}},
        {"every": "6h", "over": "6h"},
        {"over": "8d"},
        {"at": visits},
        {"at": visits, "sawtooth": True},
        {"closed": "right"},
    ]
    seen = [repr(windows(**{**base, **change}).declaration) for change in changes]
    assert len(set(seen)) == len(seen)
    assert repr(windows(**base, every="1d").declaration) == seen[0]


def test_windows_are_said_in_words() -> None:
    kept = windows(
        columns={"is_returned": "count_kept"}, where={"kept": "NOT is_returned"}, at=visits, sawtooth=True,
        event_time="seen_at",
    )  # fmt: skip
    (meaning,) = map(kept.meaning, kept.outputs.values())
    counted = "count of outcome.is_returned where NOT is_returned over the 7d"
    assert meaning == f"{counted} before the day of seen_at, and that day up to it"
    (meaning, *_) = map(windows(closed="right").meaning, windows(closed="right").outputs.values())
    assert meaning.endswith("over the 7d before as_of, its very end included")


def test_a_group_of_windows_is_what_computes_it_and_any_other_needs_a_function() -> None:
    group = outcomes.windows(**GOOD, name="deeds")
    binding = as_binding(group)
    assert isinstance(binding, Aggregated)
    assert (binding.group, binding.windows, binding.inputs) == (group, group.aggregation, (outcomes,))
    with pytest.raises(DeclarationError, match=r"feature group history: nothing computes it: give history\.computed"):
        as_binding(history)
