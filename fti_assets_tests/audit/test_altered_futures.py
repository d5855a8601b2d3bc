import polars as pl

from fti_assets.audit.altered_futures import compared, future_of
from fti_assets.audit.altered_rows import dropped, permuted
from fti_assets.audit.findings import NOT_AUDITED
from fti_assets.stores.frames import to_polars
from fti_assets_tests.worlds import ALL_ORDERS, FIRST_DAY, at, orders

ROWS = to_polars(ALL_ORDERS, orders.columns).head(20)
NOON = at(FIRST_DAY, 12)
IDENTITY = [*orders.keys, *orders.times]


def test_only_rows_known_after_the_moment_are_altered_and_all_stay_in_their_places() -> None:
    shuffled = ROWS.sample(fraction=1, shuffle=True, seed=3)
    other = future_of(orders, permuted(orders.keys), NOON)(shuffled)
    past = shuffled["placed_at"] <= NOON
    assert other["order_id"].equals(shuffled["order_id"])
    assert other.filter(past).equals(shuffled.filter(past))
    assert not other.filter(~past).equals(shuffled.filter(~past))
    assert future_of(orders, dropped, NOON)(shuffled).equals(shuffled.filter(past))


def of_the_future(rows: pl.DataFrame) -> pl.DataFrame:
    return rows.with_columns(quantity=pl.col("quantity").sum())


def test_what_moves_is_reported_with_the_way_the_future_was_altered() -> None:
    found = list(
        compared(
            "here", "there", of_the_future(ROWS), lambda alter: of_the_future(future_of(orders, alter, NOON)(ROWS)),
            orders.keys, IDENTITY, NOON,
        )
    )  # fmt: skip
    assert [(f.column, f.because, f.rows) for f in found] == [
        ("quantity", "other values after 2024-01-01 12:00", 9),
        ("quantity", "no rows after 2024-01-01 12:00", 9),
    ]
    assert found[0].key == "order_id=2024-01-01-00"
    assert (found[0].known_at, found[0].moment) == ("2024-01-01 08:00Z", "2024-01-01 12:00Z")


def test_what_does_not_move_is_not_and_what_fails_is_said() -> None:
    assert list(compared("here", "", ROWS, lambda _alter: ROWS, [], IDENTITY, NOON)) == []

    def fails(_alter: object) -> pl.DataFrame:
        raise ZeroDivisionError("no\nway")

    found = list(compared("here", "there", ROWS, fails, [], IDENTITY, NOON))
    assert [(f.severity, f.advice, f.after) for f in found] == [("suspicion", NOT_AUDITED, "ZeroDivisionError: no")] * 2
