import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from fti_assets.features.windows.runs import runs_in
from fti_assets.features.windows.states import States
from fti_assets.features.windows.windows import windows


def levels_of(values: np.ndarray, numbers: list[np.ndarray]) -> list[States]:
    """The states of runs of tiles that hold one value each of one key, by the definition of each part."""
    levels = []
    for level, runs in enumerate(numbers):
        rows = [values[n << level : n + 1 << level] for n in runs]
        parts: dict[str, list[float]] = {
            "count": [len(row) for row in rows],
            "mean": [row.mean() for row in rows],
            "m2": [((row - row.mean()) ** 2).sum() for row in rows],
            "max": [row.max() for row in rows],
        }
        levels.append({part: np.array(column, float).reshape(-1, 1) for part, column in parts.items()})
    return levels


def test_a_window_holds_the_tiles_before_its_end() -> None:
    values = np.arange(100.0)
    for span in (3, 40):
        numbers = runs_in([span], 50, 53)
        found = windows(levels_of(values, numbers), numbers, [span], 50, 53)[span]
        assert found["count"].tolist() == [[span]] * 3
        assert found["max"].tolist() == [[49], [50], [51]]
        assert found["mean"][:, 0].tolist() == pytest.approx([49 - (span - 1) / 2 + n for n in range(3)])


@settings(max_examples=60, deadline=None)
@given(
    st.sets(st.integers(1, 100), min_size=1, max_size=3), st.integers(100, 170), st.integers(0, 30), st.integers(0, 9)
)
def test_windows_agree_with_brute_force_whichever_are_asked_for(
    spans: set[int], first: int, instants: int, seed: int
) -> None:
    values = np.random.default_rng(seed).normal(1e3, 50, 200)
    numbers = runs_in(spans, first, first + instants)
    found = windows(levels_of(values, numbers), numbers, spans, first, first + instants)
    assert set(found) == spans
    for span, states in found.items():
        assert states["count"].shape == (instants, 1)
        for row, t in enumerate(range(first, first + instants)):
            held = values[t - span : t]
            assert states["count"][row] == span
            assert states["max"][row] == held.max()
            assert states["mean"][row] == pytest.approx(held.mean(), rel=1e-12)
            assert states["m2"][row] == pytest.approx(((held - held.mean()) ** 2).sum(), rel=1e-9)
            one = runs_in([span], t, t + 1)
            if row % 7 == 0:  # alone, with the same bits
                alone = windows(levels_of(values, one), one, [span], t, t + 1)[span]
                assert all(array[0] == states[part][row] for part, array in alone.items())
