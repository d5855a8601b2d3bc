"""What parts of a backfill wrote is told as if they had been one."""

from datetime import date, timedelta

import polars as pl

from fti_assets.contracts.errors import FailingCase
from fti_assets.features.expectations import Unusual
from fti_assets.features.kept_statistics import Kept
from fti_assets.features.materialization import Materialization
from fti_assets_tests.worlds import at

FEW = Unusual("rows", "", "1", "at least 5")


def reason(check: str, value: str, rows: int) -> FailingCase:
    return FailingCase("quantity", check, value, rows, of="features/order")


def part(day: int, *reasons: FailingCase, changed: bool = True) -> Materialization:
    start = at(date(2024, 1, day))
    statistics, before = pl.DataFrame({"start": [start]}), pl.DataFrame({"start": [start - timedelta(days=1)]})
    name, aside = f"2024-01-{day:02d}", sum(case.rows for case in reasons)
    return Materialization(
        day,
        10 * day,
        {name: 10 * day},
        Kept(statistics, before, {start: (FEW,)}),
        frozenset({name} if changed else ()),
        {"order.quantity": "int32 to int64"},
        {name: aside} if aside else {},
        reasons,
    )


def test_what_parts_wrote_adds_up() -> None:
    parts = [
        part(1, reason("more than 0", "-1", 2)),
        part(2, changed=False),
        part(3, reason("is finite", "inf", 4), reason("more than 0", "-9", 3)),
    ]
    whole = Materialization.together(parts)
    assert (whole.version, whole.rows) == (3, 60)
    assert whole.rows_by_partition == {"2024-01-01": 10, "2024-01-02": 20, "2024-01-03": 30}
    assert whole.kept.statistics["start"].to_list() == [at(date(2024, 1, day)) for day in (1, 2, 3)]
    assert whole.kept.before["start"].to_list() == [at(date(2023, 12, 31))]
    assert list(whole.kept.unusual) == [at(date(2024, 1, day)) for day in (1, 2, 3)]
    assert whole.changed == {"2024-01-01", "2024-01-03"}
    assert (whole.widened, whole.set_aside) == (
        {"order.quantity": "int32 to int64"},
        {"2024-01-01": 2, "2024-01-03": 7},
    )
    assert whole.reasons == (reason("more than 0", "-1", 5), reason("is finite", "inf", 4))


def test_one_part_is_itself() -> None:
    only = part(1, reason("more than 0", "-1", 2))
    assert Materialization.together([only]) is only
