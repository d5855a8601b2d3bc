"""Run by Feast's own Python: `feast_script.py <plain files> <views as JSON>` prints the seconds of its join."""

import json
import sys
import tempfile
import time
from datetime import timedelta
from pathlib import Path

import pandas as pd
from feast import Entity, FeatureStore, FeatureView, Field, FileSource, RepoConfig
from feast.types import Float64


def main(plain: str, views: str) -> None:
    """Declare the views, join them to the spine, write the answer."""
    root = Path(tempfile.mkdtemp())
    spine = pd.read_parquet(f"{plain}/departures").rename(columns={"predict_at": "event_timestamp"})
    registry = {"project": "bench", "registry": str(root / "registry.db"), "provider": "local"}
    store = FeatureStore(
        config=RepoConfig(
            **registry, online_store=None, offline_store={"type": "dask"}, entity_key_serialization_version=3
        )
    )
    declared, features = [], []
    for view in json.loads(views):
        rows = pd.read_parquet(f"{plain}/{view['name']}")[[view["key"], view["known_at"], *view["columns"]]]
        rows[view["columns"]] = rows[view["columns"]].astype("float64")
        rows.rename(columns={view["key"]: view["spine_key"]}).to_parquet(root / f"{view['name']}.parquet")
        entity = Entity(name=f"{view['name']}_key", join_keys=[view["spine_key"]])
        source = FileSource(path=str(root / f"{view['name']}.parquet"), timestamp_field=view["known_at"])
        fields = [Field(name=column, dtype=Float64) for column in view["columns"]]
        ttl = timedelta(minutes=view["minutes"])
        declared += [entity, FeatureView(name=view["name"], entities=[entity], ttl=ttl, schema=fields, source=source)]
        features += [f"{view['name']}:{column}" for column in view["columns"]]
    store.apply(declared)
    entities = spine[["flight_id", "origin", "tail_number", "carrier", "event_timestamp"]]
    begin = time.perf_counter()
    joined = store.get_historical_features(entity_df=entities, features=features, full_feature_names=True).to_df()
    joined.to_parquet(root / "joined.parquet")
    sys.stdout.write(json.dumps({"seconds": time.perf_counter() - begin, "rows": len(joined)}) + "\n")


if __name__ == "__main__":
    main(sys.argv[1], sys.argv[2])
