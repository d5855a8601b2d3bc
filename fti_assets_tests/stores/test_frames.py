import pandas as pd
import polars as pl
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from pandas.testing import assert_frame_equal

from fti_assets.contracts.kinds import Kind
from fti_assets.contracts.time import midnight
from fti_assets.stores.frames import empty, to_pandas, to_polars

KINDS: dict[str, Kind] = {"a": Kind.TEXT, "b": Kind.INTEGER, "c": Kind.NUMBER, "d": Kind.BOOLEAN, "e": Kind.TIME}
values = st.fixed_dictionaries(
    {
        "a": st.none() | st.sampled_from(["x", "", "nan", "é"]),
        "b": st.none() | st.integers(-(2**63), 2**63 - 1),
        "c": st.none() | st.floats(allow_nan=False),
        "d": st.none() | st.booleans(),
        "e": st.none() | st.datetimes().map(lambda t: midnight("2024-01-01") + (t - t.replace(day=1))),
    }
)


@settings(deadline=None, max_examples=120)
@given(st.lists(values, min_size=1, max_size=6))
def test_a_row_alone_has_the_types_and_values_that_it_has_in_a_batch(rows: list[dict[str, object]]) -> None:
    frame = pl.DataFrame(rows, schema={name: kind.polars for name, kind in KINDS.items()})
    batch = to_pandas(frame, nullable=KINDS)
    alone = pd.concat([to_pandas(frame.slice(n, 1), nullable=KINDS) for n in range(len(frame))], ignore_index=True)
    assert_frame_equal(alone, batch, check_exact=True)
    types = {name: str(dtype) for name, dtype in batch.dtypes.items()}
    assert types == {"a": "str", "b": "Int64", "c": "float64", "d": "boolean", "e": "datetime64[us, UTC]"}
    assert to_polars(batch, KINDS).equals(frame)
    assert [None if pd.isna(n) else n for n in batch["b"]] == [row["b"] for row in rows]


@pytest.mark.parametrize("value", [2**53 + 1, -(2**53) - 1, 2**63 - 1, -(2**63)])
def test_an_integer_beside_a_null_is_the_stored_one_declared_so_or_not(value: int) -> None:
    frame = pl.DataFrame({"id": [value, None], "yes": [True, None]})
    for nullable in ((), ("id", "yes")):
        read = to_pandas(frame, nullable)
        assert (read["id"].to_list(), read["yes"].to_list()) == ([value, pd.NA], [True, pd.NA])


def test_a_frame_may_be_written_to_without_touching_the_other() -> None:
    frame = pl.DataFrame({"id": [1, None], "count": [1, 2]})
    first = to_pandas(frame, ["count"])
    first.loc[0, ["id", "count"]] = [7, 7]
    assert to_pandas(frame, ["count"])[["id", "count"]].to_numpy().tolist() == [[1, 1], [pd.NA, 2]]


def test_columns_without_nulls_keep_their_own_types() -> None:
    frame = to_pandas(empty(KINDS))
    assert [str(dtype) for dtype in frame.dtypes] == ["str", "int64", "float64", "bool", "datetime64[us, UTC]"]


def test_the_named_columns_come_in_order_with_nan_as_null() -> None:
    frame = pd.DataFrame({"x": [9, 9], "c": [1.5, float("nan")], "b": pd.array([1, None], dtype="Int64")})
    found = to_polars(frame, {"b": Kind.INTEGER, "c": Kind.NUMBER})
    assert found.equals(pl.DataFrame({"b": [1, None], "c": [1.5, None]}))
