"""Which datasets and models are out of date. They are told, and never made again by themselves."""

from collections.abc import Collection, Iterable
from datetime import datetime

from fti_assets.contracts.binding import Reach
from fti_assets.contracts.errors import MissingPartitions
from fti_assets.contracts.fingerprint import model_version, view_version
from fti_assets.contracts.model import Model
from fti_assets.contracts.time import Window
from fti_assets.stores.datasets import Dataset
from fti_assets.stores.feature_store import FeatureStore
from fti_assets.stores.home import Home
from fti_assets.stores.out_of_date import CODE, OutOfDate, out_of_date, readings
from fti_assets.stores.provenance import Provenance
from fti_assets.stores.registry import ModelVersion
from fti_assets.views.inputs import reach_of_view


def dataset_provenance(model: Model, window: Window, store: FeatureStore) -> Provenance:
    """What a dataset of the rows predicted in the window would be made from now."""
    (read,) = readings([_reach(model, window, store)], store)
    return Provenance("", view_version(model.view), read)


def datasets_out_of_date(model: Model, home: Home, cutoffs: Collection[datetime] | None = None) -> list[OutOfDate]:
    """The cutoffs whose newest dataset would be made from something else now, in order; with their causes.

    With `cutoffs` only these are looked at.
    """
    store = home.features.snapshot()
    told: list[OutOfDate] = []
    for cutoff in home.datasets.cutoffs(model.name):
        if cutoffs is not None and cutoff not in cutoffs:
            continue
        dataset, key = home.datasets.get(model.name, cutoff), _key(cutoff)
        window = _window(dataset)
        kept = {key: Provenance.of(dataset.manifest["made_from"])} if "made_from" in dataset.manifest else {}
        present, reaches = dataset_provenance(model, window, store), _reach(model, window, store)
        told += out_of_date(f"datasets/{model.name}", kept, {key: present}, {key: reaches}, store)
    return told


def models_out_of_date(model: Model, home: Home, cutoffs: Collection[datetime] | None = None) -> list[OutOfDate]:
    """The cutoffs whose newest version would be fitted on another dataset, or by another recipe, now; with causes.

    The champion is among the versions that are looked at, though another of its cutoff be newer. With `cutoffs` only
    these are.
    """
    newest = {version.cutoff: version for version in home.registry.versions(model.name)}
    champion = home.registry.alias(model.name, "champion")
    looked_at = {version.version: version for version in (*newest.values(), *([champion] if champion else ()))}
    causes: dict[datetime, tuple[str, ...]] = {}
    for number in sorted(looked_at):
        version = looked_at[number]
        if cutoffs is not None and version.cutoff not in cutoffs:
            continue
        of_version = tuple(f"version {number}: {cause}" for cause in _causes(model, version, home))
        causes[version.cutoff] = causes.get(version.cutoff, ()) + of_version
    return [
        OutOfDate(f"models/{model.name}", _key(cutoff), of_cutoff)
        for cutoff, of_cutoff in sorted(causes.items())
        if of_cutoff
    ]


def training_out_of_date(models: Iterable[Model], home: Home) -> dict[str, list[OutOfDate]]:
    """The datasets and models that are out of date, by their assets."""
    models = list(models)
    datasets = {f"datasets/{model.name}": datasets_out_of_date(model, home) for model in models}
    return datasets | {f"models/{model.name}": models_out_of_date(model, home) for model in models}


def _causes(model: Model, version: ModelVersion, home: Home) -> list[str]:
    facts = version.manifest["facts"]
    causes = [] if facts.get("recipe") == model_version(model) else [CODE]
    try:
        present = home.datasets.get(model.name, version.cutoff).id
    except MissingPartitions:
        return [*causes, f"datasets/{model.name} {_key(version.cutoff)} is gone"]
    if present != facts["dataset"]:
        causes.append(f"datasets/{model.name} {_key(version.cutoff)} was built again with other rows")
    return causes


def _reach(model: Model, window: Window, store: FeatureStore) -> list[Reach]:
    label = model.view.label
    known = Window(window.start, window.end + label.horizon)
    return [*reach_of_view(model.view, window, store, {}), Reach(label.group, known)]


def _window(dataset: Dataset) -> Window:
    since, until = (datetime.fromisoformat(dataset.manifest[name]) for name in ("since", "until"))
    return Window(since, until)


def _key(cutoff: datetime) -> str:
    return f"{cutoff:%Y-%m-%d}"
