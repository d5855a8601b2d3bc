"""Running states: of each element of a segment, what the segment has come to so far."""

from functools import cached_property

import numpy as np

from fti_assets.compute.states import States, empty_states, merged, taken

_CHUNK = 256  # elements in sequence; longer segments are run chunk by chunk, all chunks side by side


def running(states: States, lengths: np.ndarray, backwards: bool = False) -> States:
    """The state of each element's segment from its start up to and with the element; backwards, from it to the end.

    Segments of these lengths lie one after another. What comes out for an element depends on the elements of its
    run and on its place in the segment, counted from where the run starts, so neighbours change no bit of it.
    """
    size = int(lengths.sum())
    if size == 0:
        return empty_states(states, 0)
    run = {part: np.broadcast_to(array, size).copy() for part, array in states.items()}
    chunks = -(-lengths // _CHUNK)
    nearest, farthest = np.cumsum(chunks) - chunks, np.cumsum(chunks) - 1  # chunks of a segment, as the run goes
    if backwards:
        nearest, farthest = farthest, nearest
    sizes = np.full(int(chunks.sum()), _CHUNK)
    sizes[farthest] = lengths - (chunks - 1) * _CHUNK
    ends = np.cumsum(sizes) - 1
    starts = ends - sizes + 1
    step = -1 if backwards else 1
    _run_chunks(states, run, ends if backwards else starts, sizes, step)
    if len(sizes) > len(lengths):
        totals = running(taken(run, starts if backwards else ends), chunks, backwards)
        beyond = np.ones(len(sizes), bool)
        beyond[nearest] = False
        rest = np.flatnonzero(np.repeat(beyond, sizes))
        so_far = taken(totals, np.repeat(np.arange(len(sizes)) - step, sizes)[rest])
        here = taken(run, rest)
        for part, array in (merged(here, so_far) if backwards else merged(so_far, here)).items():
            run[part][rest] = array
    return run


def _run_chunks(states: States, run: States, firsts: np.ndarray, sizes: np.ndarray, step: int) -> None:
    """Side by side: the second elements of all chunks join the first, then the third join those, and so on."""
    at = firsts[np.argsort((_CHUNK - sizes).astype(np.uint16), kind="stable")]  # those that go on longest lead
    going_on = len(sizes) - np.cumsum(np.bincount(sizes))
    so_far: States = {}
    for many in going_on[1:-1]:
        so_far = {part: array[:many] if np.ndim(array) else array for part, array in so_far.items()}
        so_far = so_far or _elements(states, at[:many])
        at = at[:many] + step
        here = _elements(states, at)
        so_far = merged(so_far, here) if step > 0 else merged(here, so_far)
        for part, array in so_far.items():
            run[part][at] = array


def _elements(states: States, at: np.ndarray) -> States:
    """Some elements; what is a single number is the same for all, and an array that stands for two parts is one."""
    found = {id(array): array[at] if np.ndim(array) else array for array in states.values()}
    return {part: found[id(array)] for part, array in states.items()}


class Blocks:
    """Elements of all keys by time, with the running states of each block of time, from either end of it.

    A window as long as a block is the rest of the block that it starts in, and the block that it ends in up to
    there. Blocks are counted from 1970-01-01, so the same window has the same bits whatever else is there.
    """

    def __init__(self, key: np.ndarray, time: np.ndarray, states: States, length: int) -> None:
        """Of elements sorted by key and then by time."""
        self.key, self.block, self.length = key, time // length, length
        self._states = states
        new = np.ones(len(key), bool)
        new[1:] = (key[1:] != key[:-1]) | (self.block[1:] != self.block[:-1])
        self.starts = np.flatnonzero(new)
        self._lengths = np.diff(self.starts, append=len(key))

    def whole(self) -> States:
        """Each block that has elements, where `starts` says that it begins."""
        return taken(self._up_to, self.starts + self._lengths - 1)

    def before(self, found: np.ndarray, key: np.ndarray, time: np.ndarray) -> States:
        """The block of each time up to it; `found` is the number of elements that come before (key, time)."""
        return self._at(self._up_to, found - 1, key, time)

    def since(self, found: np.ndarray, key: np.ndarray, time: np.ndarray) -> States:
        """The block of each time from it on."""
        return self._at(self._on_from, found, key, time)

    @cached_property
    def _up_to(self) -> States:
        return running(self._states, self._lengths)

    @cached_property
    def _on_from(self) -> States:
        return running(self._states, self._lengths, backwards=True)

    def _at(self, run: States, index: np.ndarray, key: np.ndarray, time: np.ndarray) -> States:
        if not len(self.key):
            return empty_states(run, len(index))
        near = np.clip(index, 0, len(self.key) - 1)
        there = (index == near) & (self.key[near] == key) & (self.block[near] == time // self.length)
        found, absent = taken(run, near), np.flatnonzero(~there)
        for part, array in empty_states(run, 1).items():
            found[part][absent] = array
        return found
