"""What each asset is called."""

import dagster as dg

from fti_assets.contracts.group import Group
from fti_assets.contracts.model import Model
from fti_assets.contracts.source import Source


def source_key(source: Source) -> dg.AssetKey:
    """`source/<name>`."""
    return dg.AssetKey(["source", source.name])


def feature_key(group: Group) -> dg.AssetKey:
    """`features/<group>`."""
    return dg.AssetKey(["features", group.name])


def dataset_key(model: Model) -> dg.AssetKey:
    """`datasets/<model>`."""
    return dg.AssetKey(["datasets", model.name])


def model_key(model: Model) -> dg.AssetKey:
    """`models/<model>`."""
    return dg.AssetKey(["models", model.name])


def champion_key(model: Model) -> dg.AssetKey:
    """`champion/<model>`."""
    return dg.AssetKey(["champion", model.name])


def monitoring_key(model: Model) -> dg.AssetKey:
    """`monitoring/<model>`."""
    return dg.AssetKey(["monitoring", model.name])


def decision_key(model: Model) -> dg.AssetKey:
    """`monitoring/<model>_retrain`."""
    return dg.AssetKey(["monitoring", f"{model.name}_retrain"])


def predictions_key(model: Model) -> dg.AssetKey:
    """`predictions/<model>`."""
    return dg.AssetKey(["predictions", model.name])


def online_key(group: Group) -> dg.AssetKey:
    """`online/<group>`."""
    return dg.AssetKey(["online", group.name])
