from fti_assets.flights import contracts as c
from fti_assets.flights.inference import defs


def test_each_model_predicts_and_is_monitored_and_each_group_that_it_looks_up_is_online() -> None:
    keys = {key.to_user_string() for key in defs.resolve_asset_graph().materializable_asset_keys}
    predicted = {f"{kind}/{p.model.name}" for p in defs.predictions for kind in ("predictions", "monitoring")}
    online = {f"online/{s.group.name}" for model in c.flights.models for s in model.view.joined}
    assert keys == predicted | online
    assert [p.model for p in defs.predictions] == list(c.flights.models)


def test_every_day_is_predicted_from_the_first_cutoff_on() -> None:
    partitions = defs.resolve_job_def("predict").partitions_def
    assert partitions is not None
    days = partitions.get_partition_keys()
    assert days[0] == c.FIRST_CUTOFF
    assert "2013-12-31" in days
    assert days[-1] < str(c.flights.until)
