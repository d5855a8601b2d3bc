import pytest

from fti_assets.stores.storage import Storage
from fti_assets.stores.waivers import Waived, Waivers

ROW = Waived("ab12", (("quantity", "greater_than(0)"),))


@pytest.fixture
def waivers(storage: Storage) -> Waivers:
    journal = Waivers(storage)
    for day in ("2024-01-01", "2024-01-02", "2024-01-03"):
        journal.append("features/order", day, [ROW], who="ada", why="looked at it")
    return journal


def test_decisions_are_read_back_in_their_order(waivers: Waivers) -> None:
    assert [waiver.partition for waiver in waivers.all()] == ["2024-01-01", "2024-01-02", "2024-01-03"]
    last = waivers.all()[-1]
    assert (last.owner, last.rows, last.who, last.why) == ("features/order", (ROW,), "ada", "looked at it")


def test_no_journal_is_an_empty_one(storage: Storage) -> None:
    assert Waivers(storage).all() == []


@pytest.mark.parametrize(("who", "why"), [("", "because"), ("ada", " ")])
def test_somebody_decides_for_a_reason(waivers: Waivers, who: str, why: str) -> None:
    with pytest.raises(ValueError, match="expected who decides it and why"):
        waivers.append("features/order", "2024-01-01", [ROW], who=who, why=why)
    assert len(waivers.all()) == 3
