import statistics

import numpy as np
import polars as pl
import pytest
from hypothesis import given
from hypothesis import strategies as st

from fti_assets.features.windows.states import (
    EMPTY,
    States,
    empty_like,
    empty_states,
    merged,
    parts_of,
    put,
    statistic,
    taken,
)


def state_of(values: list[float], first_row: int = 0) -> States:
    """The state of values in order, by the definition of each part."""
    if not values:
        return empty_states(EMPTY, 1)
    mean = statistics.fmean(values)
    parts = (
        len(values), sum(values), mean, sum((v - mean) ** 2 for v in values), min(values), max(values),
        first_row, first_row + len(values) - 1,
    )  # fmt: skip
    return {part: np.array([value], type(EMPTY[part])) for part, value in zip(EMPTY, parts, strict=True)}


runs = st.lists(st.floats(-1e3, 1e3), max_size=6)


@given(runs, runs)
def test_two_runs_merge_into_the_state_of_both(older: list[float], newer: list[float]) -> None:
    both = merged(state_of(older), state_of(newer, len(older)))
    for part, value in state_of(older + newer).items():
        assert both[part][0] == pytest.approx(value[0], rel=1e-9, abs=1e-6), part


@given(runs)
def test_an_empty_run_changes_nothing(values: list[float]) -> None:
    state, nothing = state_of(values), empty_states(EMPTY, 1)
    for both in (merged(state, nothing), merged(nothing, state)):
        assert {part: array[0] for part, array in both.items()} == {part: array[0] for part, array in state.items()}


def test_a_state_has_the_parts_that_its_functions_need() -> None:
    assert parts_of(["count"]) == ("count",)
    assert parts_of(["distinct"]) == ("count",)
    assert parts_of(["std", "last"]) == ("count", "mean", "m2", "last")
    assert set(merged(*[empty_states(parts_of(["std"]), 3)] * 2)) == {"count", "mean", "m2"}


def test_statistics_are_null_where_a_state_holds_too_few_values() -> None:
    none, one, two = state_of([]), state_of([3.0]), state_of([3.0, 5.0])
    states = {part: np.concatenate([none[part], one[part], two[part]]) for part in EMPTY}
    values = pl.Series(["a", "b"])
    assert statistic("count", states, None).to_list() == [0, 1, 2]
    assert statistic("mean", states, None).to_list() == [None, 3.0, 4.0]
    assert statistic("std", states, None).to_list() == [None, None, pytest.approx(2**0.5)]
    assert statistic("last", states, values).to_list() == [None, "a", "b"]
    assert statistic("max", taken(states, np.array([2, 0])), None).to_list() == [5.0, None]


@given(runs, runs)
def test_merging_into_other_arrays_gives_the_same_bits(older: list[float], newer: list[float]) -> None:
    pair = state_of(older), state_of(newer, len(older))
    into = empty_like(pair[0], (1,))
    merged(*pair, into=into)
    assert into == merged(*pair)


def test_states_at_equal_distances_are_a_view_and_others_are_put_in_their_place() -> None:
    states = {"count": np.arange(6.0)}
    assert taken(states, np.array([1, 3, 5]))["count"].base is states["count"]
    assert taken(states, np.array([1, 2, 5]))["count"].tolist() == [1, 2, 5]
    for index in ([0, 2, 4], [4, 2, 0], [3], []):
        put(states, np.array(index, int), {"count": np.full(len(index), 9.0)})
        assert (states["count"][index] == 9).all()
    assert states["count"].tolist() == [9, 1, 9, 9, 9, 5]
