"""The order in which feature groups can be computed: each after those that it reads."""

from collections.abc import Iterable, Sequence
from graphlib import CycleError, TopologicalSorter

from fti_assets.contracts.binding import Binding
from fti_assets.contracts.errors import DeclarationError


def in_order(bindings: Iterable[Binding]) -> list[Binding]:
    """The bindings, each after those whose groups it reads. Raises DeclarationError where they read in a circle."""
    bound = {binding.group: binding for binding in bindings}
    reads = {binding.group: [group for group in binding.groups if group in bound] for binding in bound.values()}
    try:
        return [bound[group] for group in TopologicalSorter(reads).static_order()]
    except CycleError as error:
        circle = " reads ".join(group.name for group in error.args[1])
        raise DeclarationError(f"feature groups read each other in a circle: {circle}") from None


def batches_of_one_cadence(bindings: Sequence[Binding]) -> list[list[Binding]]:
    """The bindings in as few batches as their order allows, each of groups with partitions of one length.

    A Dagster run has one kind of partitions, so a system of hourly and daily groups is computed batch after batch.
    """
    waiting, batches = in_order(bindings), []
    while waiting:
        period, batch = waiting[0].group.period, list[Binding]()
        for binding in waiting:
            unread = {other.group for other in waiting if other not in batch}
            if binding.group.period == period and not unread.intersection(binding.groups):
                batch.append(binding)
        batches.append(batch)
        waiting = [binding for binding in waiting if binding not in batch]
    return batches
