from datetime import timedelta
from typing import Any

import pandera.pandas as pa
import pytest

from fti_assets.contracts.aggregated import Aggregated
from fti_assets.contracts.errors import DeclarationError
from fti_assets.contracts.feature_group import FeatureGroup
from fti_assets.contracts.time import DAY, UTC
from fti_assets_tests.contracts.shop import customers, history, outcomes


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
GOOD: dict[str, Any] = {"by": "customer", "columns": {"refund": ["count", "mean"]}, "windows": ["7d"]}


def declared(values: dict[str, type], partitions: Any = "daily", **given: Any) -> Aggregated:
    """Windows over outcomes by a group of these value columns."""
    annotations = {"customer": str, "as_of": UTC, **values}
    namespace = {"__annotations__": annotations, "__doc__": "What a customer did.", "__module__": __name__}
    schema = type("Deeds", (pa.DataFrameModel,), namespace)
    group = FeatureGroup(schema, keys="customer", event_time="as_of", partitions=partitions)
    return group.aggregated(outcomes, **{"by": "customer", "windows": ["7d"], **given})


def test_windows_name_their_columns_and_how_far_back_they_read() -> None:
    binding = history.aggregated(outcomes, **GOOD)
    assert binding.outputs == {
        "refund_count_7d": ("refund", "count", "7d"),
        "refund_mean_7d": ("refund", "mean", "7d"),
    }
    assert (binding.by, binding.step, binding.halo) == (("customer",), timedelta(days=1), timedelta(days=7))


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"by": "order_id"}, r"by=\('order_id',\), but the group's keys are \('customer',\)"),
        ({"columns": {"prise": ["mean"]}}, "outcome: there is no column 'prise'; there are: customer"),
        ({"columns": {"note": ["mean"]}}, "outcome.note is text, not a number: it has no mean; there are: count, last"),
        ({"columns": {"refund": ["median"]}}, "there is no statistic 'median'; there are: count, distinct, first"),
        ({"columns": {"refund": ["count"]}}, r"declared but not given \['refund_mean_7d'\]"),
        ({"windows": ["7d", "1d"]}, r"undeclared \['refund_count_1d', 'refund_mean_1d'\]"),
        ({"windows": []}, r"windows=\[\]: expected a list of lengths.*without bound would read all of history"),
        ({"windows": [None]}, r"windows=\[None\]: expected a list of lengths, such as \['7d', '30d'\]"),
        ({"windows": "7d"}, "windows='7d': expected a list of lengths"),
        ({"columns": {"refund": ["count_late"]}}, "count_late: there is no condition 'late'; there are: none; name it"),
        ({"where": "refnd > 1"}, "history.aggregated: where='refnd > 1': there is no column 'refnd'"),
        ({"where": {"Late": "refund > 1"}}, "condition name 'Late': expected lower-case letters"),
        ({"where": 5}, "where=5: expected an SQL condition, or a mapping"),
        ({"every": "1d", "at": visits}, "every='1d' and at=visit: windows end on a grid or at rows, not both"),
        ({"sawtooth": True}, "sawtooth=True: expected at="),
        ({"at": customers}, "a dimension has no times"),
        ({"at": outcomes}, "at=outcome: its rows happen at due_at and are known at settled_at"),
        ({"at": history}, "at= is the group itself"),
        ({"at": wards}, r"at=ward: expected the columns \('customer',\) as outcome has them, but customer is integer"),
        ({"at": elsewhere}, "but customer is not there"),
        ({"at": visits, "sawtooth": True, "windows": ["36h"]}, r"expected windows of whole days, not \('36h',\)"),
        ({"every": "5h"}, "every=5h must divide the group.s daily partitions: expected 1d or a part of it"),
        ({"windows": ["36h"], "every": "1d"}, "must divide the day and each of"),
        ({"windows": ["7 days"]}, "duration '7 days'"),
    ],
)
def test_windows_that_cannot_be_are_refused(change: dict[str, Any], message: str) -> None:
    with pytest.raises(DeclarationError, match=message):
        history.aggregated(outcomes, **{**GOOD, **change})


