import numpy as np
import pandas as pd
from hypothesis import given, settings
from hypothesis import strategies as st

from fti_assets.contracts.kinds import Kind
from fti_assets.models.transforms import Preprocessing, fit_preprocessing

FRAME = pd.DataFrame(
    {
        "color": pd.Series(["red", "blue", None, "red"], dtype="str"),
        "size": [1.5, np.nan, 2.0, 3.0],
        "is_new": pd.array([True, None, False, True], dtype="boolean"),
        "stock": [1, 2, 3, 4],
    }
)
FITTED = fit_preprocessing(
    FRAME, {"size": Kind.NUMBER, "color": Kind.TEXT, "is_new": Kind.BOOLEAN, "stock": Kind.INTEGER}
)


def test_columns_come_in_the_declared_order_and_categories_sorted() -> None:
    assert FITTED.categories == {"color": ("blue", "red")}
    nan = np.nan
    expected = [[1.5, 1, 1, 1], [nan, 0, nan, 2], [2, nan, 0, 3], [3, 1, 1, 4]]
    np.testing.assert_array_equal(FITTED.transform(FRAME[FRAME.columns[::-1]]), np.array(expected, dtype=np.float32))


def test_a_null_and_a_category_never_seen_are_missing_and_never_a_code() -> None:
    unseen = FRAME.assign(color=pd.Series(["green", "nan", "", None], dtype="str"))
    assert np.isnan(FITTED.transform(unseen)[:, 1]).all()
    none_seen = fit_preprocessing(FRAME.tail(0), FITTED.kinds)
    assert np.isnan(none_seen.transform(FRAME)[:, 1]).all()


def test_numbers_beyond_float32_become_its_largest() -> None:
    huge = FITTED.transform(FRAME.assign(size=[1e300, -1e300, np.nan, 0.1]))[:, 0]
    largest = np.finfo(np.float32).max
    np.testing.assert_array_equal(huge, np.array([largest, -largest, np.nan, 0.1], dtype=np.float32))


def test_nullable_integers_are_the_floats_nearest_to_them_and_their_nulls_are_missing() -> None:
    stock = FITTED.transform(FRAME.assign(stock=pd.array([2**53 + 1, None, -(2**63), 4], dtype="Int64")))[:, 3]
    np.testing.assert_array_equal(stock, np.array([2.0**53, np.nan, -(2.0**63), 4], dtype=np.float32))


@settings(deadline=None, max_examples=100)
@given(st.lists(st.tuples(st.none() | st.sampled_from("abc"), st.floats(allow_infinity=False)), min_size=1, max_size=6))
def test_a_row_alone_has_the_same_bits_as_in_a_batch(rows: list[tuple[str | None, float]]) -> None:
    frame = pd.DataFrame(rows, columns=["color", "size"]).astype({"color": "str"})
    fitted = Preprocessing({"size": Kind.NUMBER, "color": Kind.TEXT}, {"color": ("a", "c")})
    alone = np.concatenate([fitted.transform(frame.iloc[[n]]) for n in range(len(frame))])
    assert alone.tobytes() == np.ascontiguousarray(fitted.transform(frame)).tobytes()


def test_json_brings_it_back() -> None:
    assert Preprocessing.from_json(FITTED.to_json()) == FITTED
    assert Preprocessing.from_json(FITTED.to_json()).to_json() == FITTED.to_json()
    assert list(Preprocessing.from_json(FITTED.to_json()).kinds) == ["size", "color", "is_new", "stock"]
