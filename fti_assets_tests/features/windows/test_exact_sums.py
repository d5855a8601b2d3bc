import math
from fractions import Fraction

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from fti_assets.contracts.errors import ContractViolation
from fti_assets.features.windows import exact_sums
from fti_assets.features.windows.exact_sums import Limbs, deviation, limbs_of, rounded, squares_of


def fraction(limbs: Limbs, at: int = 0) -> Fraction:
    return sum((int(limb[at]) * Fraction(2) ** (26 * n) for n, limb in limbs.items()), Fraction(0))


def added(limbs: Limbs) -> Limbs:
    return {n: limb.sum(keepdims=True) for n, limb in limbs.items()}


def test_a_small_whole_number_is_one_limb() -> None:
    assert {n: limb.tolist() for n, limb in limbs_of(np.array([3.0, -15.0]), "x").items()} == {0: [3, -15]}
    assert {n: limb.tolist() for n, limb in limbs_of(np.array([-(2.0**26) - 5]), "x").items()} == {1: [-1], 0: [-5]}
    assert limbs_of(np.array([0.5]), "x")[-1].tolist() == [1 << 25]


def test_whole_numbers_of_64_bits_are_three_limbs_and_never_doubles() -> None:
    assert {n: limb.tolist() for n, limb in limbs_of(np.array([5, -7]), "x").items()} == {0: [5, -7]}
    for values in ([2**63 - 1, -(2**63), 2**53 + 1, 0, -1], [2**39, 1 - 2**38]):
        limbs = limbs_of(np.array(values), "x")
        assert [fraction(limbs, n) for n in range(len(values))] == values
        assert [fraction(squares_of(limbs), n) for n in range(len(values))] == [value**2 for value in values]


def test_no_numbers_and_zeros_have_sums_too() -> None:
    assert rounded(limbs_of(np.zeros(0), "x"), (0,)).tolist() == []
    assert rounded({}, (2,)).tolist() == [0, 0]
    nothing = np.zeros(2, int)
    assert np.isnan(deviation(nothing, {}, {})).all()


@pytest.mark.parametrize("value", [1e144, -1e300, math.inf, math.nan])
def test_what_cannot_be_squared_is_refused(value: float) -> None:
    with pytest.raises(ContractViolation, match=r"x: is a number below 1e\+144, to be summed exactly"):
        limbs_of(np.array([1.0, value]), "x")


numbers = (
    st.floats(-1e12, 1e12)
    | st.floats(-1e-9, 1e-9)
    | st.integers(-(2**27), 2**27).map(float)
    | st.floats(-1e143, 1e143)
    | st.floats(1e9, 1e9 + 10)
    | st.floats(1e15, 1e15 + 100)
)


@settings(max_examples=150, deadline=None)
@given(st.lists(numbers, min_size=1, max_size=12))
def test_sums_are_the_doubles_nearest_to_the_exact_ones(values: list[float]) -> None:
    limbs = limbs_of(np.array(values), "x")
    squares = squares_of(limbs)
    assert [fraction(limbs, n) for n in range(len(values))] == [Fraction(v) for v in values]
    assert [fraction(squares, n) for n in range(len(values))] == [Fraction(v) ** 2 for v in values]
    assert all(np.abs(limb).max() <= 1 << 26 for limb in [*limbs.values(), *squares.values()])
    total = rounded(added(limbs), (1,))[0]
    exactly = sum(map(Fraction, values))
    assert abs(total - float(exactly)) <= math.ulp(float(exactly))


close = st.sampled_from([0.0, 1e9, 1e15, -4e12]).flatmap(
    lambda near: st.lists(st.integers(-8000, 8000).map(lambda n: near + n / 8), min_size=2, max_size=12)
)


@settings(max_examples=150, deadline=None)
@given(close | st.lists(st.floats(-1e12, 1e12).map(lambda v: round(v, 3)), min_size=2, max_size=12))
def test_the_deviation_of_close_numbers_is_exact(values: list[float]) -> None:
    limbs = limbs_of(np.array(values), "x")
    count, given_ = len(values), [Fraction(v) for v in values]
    mean = sum(given_) / count
    expected = math.sqrt(sum((v - mean) ** 2 for v in given_) / (count - 1))
    found = deviation(np.array([count]), added(limbs), added(squares_of(limbs)))[0]
    assert found == pytest.approx(expected, rel=1e-15, abs=0)


small = st.lists(st.integers(-5000, 5000).map(float), min_size=1, max_size=12)


@settings(max_examples=100, deadline=None)
@given(small, st.lists(numbers, max_size=5))
def test_neither_the_way_nor_the_neighbours_nor_the_limbs_change_a_bit(
    values: list[float], others: list[float]
) -> None:
    alone = limbs_of(np.array(values), "x")
    count = np.array([len(values)])
    expected = rounded(added(alone), (1,))[0], deviation(count, added(alone), added(squares_of(alone)))[0]
    beside = limbs_of(np.array([*values, *others]), "x")
    among = squares_of(beside)
    parts = [slice(0, len(values)), slice(0, len(values) + len(others))]
    sums, squares = (
        {n: np.array([limb[part].sum() for part in parts]) for n, limb in limbs.items()} for limbs in (beside, among)
    )
    counts = np.array([len(values), len(values) + len(others)])
    assert np.array_equal((rounded(sums, (2,))[0], deviation(counts, sums, squares)[0]), expected, equal_nan=True)
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(exact_sums, "_WORD", 0)
        again = deviation(count, added(alone), added(squares_of(alone)))[0]
    assert np.array_equal(again, expected[1], equal_nan=True)
