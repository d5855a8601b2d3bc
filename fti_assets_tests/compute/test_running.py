import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from fti_assets.compute import running as module
from fti_assets.compute.running import Blocks, running
from fti_assets.compute.states import States


def values_of(values: np.ndarray) -> States:
    return {"count": np.array(1.0), "sum": values, "max": values, "last": np.arange(len(values))}


lengths = st.lists(st.integers(1, 30), min_size=1, max_size=5)


@settings(max_examples=100, deadline=None)
@given(lengths, st.booleans(), st.sampled_from([2, 3, 256]))
def test_each_element_has_what_its_segment_came_to_in_chunks_or_not(
    sizes: list[int], backwards: bool, chunk: int
) -> None:
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(module, "_CHUNK", chunk)
        values = np.arange(sum(sizes)) * 7.0 % 11
        run = running(values_of(values), np.array(sizes), backwards)
    start = 0
    for size in sizes:
        for n in range(start, start + size):
            held = values[n : start + size] if backwards else values[start : n + 1]
            last = start + size - 1 if backwards else n
            assert [run[part][n] for part in ("count", "sum", "max", "last")] == [
                len(held), held.sum(), held.max(), last,
            ]  # fmt: skip
        start += size


def test_neighbouring_segments_change_no_bit() -> None:
    values = np.random.default_rng(1).normal(size=1000)
    for backwards in (False, True):
        alone = running(values_of(values), np.array([1000]), backwards)["sum"]
        beside = running(values_of(np.tile(values, 3)), np.array([1000, 1000, 1000]), backwards)["sum"]
        assert (beside.reshape(3, -1) == alone).all()


def test_no_elements_have_no_states() -> None:
    assert len(running(values_of(np.zeros(0)), np.zeros(0, int))["sum"]) == 0
    nothing = np.zeros(0, int)
    blocks = Blocks(nothing, nothing, values_of(np.zeros(0)), 10)
    assert blocks.before(np.array([0]), np.array([3]), np.array([25]))["count"].tolist() == [0]


def test_a_block_is_cut_where_it_is_asked_for_and_at_its_key() -> None:
    key, time = np.array([0, 0, 0, 0, 1]), np.array([1, 8, 11, 25, 12])
    blocks = Blocks(key, time, values_of(np.array([1.0, 2.0, 4.0, 8.0, 16.0])), 10)
    assert blocks.starts.tolist() == [0, 2, 3, 4]
    assert blocks.whole()["sum"].tolist() == [3, 4, 8, 16]
    asked, at = np.array([0, 0, 0, 0]), np.array([8, 10, 12, 40])
    before = np.array([1, 2, 3, 4])  # elements before each (key, time)
    assert blocks.before(before, asked, at)["sum"].tolist() == [1, 0, 4, 0]
    assert blocks.since(before, asked, at)["sum"].tolist() == [2, 4, 0, 0]
