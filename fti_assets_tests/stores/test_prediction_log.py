from datetime import date, timedelta
from pathlib import Path

import polars as pl
import pytest

from fti_assets.contracts.errors import AlreadyIssued
from fti_assets.contracts.model import Model
from fti_assets.contracts.time import Window, midnight
from fti_assets.stores.prediction_log import PredictionLog, prediction_columns
from fti_assets.stores.storage import Storage
from fti_assets_tests.contracts.test_model import VIEW

RETURNS = Model("returns", VIEW)


def days(first: int, last: int) -> Window:
    return Window.of_days(date(2024, 1, first), date(2024, 1, last))


def issued(window: Window, prediction: float) -> pl.DataFrame:
    """One prediction for each day."""
    return pl.DataFrame(
        [(str(day), midnight(day) + timedelta(hours=9), prediction, 1, "content", "run") for day in window.days],
        schema=list(prediction_columns(RETURNS)),
        orient="row",
    )


def test_a_prediction_names_its_row_its_time_and_what_made_it() -> None:
    assert list(prediction_columns(RETURNS)) == [
        "order_id",
        "predicted_for",
        "prediction",
        "model_version",
        "content_id",
        "run_id",
    ]


def test_an_issued_day_is_never_changed_and_nothing_beside_it_is_written(tmp_path: Path) -> None:
    log = PredictionLog(Storage(tmp_path))
    log.append(RETURNS, issued(days(1, 2), 0.5), days(1, 2))
    with pytest.raises(AlreadyIssued, match="returns for 2024-01-02 was issued and is immutable: a backtest belongs"):
        log.append(RETURNS, issued(days(2, 3), 0.9), days(2, 3))
    assert log.read(RETURNS, days(1, 3))["prediction"].to_list() == [0.5, 0.5]
    assert log.missing(RETURNS, days(1, 3).days) == [date(2024, 1, 3)]


def test_a_day_without_a_row_to_predict_is_issued_too(tmp_path: Path) -> None:
    log = PredictionLog(Storage(tmp_path))
    log.append(RETURNS, issued(days(1, 1), 0.5).head(0), days(1, 1))
    assert log.missing(RETURNS, days(1, 1).days) == []
    with pytest.raises(AlreadyIssued):
        log.append(RETURNS, issued(days(1, 1), 0.5), days(1, 1))
