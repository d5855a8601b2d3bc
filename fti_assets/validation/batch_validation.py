"""What a materialization takes in: batches that keep their contracts, less the rows that are set aside."""

import copy
from collections import Counter, defaultdict
from collections.abc import Mapping, Sequence
from typing import Self

import pandas as pd

from fti_assets.contracts.errors import ContractViolation, FailingCase
from fti_assets.contracts.group import Group
from fti_assets.contracts.set_aside import SetAside
from fti_assets.contracts.source import Source
from fti_assets.contracts.time import PERIODS, Window
from fti_assets.stores.feature_store import GroupReader
from fti_assets.validation.conform import conform, conform_group, widened
from fti_assets.validation.partition_shares import check_shares, reasons, rows_by_partition
from fti_assets.validation.set_aside import Sifted, invalid_digests, sift

WHOLE_TABLE = "whole"
"""The one partition of a dimension."""


class BatchValidation:
    """Checks each batch of one materialization, and keeps what was widened and set aside until `settle`."""

    def __init__(self, group: Group, window: Window, store: GroupReader) -> None:
        self.widened: dict[str, str] = {}
        self._group, self._window = group, window
        self._period = PERIODS[group.partitions]
        self._store = store.quarantine
        self._aside: dict[str, dict[str, list[SetAside]]] = {}

    def kept(self, frame: pd.DataFrame, contract: Group | Source) -> pd.DataFrame:
        """The conforming rows of a batch. ContractViolation when it breaks its contract and may not go on."""
        window = None if self._group.dimension else self._window
        owner = owner_of(contract)
        aside: dict[str, list[SetAside]] = {}
        try:
            if isinstance(contract, Source):
                conforming = conform(frame, contract.schema, f"source {contract.name}")
            else:
                conforming = conform_group(frame, contract, window)
        except ContractViolation as violation:
            if contract.on_invalid == "fail":
                if contract is not self._group and self._group.on_invalid == "quarantine":
                    raise ContractViolation(violation.what, violation.cases, _of_the_group_alone(contract)) from None
                raise
            sifted = sift(frame, contract, window, self._store.waivers(owner))
            conforming = sifted.frame
            rows, aside = self._by_partition(contract, sifted)
            check_shares(contract, rows, aside)
        self._aside.setdefault(owner, {}).update(aside)
        self.widened |= {f"{contract.name}.{name}": types for name, types in widened(frame, conforming).items()}
        return conforming

    def part(self, window: Window) -> Self:
        """The same for a part of the window: what it sets aside is settled with the whole."""
        part = copy.copy(self)
        part._window = window
        return part

    def settle(self) -> None:
        """Make the quarantine hold what was set aside of the window, and nothing else of it."""
        for owner, aside in self._aside.items():
            self._store.replace(owner, self.partitions, aside)

    @property
    def partitions(self) -> list[str]:
        """The partitions that are materialized."""
        if self._group.dimension:
            return [WHOLE_TABLE]
        return [self._period.key(start) for start in self._period.starts(self._window)]

    @property
    def rows_by_partition(self) -> dict[str, int]:
        """How many rows were set aside, of the group and of its sources, where any were."""
        counted: Counter[str] = Counter()
        for aside in self._aside.values():
            counted.update({partition: len(rows) for partition, rows in aside.items()})
        return dict(sorted(counted.items()))

    @property
    def reasons(self) -> tuple[FailingCase, ...]:
        """Why rows were set aside, the most frequent reason first, each with one value and its number of rows."""
        of_all = [
            reason
            for owner, aside in self._aside.items()
            for reason in reasons([row for rows in aside.values() for row in rows], of=owner)
        ]
        return tuple(sorted(of_all, key=lambda reason: (-reason.rows, reason.of, reason.column, reason.check)))

    def _by_partition(
        self, contract: Group | Source, sifted: Sifted
    ) -> tuple[Mapping[str, int], dict[str, list[SetAside]]]:
        """How many rows came of each partition, and those that were set aside of it.

        A row without a known time, or with one outside of the window, belongs to the window's first partition.
        """
        first, *others = self.partitions
        if not others:
            aside = {first: list(sifted.aside)} if sifted.aside else {}
            return {first: len(sifted.frame) + len(sifted.aside)}, aside
        if isinstance(contract, Source):
            rows, known_in = self._read_again(contract, sifted.aside)
        else:
            times = [row.known_at for row in sifted.aside]
            keys = [self._period.key(self._period.start_of(time)) if time else first for time in times]
            known_in = [key if key in others else first for key in keys]
            rows = Counter(rows_by_partition(sifted.frame[contract.known_at], self._period, self._window))
            rows.update(known_in)
        by_partition: dict[str, list[SetAside]] = {}
        for row, partition in zip(sifted.aside, known_in, strict=True):
            by_partition.setdefault(partition, []).append(row)
        return rows, by_partition

    def _read_again(self, source: Source, aside: Sequence[SetAside]) -> tuple[Counter[str], list[str]]:
        """How many rows each partition has, and the partition of each row that was set aside.

        The rows of a source say only by their reading when they became known.
        """
        rows, known_in = Counter[str](), defaultdict[str, list[str]](list)
        for start in self._period.starts(self._window):
            key, frame = self._period.key(start), source.read(start, start + self._period.length)
            rows[key] = len(frame)
            for digest in invalid_digests(frame, source):
                known_in[digest].append(key)
        return rows, [known_in[row.digest].pop(0) if known_in[row.digest] else self.partitions[0] for row in aside]


def _of_the_group_alone(source: Group | Source) -> str:
    return f'the group sets rows aside, but its source {source.name} does not: declare on_invalid="quarantine" there: '


def owner_of(contract: Group | Source) -> str:
    """Whose rows they are, called as its asset: `features/orders`, `source/shop_orders`."""
    return f"{'source' if isinstance(contract, Source) else 'features'}/{contract.name}"
