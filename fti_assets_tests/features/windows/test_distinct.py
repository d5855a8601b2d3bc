import numpy as np
import polars as pl
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from fti_assets.contracts.errors import ContractViolation
from fti_assets.features.windows import distinct
from fti_assets.features.windows.distinct import check_few, counted_once

seen = st.lists(st.tuples(st.integers(0, 2), st.sampled_from("abc"), st.integers(0, 30)), max_size=40)


@settings(max_examples=150, deadline=None)
@given(seen, st.integers(1, 12))
def test_a_value_counts_once_in_each_window_that_holds_it(rows: list[tuple[int, str, int]], span: int) -> None:
    frame = pl.DataFrame(rows, {"key": pl.Int64, "value": pl.String, "time": pl.Int64}, orient="row")
    frame = frame.sort("key", "value", "time")
    asked = [(key, end) for key in range(4) for end in range(-1, 45)]
    key, end = np.array(asked).T
    counts = counted_once(frame, frame["time"].to_numpy() + span, key, end)
    expected = [len({v for k, v, at in rows if k == key_ and end_ - span <= at < end_}) for key_, end_ in asked]
    assert counts.to_list() == expected


def test_more_values_than_can_be_kept_are_refused_with_what_to_do(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(distinct, "AT_MOST", 2)
    values = pl.DataFrame({"key": [0, 0, 0, 1], "time": [5, 5, 6, 5], "value": ["a", "b", "c", "a"]})
    check_few(values, "gate")
    more = values.with_columns(time=pl.Series([5, 5, 5, 5]))
    with pytest.raises(
        ContractViolation, match=r"gate: has at most 2 different values a key and tile.*count rows instead"
    ):
        check_few(more, "gate")
