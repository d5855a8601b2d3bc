import pytest

from fti_assets.assets.charts.numbers import number, percent, short, thinned


@pytest.mark.parametrize(("value", "words"), [(0.48069, "0.4807"), (1234.5, "1,234"), (3.4e6, "3.4M"), (0.0, "0")])
def test_numbers_are_short(value, words):
    assert short(value) == words


def test_shares_are_percents():
    assert percent(0.1234) == "12.3%"


def test_many_values_become_means_of_neighbours():
    assert thinned([1.0, 3.0, None, None, 5.0], 3) == [2.0, None, 5.0]
    assert thinned([1.0, 2.0], 3) == [1.0, 2.0]


def test_what_is_not_finite_is_no_number():
    assert [number(value) for value in (1, float("nan"), float("-inf"), None)] == [1.0, None, None, None]
