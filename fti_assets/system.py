"""What a system is, said once: its models and its calendar, from which its three pipelines are made."""

from collections.abc import Mapping, Sequence
from datetime import timedelta
from typing import TYPE_CHECKING

import attrs

from fti_assets.contracts.binding import Binding
from fti_assets.contracts.errors import DeclarationError
from fti_assets.contracts.feature_group import FeatureGroup, as_binding
from fti_assets.contracts.group import check_one_of_each_name
from fti_assets.contracts.model import Model
from fti_assets.contracts.names import checked_name
from fti_assets.contracts.predictions import Predictions
from fti_assets.contracts.retrain import Retrain
from fti_assets.contracts.time import midnight

if TYPE_CHECKING:
    import dagster as dg

    from fti_assets.assets.feature_pipeline import FeaturePipeline
    from fti_assets.assets.inference_pipeline import InferencePipeline
    from fti_assets.assets.training_pipeline import TrainingPipeline


def _as_models(models: Sequence[Model]) -> tuple[Model, ...]:
    return tuple(models)


@attrs.frozen
class System:
    """Models that live on one calendar of days, on features that one home keeps.

    Every command finds a system by the name of its module: `fti demo --system shop`.

    Args:
        name: what the system is called.
        models: what it learns.
        since: the first day of its features, in UTC.
        until: the day before which its data end; without it every day that is over is there.

    Raises:
        DeclarationError: two models of one name, two groups of one name that differ, or an end before the beginning.

    Example:
        >>> import fti_assets as fti
        >>> shop = fti.System("shop", models=[], since="2024-01-01")
        >>> shop.since, shop.until
        ('2024-01-01', None)
    """

    name: str
    models: tuple[Model, ...] = attrs.field(converter=_as_models, kw_only=True)
    since: str = attrs.field(kw_only=True)
    until: str | None = attrs.field(default=None, kw_only=True)

    def __attrs_post_init__(self) -> None:
        checked_name("system", self.name)
        for model in self.models:
            if not isinstance(model, Model):
                raise DeclarationError(f"system {self.name}: model {model!r}: expected an fti.Model(…)")
        names = [model.name for model in self.models]
        twice = sorted({name for name in names if names.count(name) > 1})
        if twice:
            raise DeclarationError(f"system {self.name}: model {', '.join(twice)} is there twice: give each a name")
        check_one_of_each_name(f"system {self.name}", (group for model in self.models for group in model.view.groups))
        for argument, day in (("since", self.since), ("until", self.until)):
            if day is not None:
                self._check_day(argument, day)
        if self.until is not None and midnight(self.until) <= midnight(self.since):
            raise DeclarationError(f"system {self.name}: until={self.until!r}: expected a day after {self.since}")

    def feature_pipeline(
        self, *declared: Binding | FeatureGroup, recompute: str | timedelta | None = None
    ) -> "FeaturePipeline":
        """The feature pipeline, as a Dagster code location: `source/*` and `features/*`.

        Args:
            declared: what computes each group: `orders.computed(function, source)`, or a group of windows.
            recompute: how old partitions may be that automation makes again when they are out of date, such as `"30d"`;
                without it they are told, and a person makes them again.
        """
        from fti_assets.assets.feature_pipeline import feature_pipeline

        return feature_pipeline(*map(as_binding, declared), since=self.since, until=self.until, recompute=recompute)

    def training_pipeline(
        self, *, retrain: Retrain | Mapping[str, Retrain], first_cutoff: str, cutoffs: str = "weekly"
    ) -> "TrainingPipeline":
        """The training pipeline, as a Dagster code location: datasets, models, champions and decisions.

        Args:
            retrain: when to retrain: one policy for all models, or one for each by name.
            first_cutoff: the first day before which everything is learned from.
            cutoffs: how often another one follows: `daily`, `weekly` or `monthly`.
        """
        from fti_assets.assets.training_pipeline import training_pipeline

        return training_pipeline(
            *self.models,
            retrain=retrain,
            since=self.since,
            first_cutoff=first_cutoff,
            cutoffs=cutoffs,
            until=self.until,
        )

    def inference_pipeline(self, *watched: Predictions, first_day: str) -> "InferencePipeline":
        """The inference pipeline, as a Dagster code location: predictions, monitoring and the online store.

        Args:
            watched: how the predictions of a model are watched, where that is not as usual.
            first_day: the first day that is predicted.
        """
        from fti_assets.assets.inference_pipeline import inference_pipeline

        said = {predictions.model.name: predictions for predictions in watched}
        predictions = [said.get(model.name) or Predictions(model) for model in self.models]
        return inference_pipeline(*predictions, since=self.since, first_day=first_day, until=self.until)

    @staticmethod
    def merged(*pipelines: "dg.Definitions") -> "dg.Definitions":
        """The pipelines as one code location, for a laptop and `dg`; never beside them in one workspace.

        Args:
            pipelines: what the three methods above returned.
        """
        from fti_assets.assets.code_location import merged

        return merged(*pipelines)

    def _check_day(self, argument: str, day: str) -> None:
        try:
            midnight(day)
        except (TypeError, ValueError):
            raise DeclarationError(
                f"system {self.name}: {argument}={day!r}: expected a day, such as '2013-01-01'"
            ) from None
