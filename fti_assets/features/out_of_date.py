"""Which partitions of a feature group are out of date."""

from collections.abc import Mapping, Sequence
from datetime import datetime

from fti_assets.contracts.binding import Binding, Reach
from fti_assets.contracts.fingerprint import binding_version
from fti_assets.contracts.group import Group
from fti_assets.contracts.partition_keys import start_of_key
from fti_assets.contracts.time import Window
from fti_assets.stores.feature_store import FeatureStore
from fti_assets.stores.home import Home
from fti_assets.stores.out_of_date import OutOfDate, out_of_date, readings
from fti_assets.stores.provenance import Provenance


def provenances(binding: Binding, contents: Mapping[str, str], store: FeatureStore) -> dict[str, Provenance]:
    """What partitions would be made from now, by their keys; `contents` are those of their own rows."""
    code, reaches = binding_version(binding), [_reach(binding, start_of_key(key)) for key in contents]
    read = readings(reaches, store)
    return {
        key: Provenance(content, code, inputs) for (key, content), inputs in zip(contents.items(), read, strict=True)
    }


def partitions_out_of_date(binding: Binding, store: FeatureStore, window: Window | None = None) -> list[OutOfDate]:
    """The group's partitions that were made from something else than they would be now, in order; with their causes.

    Those are told that read a partition that has other rows now, or came later, or that other code made, or of which
    nobody knows it. With `window` only partitions that begin in it.
    """
    group, store = binding.group, store.snapshot()
    contents = {
        group.period.key(start): content
        for start, content in store.present(group).items()
        if window is None or group.dimension or window.start <= start < window.end
    }
    kept, present = store.provenance.read(group.name, contents), provenances(binding, contents, store)
    reaches = {key: _reach(binding, start_of_key(key)) for key in contents}
    return out_of_date(f"features/{group.name}", kept, present, reaches, store)


def features_out_of_date(bindings: Sequence[Binding], home: Home) -> dict[str, list[OutOfDate]]:
    """The partitions of each group that are out of date, by the group's asset."""
    return {f"features/{b.group.name}": partitions_out_of_date(b, home.features) for b in bindings}


def _reach(binding: Binding, start: datetime) -> list[Reach]:
    return binding.reach(_partition(binding.group, start))


def _partition(group: Group, start: datetime) -> Window:
    return Window(start, start + group.period.length)
