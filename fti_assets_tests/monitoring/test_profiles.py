import json
import math

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from fti_assets.contracts.kinds import Kind
from fti_assets.monitoring.profiles import Bins, counts, fit_bins, from_json, psi, to_json

NUMBERS = st.lists(st.sampled_from([-math.inf, -2.0, -0.0, 0.0, 0.5, 1.0, 1e300, math.inf, math.nan]), max_size=30)
TEXTS = st.lists(st.sampled_from(["UA", "AA", "", "é", None]), max_size=30)
COUNTS = st.lists(st.tuples(st.integers(0, 50), st.integers(0, 50)), min_size=1, max_size=8)


def numbers(values: list[float]) -> pd.DataFrame:
    return pd.DataFrame({"x": np.array(values, dtype="float64")})


def texts(values: list[str | None]) -> pd.DataFrame:
    return pd.DataFrame({"t": pd.Series(values, dtype="str")})


def test_numbers_get_their_deciles_and_a_bin_for_missing_values() -> None:
    frame = numbers([*range(1, 101), math.nan, math.nan])
    bins = fit_bins(frame, {"x": Kind.NUMBER})
    assert bins["x"].edges == (10, 20, 30, 40, 50, 60, 70, 80, 90)
    assert counts(frame, bins)["x"].tolist() == [10] * 10 + [2]


@pytest.mark.parametrize("share", [0.02, 0.5, 0.98])
def test_a_flag_is_counted_exactly_however_rare_it_is(share: float) -> None:
    ones = int(share * 1000)
    frame = pd.DataFrame({"flag": pd.array([True] * ones + [False] * (998 - ones) + [None] * 2, dtype="boolean")})
    bins = fit_bins(frame, {"flag": Kind.BOOLEAN})
    filled = [n for n in counts(frame, bins)["flag"][:-1].tolist() if n]
    assert filled == [998 - ones, ones]
    assert counts(frame, bins)["flag"][-1] == 2


def test_a_value_that_fills_several_deciles_has_a_bin_of_its_own() -> None:
    frame = numbers([-5.0] * 5 + [0.0] * 60 + list(range(1, 36)))
    bins = fit_bins(frame, {"x": Kind.NUMBER})
    profile = counts(frame, bins)["x"]
    assert profile[0] == 5
    assert profile[1] == 60
    assert counts(numbers([-1e-300, 1e-300]), bins)["x"][:3].tolist() == [1, 0, 1]


def test_a_constant_feature_is_seen_to_move_either_way() -> None:
    bins = fit_bins(numbers([3.0] * 50), {"x": Kind.NUMBER})
    assert counts(numbers([2.0, 3.0, 3.0, 4.0]), bins)["x"].tolist() == [1, 2, 1, 0]


def test_nullable_integers_and_plain_bools_are_numbers() -> None:
    frame = pd.DataFrame({"i": pd.array([1, 2, None], dtype="Int64"), "b": [True, False, True]})
    profile = counts(frame, {"i": Bins("number", edges=(1.0,)), "b": Bins("number", edges=(0.5,))})
    assert profile["i"].tolist() == [1, 1, 1]
    assert profile["b"].tolist() == [1, 2, 0]


def test_texts_get_their_twenty_most_frequent_categories_ties_by_name() -> None:
    values = ["top"] * 3 + ["second"] * 2 + [f"c{i:02}" for i in reversed(range(30))] + [None]
    bins = fit_bins(texts(values), {"t": Kind.TEXT})
    assert bins["t"].categories == ("top", "second", *(f"c{i:02}" for i in range(18)))
    assert counts(texts(values), bins)["t"].tolist() == [3, 2] + [1] * 18 + [12, 1]


def test_a_new_category_is_among_the_others() -> None:
    bins = fit_bins(texts(["UA", "UA", "AA"]), {"t": Kind.TEXT})
    assert counts(texts(["AA", "B6", "B6", None]), bins)["t"].tolist() == [0, 1, 2, 1]


