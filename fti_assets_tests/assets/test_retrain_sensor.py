import dagster as dg
import pytest

from fti_assets.assets.keys import model_key
from fti_assets.assets.retrain_sensor import retrain_sensor
from fti_assets_tests.assets.living_shop import DECISION
from fti_assets_tests.worlds import returns

YES = {"retrain": True, "reason": "the champion is 28 days old"}
NO = {"retrain": False, "reason": "cooling down: last trained 7 days ago"}


@pytest.fixture
def instance():
    with dg.DagsterInstance.ephemeral() as instance:
        yield instance


def record(instance: dg.DagsterInstance, cutoff: str, decided: dict[str, object]) -> None:
    event = dg.AssetMaterialization(DECISION, partition=cutoff, metadata=decided)
    instance.report_runless_asset_event(event)


def look(instance: dg.DagsterInstance, cursor: str | None = None) -> dg.SensorResult | dg.SkipReason:
    with dg.build_sensor_context(instance=instance, cursor=cursor) as context:
        return retrain_sensor(returns, "train_returns")(context)


def test_without_a_decision_there_is_nothing_to_do(instance):
    skipped = look(instance)

    assert isinstance(skipped, dg.SkipReason)
    assert skipped.skip_message == "no decision on returns since the last look"


def test_a_decision_to_retrain_requests_the_run_of_its_cutoff(instance):
    record(instance, "2024-01-22", YES)

    [request] = look(instance).run_requests

    assert (request.run_key, request.partition_key) == ("returns:2024-01-22", "2024-01-22")
    assert request.tags["fti/trigger"] == "the champion is 28 days old"


def test_a_decision_not_to_is_told(instance):
    record(instance, "2024-01-22", NO)

    result = look(instance)

    assert not result.run_requests
    assert result.skip_reason.skip_message == "nothing to train: 2024-01-22: cooling down: last trained 7 days ago"


def test_a_cutoff_that_is_trained_already_is_not_trained_again(instance):
    """The demo acts on its own decisions; a daemon that is turned on after it must not repeat the year."""
    record(instance, "2024-01-22", YES)
    record(instance, "2024-01-29", YES)
    instance.report_runless_asset_event(dg.AssetMaterialization(model_key(returns), partition="2024-01-22"))

    assert [request.partition_key for request in look(instance).run_requests] == ["2024-01-29"]


def test_a_decision_is_acted_on_once(instance):
    record(instance, "2024-01-22", YES)
    first = look(instance)
    record(instance, "2024-01-29", NO)
    record(instance, "2024-02-05", YES)

    second = look(instance, first.cursor)

    assert [request.partition_key for request in second.run_requests] == ["2024-02-05"]
    assert isinstance(look(instance, second.cursor), dg.SkipReason)


def test_the_same_decision_once_more_asks_for_the_same_run(instance):
    """Dagster launches a run key once: a decision that is materialized again does not train again."""
    record(instance, "2024-01-22", YES)
    record(instance, "2024-01-22", YES)

    assert {request.run_key for request in look(instance).run_requests} == {"returns:2024-01-22"}


def test_an_event_that_decides_nothing_is_passed_over(instance):
    record(instance, "2024-01-22", {})
    instance.report_runless_asset_event(dg.AssetMaterialization(DECISION, metadata=YES))

    result = look(instance)

    assert not result.run_requests
    assert isinstance(look(instance, result.cursor), dg.SkipReason)


def test_many_decisions_are_taken_up_in_order_none_lost(instance):
    days = [f"{number:04d}-01-01" for number in range(1, 61)]
    for day in days:
        record(instance, day, YES)

    first = look(instance)
    second = look(instance, first.cursor)

    assert [request.partition_key for request in [*first.run_requests, *second.run_requests]] == days
