"""Which days' predictions are out of date. They were issued and stay as they are: this is told, and nothing else."""

from collections.abc import Callable, Iterable, Mapping

from fti_assets.contracts.binding import Reach
from fti_assets.contracts.fingerprint import view_version
from fti_assets.contracts.model import Model
from fti_assets.contracts.time import Window, midnight
from fti_assets.stores.feature_store import FeatureStore
from fti_assets.stores.home import Home
from fti_assets.stores.journal import lineage
from fti_assets.stores.out_of_date import OutOfDate, out_of_date, readings
from fti_assets.stores.provenance import Provenance, Reading
from fti_assets.stores.registry import ModelVersion
from fti_assets.views.inputs import reach_of_view


def provenances(
    model: Model, contents: Mapping[str, str], champion: Callable[[str], ModelVersion | None], store: FeatureStore
) -> dict[str, Provenance]:
    """What the predictions of days would be made from now, by their keys; `contents` are those of their own rows."""
    code, name = view_version(model.view), f"models/{model.name}"
    read = readings(list(_reaches(model, contents, store).values()), store)
    for key, inputs in zip(contents, read, strict=True):
        if version := champion(key):
            inputs[name] = Reading(version.content_id, version.version)
    return {key: Provenance(contents[key], code, inputs) for key, inputs in zip(contents, read, strict=True)}


def predictions_out_of_date(model: Model, home: Home, window: Window | None = None) -> list[OutOfDate]:
    """The issued days that would be predicted from something else now, in order; with their causes.

    That is another champion, other rows of the groups that the view reads, or another view. With `window` only its
    days.
    """
    store, issued = home.features.snapshot(), home.prediction_log.issued(model)
    contents = {
        key: content
        for key, content in issued.items()
        if (window is None or window.start <= midnight(key) < window.end) and _part(model, key)
    }
    journal = home.registry.history(model.name)
    versions = {version.version: version for version in home.registry.versions(model.name)}

    def champion(key: str) -> ModelVersion | None:
        served = lineage(journal, midnight(key))
        return versions[served[-1].version] if served else None

    kept = home.prediction_log.provenance.read(model.name, contents)
    present = provenances(model, contents, champion, store)
    return out_of_date(f"predictions/{model.name}", kept, present, _reaches(model, contents, store), store)


def inference_out_of_date(models: Iterable[Model], home: Home) -> dict[str, list[OutOfDate]]:
    """The issued days that are out of date, by the asset of their model's predictions."""
    return {f"predictions/{model.name}": predictions_out_of_date(model, home) for model in models}


def _reaches(model: Model, keys: Mapping[str, str], store: FeatureStore) -> dict[str, list[Reach]]:
    parts = {key: _part(model, key) for key in keys}
    return {key: reach_of_view(model.view, part, store, {}) if part else [] for key, part in parts.items()}


def _part(model: Model, key: str) -> Window | None:
    return model.view.part_of(Window.of_days(key, key))
