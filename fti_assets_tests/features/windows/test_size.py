import logging
from pathlib import Path

import pytest

from fti_assets.contracts.feature_group import as_binding
from fti_assets.contracts.time import Window
from fti_assets.features.materialize import materialize
from fti_assets.features.windows import size
from fti_assets.features.windows.size import most_rows
from fti_assets.stores.home import Home
from fti_assets_tests.worlds import BINDINGS, FIRST_DAY, LAST_DAY, outcomes

HISTORY = BINDINGS[3]
EVERYTHING = Window.of_days(FIRST_DAY, LAST_DAY)


@pytest.fixture
def home(tmp_path: Path) -> Home:
    home = Home(tmp_path)
    for binding in BINDINGS[:2]:
        materialize(binding, EVERYTHING, home.features)
    return home


def test_a_key_has_a_row_for_each_end_at_most(home: Home) -> None:
    assert most_rows(HISTORY, EVERYTHING, home.features) == 7 * 45
    assert materialize(HISTORY, EVERYTHING, home.features).rows <= 7 * 45


def test_a_row_of_the_source_is_in_as_many_windows_as_the_longest_has_steps_at_most(home: Home) -> None:
    by_order = as_binding(outcomes.windows("order_id", {"is_returned": "count"}, over="2d", name="by_order"))
    most = most_rows(by_order, EVERYTHING, home.features)
    assert most == 3 * home.features.read(outcomes, EVERYTHING).height
    assert 0 < materialize(by_order, EVERYTHING, home.features).rows <= most


def test_many_rows_are_told_before_they_are_computed_and_a_day_is_not(
    home: Home, caplog: pytest.LogCaptureFixture, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(size, "MANY_ROWS", 300)
    with caplog.at_level(logging.WARNING):
        materialize(HISTORY, Window.of_days(FIRST_DAY, FIRST_DAY), home.features)
        assert caplog.messages == []
        materialize(HISTORY, EVERYTHING, home.features)
    assert caplog.messages == [
        "feature group customer_history: up to 315 rows for 2024-01-01...2024-02-14, a row for each customer and end "
        "of a window: a coarser every=, fewer days at once, or at= a group at whose rows windows end give fewer"
    ]
