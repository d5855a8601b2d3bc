from fractions import Fraction
from math import isfinite

import pytest
from hypothesis import given
from hypothesis import strategies as st

from fti_assets.assets.charts.blocks import BAR_LENGTH, POINTS, bar, trend
from fti_assets.assets.charts.numbers import percent

VALUES = st.one_of(st.none(), st.integers(-1000, 1000), st.sampled_from([float("nan"), float("inf")]))


def test_the_lowest_is_the_lowest_block_and_the_highest_the_highest():
    assert trend([2, 3, 4, 5, 6, 7, 8, 9]) == "▁▂▃▄▅▆▇█ 2 to 9"


def test_gaps_are_dots_and_a_constant_is_of_middle_height():
    assert trend([1.0, None, float("nan"), 1.0]) == "▄··▄ 1"
    assert trend([20.7, 20.700000000000003]) == "▄▄ 20.7", "what only rounding tells apart"


def test_the_words_may_be_shares():
    assert trend([0.1, 0.2], percent) == "▁█ 10.0% to 20.0%"


def test_nothing_is_said_of_nothing():
    assert trend([]) == trend([None, float("inf")]) == ""


def test_more_points_become_means_of_neighbours_and_the_words_are_of_all():
    assert trend([0.0, 1.0] * POINTS) == "▄" * POINTS + " 0 to 1"
    assert trend([*[0.0] * POINTS, *[1.0] * POINTS]) == "▁" * (POINTS // 2) + "█" * (POINTS // 2) + " 0 to 1"


@given(st.lists(VALUES, max_size=POINTS))
def test_a_blocks_height_is_the_values_place_between_the_lowest_and_the_highest(values):
    present = [value for value in values if value is not None and isfinite(value)]
    blocks = trend(values).partition(" ")[0]
    if not present:
        assert blocks == ""
        return
    assert len(blocks) == len(values)
    for block, value in zip(blocks, values, strict=True):
        if value not in present:
            assert block == "·"
        elif max(present) > min(present):
            place = Fraction(value - min(present), max(present) - min(present)) * 7
            assert abs("▁▂▃▄▅▆▇█".index(block) - place) <= Fraction(1, 2) + Fraction(1, 10**9)


@pytest.mark.parametrize(
    ("value", "longest", "drawn"),
    [
        (1.0, 1.0, "█" * BAR_LENGTH),
        (0.5, 1.0, "█" * (BAR_LENGTH // 2)),
        (1e-9, 1.0, "▏"),
        (0.0, 1.0, ""),
        (0.0, 0.0, ""),
    ],
)
def test_a_bar_is_as_long_as_its_value_and_never_nothing_for_something(value, longest, drawn):
    assert bar(value, longest) == drawn


@given(st.integers(0, 10_000), st.integers(1, 10_000))
def test_a_bar_has_as_many_eighths_as_its_value_needs(value, longest):
    value = min(value, longest)
    eighths = sum(8 if block == "█" else " ▏▎▍▌▋▊▉".index(block) for block in bar(value, longest))
    assert eighths - 1 < Fraction(8 * BAR_LENGTH * value, longest) + Fraction(1, 10**9)
    assert Fraction(8 * BAR_LENGTH * value, longest) <= eighths + Fraction(1, 10**9)
