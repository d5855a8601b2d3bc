"""What is out of date: partitions that read something that has changed or come since, and by which cause."""

from collections.abc import Iterator, Mapping, Sequence
from datetime import datetime

import attrs

from fti_assets.contracts.binding import Reach
from fti_assets.contracts.names import counted
from fti_assets.contracts.time import Window
from fti_assets.stores.feature_store import WHOLE, FeatureStore
from fti_assets.stores.provenance import Provenance, Reading

_SHOWN = 3
"""So many partitions of an input are named."""
UNKNOWN = "nobody knows what its rows were made from: it was made before that was kept, or its writer was killed"
CODE = "the code that makes it has changed"


@attrs.frozen
class OutOfDate:
    """A partition that would not be made of the same today.

    Attributes:
        asset: of what: `features/carriers`, `datasets/late_arrival`.
        partition: its key, a dataset's cutoff; "" of a dimension.
        causes: a sentence for each input or code that changed.
    """

    asset: str
    partition: str
    causes: tuple[str, ...]


def input_name(reach: Reach) -> str:
    """What a group is called among the inputs."""
    return f"features/{reach.group.name}"


def readings(reaches: Sequence[Sequence[Reach]], store: FeatureStore) -> list[dict[str, Reading]]:
    """What each of some partitions reads, by the input's name. What is read of a group twice is one reading."""
    together = [_by_input(of_partition) for of_partition in reaches]
    read: list[dict[str, Reading]] = [{} for _ in together]
    for name in dict.fromkeys(name for of_partition in together for name in of_partition):
        readers = [n for n, of_partition in enumerate(together) if name in of_partition]
        group, version = together[readers[0]][name].group, store.version(together[readers[0]][name].group)
        contents = store.digests(group, [together[n][name].window for n in readers])
        for n, content in zip(readers, contents, strict=True):
            read[n][name] = Reading(content, version)
    return read


def out_of_date(
    asset: str,
    kept: Mapping[str, Provenance],
    present: Mapping[str, Provenance],
    reaches: Mapping[str, Sequence[Reach]],
    store: FeatureStore,
) -> list[OutOfDate]:
    """Those of the partitions whose provenance is not what it would be if they were made now.

    Args:
        asset: what they are partitions of.
        kept: what each was made from, by its key, as far as it is known.
        present: what each would be made from, and what it holds.
        reaches: what each reads.
        store: where that is, at the version that `present` is of.
    """
    changed = {key: now for key, now in present.items() if kept.get(key) != _as_of(kept.get(key), now)}
    told = _Writes(store, [kept[key] for key in changed if key in kept])
    return [
        OutOfDate(asset, key, tuple(_causes(kept.get(key), now, _by_input(reaches[key]), told)))
        for key, now in changed.items()
    ]


def _as_of(then: Provenance | None, now: Provenance) -> Provenance:
    """The present provenance with the versions of then, which may differ while contents are equal."""
    if then is None:
        return now
    inputs = {
        name: attrs.evolve(reading, version=then.inputs[name].version) if name in then.inputs else reading
        for name, reading in now.inputs.items()
    }
    return attrs.evolve(now, inputs=inputs)


def _causes(then: Provenance | None, now: Provenance, reaches: Mapping[str, Reach], writes: "_Writes") -> Iterator[str]:
    if then is None or then.content != now.content:
        yield UNKNOWN
        return
    if then.code != now.code:
        yield CODE
    for name in sorted(then.inputs.keys() | now.inputs.keys()):
        before, after = then.inputs.get(name), now.inputs.get(name)
        if before is None or after is None:
            yield f"{name} is read now, and was not" if before is None else f"{name} was read, and is not now"
        elif before.content != after.content:
            yield (
                writes.since(reaches[name], before)
                if name in reaches
                else f"{name}: version {after.version} would be used now, it was version {before.version}"
            )


class _Writes:
    """When partitions of inputs were written, of each from the first version on that some partition read."""

    def __init__(self, store: FeatureStore, read: Sequence[Provenance]) -> None:
        self._store = store
        self._first: dict[str, int] = {}
        for name, reading in (pair for provenance in read for pair in provenance.inputs.items()):
            version = -1 if reading.version is None else reading.version
            self._first[name] = min(version, self._first.get(name, version))
        self._last: dict[str, dict[str, tuple[int, datetime]]] = {}

    def since(self, reach: Reach, reading: Reading) -> str:
        """Which partitions of the reach were written after a reading, and when the last of them was, in words."""
        name = input_name(reach)
        if name not in self._last:
            versions = self._store.written_since(reach.group, self._first[name])
            self._last[name] = {key: (number, made) for number, made, keys in versions for key in sorted(keys)}
        period, version = reach.group.period, -1 if reading.version is None else reading.version
        starts = period.starts(WHOLE if reach.group.dimension else reach.window)
        last = {key: self._last[name].get(key, (-1, None)) for key in map(period.key, starts)}
        times = {key: made for key, (number, made) in last.items() if number > version and made}
        if not times:
            return f"{name} has other rows: its table was made anew"
        at = f"at {max(times.values()):%Y-%m-%d %H:%M:%S} UTC"
        if reach.group.dimension:
            return f"{name} was written again, {at}"
        more = len(times) - _SHOWN
        keys = ", ".join(list(times)[:_SHOWN]) + (f" and {counted(more, 'partition')} more" if more > 0 else "")
        return f"{name} {keys} {'was' if len(times) == 1 else 'were'} written after that, {at}"


def _by_input(reaches: Sequence[Reach]) -> dict[str, Reach]:
    """By the input's name all that is read of it."""
    together: dict[str, Reach] = {}
    for reach in reaches:
        name, window = input_name(reach), reach.window
        if name in together:
            other = together[name].window
            window = Window(min(window.start, other.start), max(window.end, other.end))
        together[name] = Reach(reach.group, window)
    return together