def test_a_feature_without_values_has_bins_all_the_same() -> None:
    frame = pd.DataFrame({"x": [math.nan] * 2, "t": pd.Series([None, None], dtype="str")})
    bins = fit_bins(frame, {"x": Kind.NUMBER, "t": Kind.TEXT})
    assert {name: n.tolist() for name, n in counts(frame, bins).items()} == {"x": [0, 2], "t": [0, 2]}
    assert {name: n.tolist() for name, n in counts(frame.head(0), bins).items()} == {"x": [0, 0], "t": [0, 0]}


@given(NUMBERS, NUMBERS, TEXTS, TEXTS)
@settings(max_examples=100, deadline=None)
def test_profiles_merge_by_addition(a: list, b: list, s: list, t: list) -> None:
    for first, second, kinds in ((numbers(a), numbers(b), {"x": Kind.NUMBER}), (texts(s), texts(t), {"t": Kind.TEXT})):
        whole = pd.concat([first, second], ignore_index=True)
        bins = fit_bins(first, kinds)
        one, two, both = counts(first, bins), counts(second, bins), counts(whole, bins)
        for name in kinds:
            assert (one[name] + two[name]).tolist() == both[name].tolist()
            assert both[name].sum() == len(whole)
            assert len(both[name]) == bins[name].size


@given(NUMBERS, NUMBERS)
@settings(max_examples=100, deadline=None)
def test_every_number_is_in_the_bin_that_a_loop_finds(fitted: list[float], seen: list[float]) -> None:
    bins = fit_bins(numbers(fitted), {"x": Kind.NUMBER})["x"]
    expected = [0] * bins.size
    for value in seen:
        expected[-1 if math.isnan(value) else sum(edge < value for edge in bins.edges)] += 1
    assert counts(numbers(seen), {"x": bins})["x"].tolist() == expected
    assert list(bins.edges) == sorted(set(bins.edges))


@given(NUMBERS, TEXTS)
@settings(max_examples=50, deadline=None)
def test_bins_survive_json_exactly(values: list[float], words: list[str | None]) -> None:
    bins = fit_bins(numbers(values), {"x": Kind.NUMBER}) | fit_bins(texts(words), {"t": Kind.TEXT})
    assert from_json(json.loads(json.dumps(to_json(bins), allow_nan=False))) == bins


def test_psi_is_zero_for_equal_shares_and_known_for_others() -> None:
    assert psi([10, 30], [100, 300]) == pytest.approx(0)
    # (0.25 - 0.5) ln(0.5) + (0.75 - 0.5) ln(1.5), but for the smoothing
    assert psi([50, 50], [25, 75]) == pytest.approx(0.25 * math.log(3), abs=2e-4)


@given(COUNTS)
@settings(max_examples=100, deadline=None)
def test_psi_equals_its_formula_and_is_symmetric(pairs: list[tuple[int, int]]) -> None:
    e, a = [x for x, _ in pairs], [y for _, y in pairs]
    if not sum(e) or not sum(a):
        assert math.isnan(psi(e, a))
        return
    expected = 0.0
    for x, y in zip(e, a, strict=True):
        share, other = x / sum(e), y / sum(a)
        p, q = (share + 1e-4) / (1 + 1e-4 * len(e)), (other + 1e-4) / (1 + 1e-4 * len(e))
        expected += (q - p) * math.log(q / p)
    assert psi(e, a) == pytest.approx(expected, abs=1e-12)
    assert psi(e, a) == pytest.approx(psi(a, e), abs=1e-12)
    assert psi(e, a) >= 0


def test_what_cannot_be_profiled_is_refused() -> None:
    frame = pd.DataFrame({"at": pd.to_datetime(["2013-01-01"], utc=True)})
    with pytest.raises(ValueError, match="at is a time"):
        fit_bins(frame, {"at": Kind.TIME})
    with pytest.raises(ValueError, match="there is no column 'x'; there are: at"):
        fit_bins(frame, {"x": Kind.NUMBER})
    with pytest.raises(ValueError, match="profiles of 2 and 3 bins"):
        psi([1, 2], [1, 2, 3])
