"""What a model sees and says online is what it sees and says in batch, bit for bit."""

from contextlib import suppress

import polars as pl
import pytest
from attrs import evolve

from fti_assets.contracts.errors import ContractViolation
from fti_assets.contracts.time import Window
from fti_assets.inference.batch import issue
from fti_assets.inference.online import answer, load_online, online_features
from fti_assets.models.scorer import Scorer
from fti_assets.stores.frames import to_polars
from fti_assets.stores.home import Home
from fti_assets.views.reading import read_view
from fti_assets_tests.metamorphic import same_bits
from fti_assets_tests.worlds import orders, returns

VIEW = returns.view
DAYS = Window.of_days("2024-02-13", "2024-02-14")  # the last two: those that the online store answers for


@pytest.fixture
def online(served: Home) -> Home:
    for group in VIEW.groups[1:]:
        load_online(group, [VIEW], served)
    return served


def _rows(frame: object) -> pl.DataFrame:
    return to_polars(frame, {**VIEW.spine.columns, **VIEW.columns})


def test_a_batch_row_is_the_online_row(online: Home) -> None:
    batch = read_view(VIEW, DAYS, online.features)
    requests = online.features.read(orders, DAYS)
    features = online_features(VIEW, requests, online.online)
    assert features[list(batch.columns)].dtypes.to_dict() == batch.dtypes.to_dict()
    assert same_bits(_rows(features), _rows(batch))


def test_a_request_alone_has_the_bits_that_it_has_among_others(online: Home) -> None:
    batch = read_view(VIEW, DAYS, online.features)
    requests = online.features.read(orders, DAYS)
    for n in range(0, len(requests), 7):
        alone = online_features(VIEW, requests[n], online.online)
        assert same_bits(_rows(alone), _rows(batch.iloc[[n]]))
        assert alone[list(batch.columns)].dtypes.to_dict() == batch.dtypes.to_dict()


def test_an_issued_prediction_is_the_online_answer(online: Home) -> None:
    issue(returns, DAYS, online)
    issued = online.prediction_log.read(returns, DAYS)["prediction"].to_list()
    scorer = Scorer(online.registry.champion("returns"))
    requests = online.features.read(orders, DAYS)
    assert answer(VIEW, scorer, requests, online.online).tolist() == issued
    assert [answer(VIEW, scorer, requests[n], online.online)[0] for n in range(0, 40, 5)] == issued[::5]


def test_online_refuses_the_rows_that_batch_leaves_out_and_no_others(online: Home) -> None:
    """Whether the condition is over the request, over what is looked up or over both, and with a cutoff."""
    where = "not is_gift and (is_returned_mean_7d > 0.2 or price < 10)"
    view = evolve(VIEW, where=where, since="2024-02-13T12:00Z")
    batch = read_view(view, DAYS, online.features)
    requests = online.features.read(orders, DAYS)
    answered = {}
    for n, order in enumerate(requests["order_id"]):
        with suppress(ContractViolation):
            answered[order] = online_features(view, requests[n], online.online)
    assert list(answered) == batch["order_id"].to_list()
    assert 5 < len(answered) < 30
    for n, alone in enumerate(answered.values()):
        assert same_bits(_rows(alone), _rows(batch.iloc[[n]]))


def test_a_day_without_a_row_of_the_view_is_issued_with_none(online: Home) -> None:
    model = evolve(returns, view=evolve(VIEW, where="order_id like '2024-02-14%'"))
    first, second = issue(model, DAYS, online)
    assert (first.rows, first.kept, second.rows) == (0, False, len(read_view(model.view, DAYS, online.features)))
    assert second.rows > 0
    assert [day.kept for day in issue(model, DAYS, online)] == [True, True]


def test_a_day_outside_of_the_views_cutoffs_needs_no_champion_and_has_no_rows(served: Home) -> None:
    """Before 22 January nobody served."""
    model = evolve(returns, view=evolve(VIEW, since="2024-01-23"))
    days = issue(model, Window.of_days("2024-01-21", "2024-01-23"), served)
    assert [day.rows for day in days] == [0, 0, 20]
