import numpy as np
from hypothesis import given
from hypothesis import strategies as st

from fti_assets.features.windows.extremes import extremes

VALUES = np.array([3.0, 1.0, 4.0, 1.0, 5.0, 9.0])


def test_a_stretch_has_its_least_and_its_greatest_and_an_empty_one_nothing() -> None:
    found = extremes({"min": VALUES, "max": VALUES}, np.array([0, 2, 4, 6]), np.array([6, 4, 4, 6]))
    assert (found["min"].tolist(), found["max"].tolist()) == ([1, 1, 0, 0], [9, 4, 0, 0])
    none = np.zeros(0, int)
    assert extremes({"min": none}, none, none)["min"].tolist() == []
    assert extremes({}, np.array([0]), np.array([1])) == {}


numbers = st.lists(st.floats(-1e9, 1e9).map(lambda v: v + 0.0), min_size=1, max_size=40)


@given(numbers, st.lists(st.tuples(st.integers(0, 40), st.integers(0, 40)), max_size=20))
def test_stretches_of_any_length_agree_with_brute_force(values: list[float], ends: list[tuple[int, int]]) -> None:
    pairs = [tuple(sorted((a % len(values), b % (len(values) + 1)))) for a, b in ends]
    since, until = (np.array([pair[n] for pair in pairs], int) for n in (0, 1))
    found = extremes({"min": np.array(values), "max": np.array(values)}, since, until)
    assert found["min"].tolist() == [min(values[a:b], default=0.0) for a, b in pairs]
    assert found["max"].tolist() == [max(values[a:b], default=0.0) for a, b in pairs]
