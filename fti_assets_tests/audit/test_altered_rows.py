import polars as pl
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from fti_assets.audit.altered_rows import dropped, moved, permuted
from fti_assets.contracts.time import midnight

SEEN = pl.DataFrame(
    {
        "key": ["a", "b", "c", "d", "e"],
        "at": [midnight("2024-01-01")] * 5,
        "number": [0.0, 2.5, None, 7.5, 10.0],
        "count": [1, 2, 3, 4, 5],
        "flag": [True, False, True, None, False],
        "name": ["x", "y", "z", "x", None],
    }
)
LATER = SEEN[1:]


def test_dropped_is_no_row_of_the_same_columns() -> None:
    assert dropped(LATER, SEEN).equals(LATER.clear())


def test_permuted_keeps_keys_and_times_and_gives_each_row_what_another_one_has() -> None:
    other = permuted(["key"])(LATER, SEEN)
    free = ["number", "count", "flag", "name"]
    assert other.select("key", "at").equals(LATER.select("key", "at"))
    assert sorted(map(str, other.select(free).rows())) == sorted(map(str, LATER.select(free).rows()))
    assert not any(a == b for a, b in zip(other["count"], LATER["count"], strict=True))


def test_moved_changes_every_value_within_what_was_seen() -> None:
    kept_together, other = permuted(["key"])(LATER, SEEN), moved(["key"])(LATER, SEEN)
    assert other.schema == LATER.schema
    for name in ("number", "count", "flag", "name"):
        assert other[name].is_null().equals(kept_together[name].is_null())
        assert not (other[name] == kept_together[name]).any()
    assert other["number"].drop_nulls().is_between(0, 10).all()
    assert other["count"].is_between(1, 5).all()
    assert set(other["name"].drop_nulls()) <= {"x", "y", "z"}


def test_a_column_of_one_value_keeps_it_and_one_row_is_moved_too() -> None:
    alone = pl.DataFrame({"same": [3.0], "count": [1]})
    other = moved([])(alone, pl.DataFrame({"same": [3.0, 3.0], "count": [1, 9]}))
    assert other["same"].to_list() == [3.0]
    assert other["count"].to_list() != [1]


@pytest.mark.parametrize("numbers", [st.integers(-(2**63), 2**63 - 1), st.floats(-1e9, 1e9)], ids=["int", "float"])
@settings(max_examples=50, deadline=None)
@given(data=st.data())
def test_numbers_stay_in_the_range_seen(numbers: st.SearchStrategy[float], data: st.DataObject) -> None:
    seen = pl.Series("n", data.draw(st.lists(numbers, min_size=2, max_size=20)), strict=False)
    other = moved([])(seen.to_frame()[1:], seen.to_frame())["n"]
    assert (other >= seen.min()).all()
    assert (other <= seen.max() + abs(seen.max()) * 1e-12).all()
    assert other.dtype == seen.dtype
