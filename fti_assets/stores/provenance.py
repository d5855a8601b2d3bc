"""What a partition was made from: the code, and the content of all that it read, kept beside its rows."""

import json
from collections.abc import Iterable, Mapping
from functools import partial
from itertools import groupby
from typing import Any

import attrs

from fti_assets.contracts.names import checked_name
from fti_assets.stores.revisions import Revisions
from fti_assets.stores.sealed import canonical_json
from fti_assets.stores.storage import Storage

_MONTH, _DAY = len("2013-01"), len("2013-01-05")


@attrs.frozen
class Reading:
    """What was read of an input.

    Attributes:
        content: the name of all of it: equal names, equal rows in equal partitions.
        version: the input's version then; None of a table that was never written.
    """

    content: str
    version: int | None


@attrs.frozen
class Provenance:
    """What a partition, a dataset or a day's predictions were made from.

    Attributes:
        content: the name of what was made. Of rows with another one nobody knows what they were made from.
        code: the version of the code that made it.
        inputs: what was read, by the input's name, such as `features/arrivals`; sources are none.
    """

    content: str
    code: str
    inputs: Mapping[str, Reading]

    @property
    def facts(self) -> dict[str, Any]:
        """The same as JSON holds it."""
        readings = {name: [reading.content, reading.version] for name, reading in self.inputs.items()}
        return {"content": self.content, "code": self.code, "inputs": readings}

    @classmethod
    def of(cls, facts: Mapping[str, Any]) -> "Provenance":
        """What such facts say."""
        inputs = {name: Reading(*reading) for name, reading in facts["inputs"].items()}
        return cls(facts["content"], facts["code"], inputs)


class ProvenanceStore:
    """The provenance of partitions, by what they are of, and by month; of hours by day.

    It is kept after the rows that it is of, or before them, but never with them: it names their content, so that what a
    killed writer left is of other rows, and known as that.
    """

    def __init__(self, storage: Storage) -> None:
        self._storage = storage

    def keep(self, name: str, made: Mapping[str, Provenance]) -> None:
        """Keep the provenance of some partitions by their keys, in place of what was kept of them."""
        for folder, keys in groupby(sorted(made), _folder):
            facts = {key: made[key].facts for key in keys}
            self._of(name, folder).change(partial(_joined, facts))

    def read(self, name: str, keys: Iterable[str]) -> dict[str, Provenance]:
        """The provenance of those of the partitions of which any is kept."""
        wanted = set(keys)
        contents = [self._of(name, folder).newest() for folder in sorted(set(map(_folder, wanted)))]
        kept = [pair for content in contents if content for pair in json.loads(content).items()]
        return {key: Provenance.of(facts) for key, facts in kept if key in wanted}

    def _of(self, name: str, folder: str) -> Revisions:
        return Revisions(self._storage.at(checked_name("provenance", name), folder), synced=False)


def _folder(key: str) -> str:
    return key[: _MONTH if len(key) == _DAY else _DAY]


def _joined(facts: Mapping[str, Any], before: bytes | None) -> bytes:
    return canonical_json({**(json.loads(before) if before else {}), **facts})
