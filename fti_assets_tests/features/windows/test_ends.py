import numpy as np
import polars as pl
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from fti_assets.features.windows import ends as module
from fti_assets.features.windows.ends import Ends, numbers_of


def test_ends_go_by_time_and_key_and_are_found_by_key_and_time() -> None:
    ends = Ends.of(np.array([20, 10, 10, 20, 20]), np.array([0, 1, 0, 0, 1]), 2)
    assert (ends.key.tolist(), ends.time.tolist()) == ([0, 1, 0, 1], [10, 10, 20, 20])  # 20 of key 0 once
    assert ends.order.tolist() == [0, 2, 1, 3]
    assert ends.in_time(ends.time[ends.order]).tolist() == [10, 10, 20, 20]
    nothing = Ends.of(np.zeros(0, np.int64), np.zeros(0, np.int64), 0)
    assert (nothing.key.tolist(), nothing.order.tolist()) == ([], [])


@settings(max_examples=100, deadline=None)
@given(st.lists(st.tuples(st.integers(-(10**6), 10**6) | st.integers(0, 3), st.integers(0, 4))), st.booleans())
def test_ends_agree_with_sorted_pairs(pairs: list[tuple[int, int]], are_far_apart: bool) -> None:
    time, key = (np.array([pair[n] for pair in pairs], np.int64) for n in (0, 1))
    with pytest.MonkeyPatch.context() as patch:
        if are_far_apart:
            patch.setattr(module, "CODES", 1)
        ends = Ends.of(time, key, 5)
    found = list(zip(ends.time.tolist(), ends.key.tolist(), strict=True))
    assert found == sorted(set(pairs))
    assert [found[n] for n in ends.order] == sorted(set(pairs), key=lambda pair: (pair[1], pair[0]))


@pytest.mark.parametrize("dtype", [pl.String, pl.Int64])
def test_keys_have_numbers_in_their_order_and_others_none(dtype: type[pl.DataType]) -> None:
    ends = pl.DataFrame({"by_key": ["3", "1", "3"]}, {"by_key": dtype}, strict=False)
    rows = pl.DataFrame({"by_key": ["1", "2", "3", "4"]}, {"by_key": dtype}, strict=False)
    keys, key, row_key = numbers_of(ends.cast(dtype), rows.cast(dtype))
    assert keys["by_key"].cast(pl.String).to_list() == ["1", "3"]
    assert (key.tolist(), row_key.tolist()) == ([1, 0, 1], [0, -1, 1, -1])
    keys, key, row_key = numbers_of(ends.clear(), rows)
    assert (keys.height, key.tolist(), row_key.tolist()) == (0, [], [-1] * 4)
