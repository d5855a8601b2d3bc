import polars as pl
import pytest

from fti_assets.contracts.condition import columns_read
from fti_assets.contracts.errors import DeclarationError
from fti_assets.contracts.kinds import Kind

COLUMNS: dict[str, Kind] = {"delay": Kind.NUMBER, "carrier": Kind.TEXT, "landed_at": Kind.TIME, "is_late": Kind.BOOLEAN}


@pytest.mark.parametrize(
    ("sql", "read"),
    [
        ("delay > 15", ("delay",)),
        ("delay > 15 and carrier in ('UA', 'AA')", ("delay", "carrier")),
        ("is_late", ("is_late",)),
        ("carrier = 'now()' or landed_at::date > '2013-02-01'::date", ("carrier", "landed_at")),
        ("carrier is not null", ("carrier",)),
        ("hour(landed_at) >= 18", ("landed_at",)),
        ("case when delay > 15 then true else is_late end", ("is_late", "delay")),
        ("lower(carrier) like 'u%' and not (coalesce(delay, 0) between 1 and 2)", ("carrier", "delay")),
    ],
)
def test_a_condition_says_which_columns_it_reads(sql: str, read: tuple[str, ...]) -> None:
    assert columns_read("carriers", sql, COLUMNS) == read


@pytest.mark.parametrize(
    ("sql", "message"),
    [
        ("arr_delay > 15", "there is no column 'arr_delay'; there are: carrier, delay, is_late, landed_at"),
        ("delay >", "it cannot be read"),
        ("delay + 1", "it gives Float64: expected true or false"),
        ("1 = 1", "it reads no column"),
        ("carrier > 3", "cannot compare string with numeric"),
        ("select 1", "it cannot be read"),
        ("delay > avg(delay)", "it looks at other rows"),
        ("sum(delay) > 15", "it looks at other rows"),
        ("delay > count(*)", "it looks at other rows"),
        ("delay > lag(delay) over (order by landed_at)", "it looks at other rows"),
        ("row_number() over (order by delay) = 1", "it looks at other rows"),
        ("rank() over (order by delay) = 1", "it looks at other rows"),
        ("landed_at::date > current_date", "it reads the clock"),
        ("hour(landed_at) > hour(NOW())", "it reads the clock"),
    ],
)
def test_what_is_no_condition_over_the_columns_is_refused(sql: str, message: str) -> None:
    with pytest.raises(DeclarationError, match=r"^carriers: where=") as refused:
        columns_read("carriers", sql, COLUMNS)
    assert message in str(refused.value)


def test_a_row_for_which_it_is_null_does_not_count() -> None:
    rows = pl.DataFrame({"delay": [20.0, None, 3.0]})
    assert rows.filter(pl.sql_expr("delay > 15"))["delay"].to_list() == [20.0]
