from fti_assets.flights import contracts as c
from fti_assets.flights.training import defs


def test_each_model_has_its_dataset_its_versions_its_champion_and_a_job_to_train_it() -> None:
    keys = {key.to_user_string() for key in defs.resolve_asset_graph().materializable_asset_keys}
    for model in c.flights.models:
        assert keys >= {f"{kind}/{model.name}" for kind in ("datasets", "models", "champion")}
    assert {job.name for job in defs.jobs or ()} >= {f"train_{model.name}" for model in c.flights.models}


def test_a_cutoff_is_a_week_from_the_first_one_on() -> None:
    partitions = defs.resolve_job_def("train_late_arrival").partitions_def
    assert partitions is not None
    cutoffs = partitions.get_partition_keys()
    assert cutoffs[:2] == [c.FIRST_CUTOFF, "2013-06-08"]
    assert all(cutoff < str(c.flights.until) for cutoff in cutoffs)
