"""Which partitions of its inputs a feature group's partition is made of."""

import dagster as dg

from fti_assets.assets.keys import feature_key, source_key
from fti_assets.assets.partitions import overlapping, reaching_back
from fti_assets.contracts.binding import Aggregated, Binding, Input
from fti_assets.contracts.group import Group
from fti_assets.contracts.source import Source
from fti_assets.contracts.time import Period


def dependencies(binding: Binding) -> list[dg.AssetDep]:
    """The binding's inputs, each with the partitions that one of the group's reads."""
    period = binding.group.period
    if isinstance(binding, Aggregated):
        return [
            dg.AssetDep(feature_key(group), partition_mapping=reaching_back(period, halo, with_itself=own_period))
            for group, halo, own_period in binding.reads
        ]
    return [_dependency(source, period) for source in binding.inputs]


def slower(binding: Binding) -> list[Group]:
    """The inputs whose partitions are longer than the group's."""
    own = binding.group.period.length
    return [group for group in binding.groups if not group.dimension and group.period.length > own]


def _dependency(source: Input, period: Period) -> dg.AssetDep:
    if isinstance(source, Source):
        return dg.AssetDep(source_key(source))
    group = source if isinstance(source, Group) else source.group
    if group.dimension:
        return dg.AssetDep(feature_key(group))
    if isinstance(source, Group):
        same = source.period == period
        return dg.AssetDep(feature_key(source), partition_mapping=None if same else overlapping())
    return dg.AssetDep(feature_key(group), partition_mapping=reaching_back(period, source.halo, with_itself=True))