def test_dimensions_and_groups_of_two_times_are_no_windows() -> None:
    with pytest.raises(DeclarationError, match="a dimension has no times"):
        history.aggregated(customers, **GOOD)
    with pytest.raises(DeclarationError, match="leave known_at out"):
        outcomes.aggregated(outcomes, by="order_id", columns={"refund": ["mean"]}, windows=["7d"])


class Miscounted(pa.DataFrameModel):
    """A mean declared as a whole number."""

    customer: str
    as_of: UTC
    refund_mean_7d: int


def test_a_mean_is_no_whole_number() -> None:
    miscounted = FeatureGroup(Miscounted, keys="customer", event_time="as_of")
    with pytest.raises(DeclarationError, match="refund_mean_7d is declared integer: expected float for a mean"):
        miscounted.aggregated(outcomes, by="customer", columns={"refund": ["mean"]}, windows=["7d"])


def test_first_and_last_have_the_kind_of_their_column_and_counts_are_whole() -> None:
    columns = {"note_last_7d": str, "is_returned_first_7d": bool, "settled_at_last_7d": UTC, "note_distinct_7d": int}
    statistics = {"note": ["last", "distinct"], "is_returned": ["first"], "settled_at": ["last"]}
    binding = declared(columns, columns=statistics)
    assert binding.columns_read == ("settled_at", "customer", "note", "is_returned", "due_at", "order_id")
    with pytest.raises(DeclarationError, match="note_last_7d is declared integer: expected str for a last"):
        declared({**columns, "note_last_7d": int}, columns=statistics)
    with pytest.raises(DeclarationError, match="note_distinct_7d is declared text: expected int for a distinct"):
        declared({**columns, "note_distinct_7d": str}, columns=statistics)


def test_a_condition_filters_all_rows_or_is_named_for_single_statistics() -> None:
    filtered = declared({"refund_mean_7d": float}, columns={"refund": ["mean"]}, where="note <> 'x'")
    assert (filtered.filter, filtered.conditions) == ("note <> 'x'", {})
    assert filtered.columns_read == ("settled_at", "customer", "refund", "note")
    large = {"large": "refund > 50 AND note <> 'x'"}
    named = declared(
        {"refund_mean_7d": float, "refund_count_large_7d": int},
        columns={"refund": ["mean", "count_large"]},
        where=large,
    )
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
        history.aggregated(
            ambiguous,
            by="customer",
            columns={"paid": ["count_last"], "paid_count": ["last"]},
            windows=["7d"],
            where={"last": "paid > 1"},
        )


def test_what_is_read_tells_whose_days_a_day_depends_on() -> None:
    daily = history.aggregated(outcomes, **GOOD)
    assert daily.reads == ((outcomes, 7 * DAY, False),)  # the day's own rows are known after its midnight
    assert history.aggregated(outcomes, **GOOD, every="6h").reads == ((outcomes, 7 * DAY, True),)
    exact = history.aggregated(outcomes, **GOOD, at=visits)
    assert exact.reads == ((outcomes, 7 * DAY, True), (visits, timedelta(0), True))
    assert exact.step < timedelta(seconds=1)


@pytest.mark.parametrize(("partitions", "hours"), [("daily", 0), ("hourly", 23)])
def test_a_sawtooth_reads_from_a_midnight_on(partitions: str, hours: int) -> None:
    columns = {"refund_mean_7d": float}
    binding = declared(columns, partitions, columns={"refund": ["mean"]}, at=visits, sawtooth=True)
    assert binding.halo == timedelta(days=7, hours=hours)


def test_the_declaration_tells_apart_what_gives_other_values() -> None:
    columns = {"refund_mean_large_7d": float}
    base: dict[str, Any] = {"columns": {"refund": ["mean_large"]}, "where": {"large": "refund > 50"}}
    changes: list[dict[str, Any]] = [
        {},
        {"where": {"large": "refund > 60"}},
        {"every": "6h"},
        {"at": visits},
        {"at": visits, "sawtooth": True},
    ]
    seen = [repr(declared(columns, **{**base, **change}).declaration) for change in changes]
    assert len(set(seen)) == len(seen)
    assert repr(declared(columns, **base, every="1d").declaration) == seen[0]
