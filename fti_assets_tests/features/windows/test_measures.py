from datetime import UTC, datetime, timedelta

import numpy as np
import polars as pl
import pytest

from fti_assets.contracts.time import Window
from fti_assets.features.windows import measures as module
from fti_assets.features.windows.measures import EPOCH, MICROSECOND, Measure, Measures, coded, combined, numbered

NOON = datetime(2013, 1, 1, 12, tzinfo=UTC)
ROWS = pl.DataFrame(
    {
        "carrier": ["UA", None, "DL", "UA"],
        "known": [NOON, NOON, NOON + timedelta(days=1), None],
        "delay": [float("nan"), 1.0, -0.0, 2.0],
        "late": [True, True, None, True],
    },
    schema_overrides={"known": pl.Datetime("us", "UTC")},
)


def test_a_column_is_measured_once_for_each_condition() -> None:
    measures = Measures(["carrier"], "known", {"delay": ["mean", "count_late", "max", "last_late"]})
    assert measures.all == (Measure("delay", "", ("mean", "max")), Measure("delay", "late", ("count", "last")))
    assert measures.names(["1d", "7d"])[2:4] == ["delay_count_late_1d", "delay_count_late_7d"]
    assert list(measures.outputs(1, ["1d"])) == [
        ("delay_count_late_1d", "count", "1d"),
        ("delay_last_late_1d", "last", "1d"),
    ]
    assert measures.is_ordered


def test_rows_count_that_have_a_key_were_known_and_meet_the_condition() -> None:
    measures = Measures(["carrier"], "known", {"delay": ["mean", "mean_late"]}, conditions={"late": "late"})
    used = measures.of(ROWS)
    assert used.columns == ["by_carrier", "known", "value_0", "value_1"]
    assert used["by_carrier"].to_list() == ["UA", "DL"]
    assert used["known"].to_list()[0] == (NOON - EPOCH) // MICROSECOND
    assert used["value_0"].to_list() == [None, 0.0]  # NaN is null
    assert np.copysign(1, used["value_0"][1]) == 1  # and no zero is negative
    assert used["value_1"].to_list() == [None, None]  # a null condition is not met
    assert measures.of(ROWS, Window(NOON, NOON + timedelta(hours=1)))["by_carrier"].to_list() == ["UA"]
    filtered = Measures(["carrier"], "known", {"delay": ["mean"]}, where="carrier = 'DL'")
    assert filtered.of(ROWS)["by_carrier"].to_list() == ["DL"]


def test_keys_are_numbered_in_their_order() -> None:
    one, two = (pl.DataFrame({"a": a, "b": b}) for a, b in (([2, 1, 2], ["x", "y", "x"]), ([1], ["a"])))
    known, (of_one, of_two) = coded(["a", "b"], one, two)
    assert known.rows() == [(1, "a"), (1, "y"), (2, "x")]
    assert (of_one.tolist(), of_two.tolist()) == ([2, 1, 2], [0])
    assert numbered(["a", "b"], pl.DataFrame({"a": [9], "b": ["x"]}), known).tolist() == [-1]


@pytest.mark.parametrize("codes", [1 << 62, 1])
def test_pairs_are_ordered_by_key_and_time_whatever_fits_into_64_bits(
    monkeypatch: pytest.MonkeyPatch, codes: int
) -> None:
    monkeypatch.setattr(module, "CODES", codes)
    one = np.array([0, 0, 3]), np.array([-5, 10**16, 7])
    two = np.array([0, 3]), np.array([10**16, -(10**16)])
    (a, b, c), (d, e) = (codes_.tolist() for codes_ in combined(one, two))
    assert a < b == d < e < c
    nothing = np.zeros(0, int)
    assert combined((nothing, nothing))[0].tolist() == []
