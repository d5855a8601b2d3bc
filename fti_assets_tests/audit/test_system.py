from datetime import timedelta

import pytest

from fti_assets.audit.system import Audit, audit_system, history_of
from fti_assets.contracts.errors import DeclarationError
from fti_assets.contracts.model import Model
from fti_assets.contracts.reading_order import in_order
from fti_assets.contracts.time import DAY, Window
from fti_assets.stores.home import Home
from fti_assets_tests import worlds
from fti_assets_tests.audit import planted_leaks as p

DAYS = Window.of_days("2024-01-20", "2024-01-21")


def audited(home: Home, bindings, models: list[Model], window: Window = DAYS) -> Audit:
    return audit_system(bindings, models, window, home, 2, lambda _line: None)


def test_the_shop_passes_in_an_empty_home(tmp_path) -> None:
    done = audited(Home(tmp_path), worlds.BINDINGS[::-1], [worlds.returns])
    assert done.findings == []
    assert (done.groups, done.views, done.features, done.moments) == (4, 1, 7, 4)


def test_every_planted_leak_of_a_system_is_found(tmp_path) -> None:
    bindings = [
        p.departures_with_outcome.computed(p.as_given, p.schedule_with_outcome),
        p.arrivals.computed(p.as_given, p.landings),
        p.delays.computed(p.next_delay, p.landings),
    ]
    said: list[str] = []
    models = [p.model_of(p.departures_with_outcome, "status")]
    done = audit_system(bindings, models, p.WINDOW, Home(tmp_path), 2, said.append)
    assert {(leak.where, leak.column) for leak in done.leaks} == {
        ("feature group delays", "value"),
        ("model late", "status"),
    }
    assert said[-1] == "label of late: 1 finding"


def test_groups_come_after_what_they_read() -> None:
    assert [b.group.name for b in in_order(worlds.BINDINGS[::-1])][-1] == "customer_history"
    back = worlds.orders.computed(lambda rows: rows, worlds.outcomes)
    forth = worlds.outcomes.computed(lambda rows: rows, worlds.orders)
    with pytest.raises(DeclarationError, match="read each other in a circle: "):
        in_order([back, forth])


def test_each_group_is_there_for_what_is_read_back_and_for_the_labels_that_follow() -> None:
    windows = history_of(in_order(worlds.BINDINGS), [worlds.returns], DAYS)
    assert windows[worlds.orders] == DAYS
    assert windows[worlds.outcomes] == Window(DAYS.start - timedelta(days=10), DAYS.end + 2 * DAY)
    assert windows[worlds.customer_history] == Window(DAYS.start - timedelta(days=3), DAYS.end + 2 * DAY)


def test_a_group_that_nobody_computes_and_days_without_rows_are_errors_that_say_what_to_do(tmp_path) -> None:
    with pytest.raises(
        DeclarationError, match="model returns: among the bindings, there is no feature group 'products'"
    ):
        audited(Home(tmp_path), [b for b in worlds.BINDINGS if b.group is not worlds.products], [worlds.returns])
    with pytest.raises(LookupError, match="no feature group has a row in 1999-01-01: choose other days with --from"):
        audited(Home(tmp_path), worlds.BINDINGS[:2], [], Window.of_days("1999-01-01", "1999-01-01"))
