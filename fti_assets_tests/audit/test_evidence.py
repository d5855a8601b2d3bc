import pytest

from fti_assets.audit.evidence import Evidence


@pytest.mark.parametrize(
    ("evidence", "enough"),
    [
        (Evidence("model late", 500, 500, 3, labels=29, history=500), False),
        (Evidence("model late", 30, 30, 3, labels=30, history=0), True),
        (Evidence("carriers", 6, 2, 3, altered=30), True),
        (Evidence("carriers", 6, 2, 3, altered=29), False),
        (Evidence("orders", 30, 30, 3), True),
        (Evidence("products", 3, 3, 0), True),
        (Evidence("products", 0, 0, 0), False),
    ],
)
def test_thirty_labels_or_rows_of_a_group_or_its_input_are_enough(evidence: Evidence, enough: bool) -> None:
    assert evidence.is_enough is enough


def test_days_are_well_chosen_where_thirty_rows_have_a_history_too() -> None:
    assert not Evidence("model late", 50, 50, 3, labels=50, history=29).is_well_chosen
    assert Evidence("model late", 50, 50, 3, labels=50, history=30).is_well_chosen
