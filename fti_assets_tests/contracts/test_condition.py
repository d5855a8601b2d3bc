"""Conditions in SQL: what is taken means what DuckDB makes of it, and all else is refused before anything runs it."""

from datetime import UTC, datetime

import duckdb
import polars as pl
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from fti_assets.contracts.condition import columns_read, conjuncts, expression
from fti_assets.contracts.errors import DeclarationError
from fti_assets.contracts.kinds import Kind

COLUMNS: dict[str, Kind] = {"delay": Kind.NUMBER, "carrier": Kind.TEXT, "landed_at": Kind.TIME, "is_late": Kind.BOOLEAN}
ROWS = pl.DataFrame(
    {
        "x": [1.5, -2.5, None, 0.0, 16.25, 2.5, -0.5, 7.0],
        "i": [1, -7, 3, 0, None, 20, 5, 2],
        "j": [2, 3, None, 0, 5, -4, 0, 7],
        "c": ["UA", "ua ", None, "", " x%y", "Élan_", "a'b", "or\\der"],
        "d": ["UA", "AA", "b", None, "", "x", "a", "o"],
        "b": [True, False, None, True, None, False, True, False],
        "t": [
            datetime(2013, 2, 1, tzinfo=UTC),
            datetime(2013, 2, 1, 18, 30, 5, 250000, tzinfo=UTC),
            None,
            datetime(1969, 12, 31, 23, 59, 59, tzinfo=UTC),
            datetime(2016, 2, 29, tzinfo=UTC),
            datetime(2013, 6, 30, 23, tzinfo=UTC),
            datetime(2020, 1, 1, tzinfo=UTC),
            datetime(2013, 2, 1, 12, 30, tzinfo=UTC),
        ],
    },
    schema_overrides={"t": pl.Datetime("us", "UTC")},
)
DUCKDB = duckdb.connect()
DUCKDB.execute("set timezone = 'UTC'")
KINDS = {
    "x": Kind.NUMBER,
    "i": Kind.INTEGER,
    "j": Kind.INTEGER,
    "c": Kind.TEXT,
    "d": Kind.TEXT,
    "b": Kind.BOOLEAN,
    "t": Kind.TIME,
}


def answers(sql: str, rows: pl.DataFrame = ROWS) -> list[object]:
    values = rows.select(answer=expression(sql))["answer"].to_list()
    return values if len(values) == len(rows) else values * len(rows)  # one for all rows, as Polars spreads it


def answers_of_duckdb(sql: str, rows: pl.DataFrame = ROWS) -> list[object]:
    DUCKDB.register("rows", rows.to_arrow())
    return [answer for (answer,) in DUCKDB.execute(f"select {sql} from rows").fetchall()]


@pytest.mark.parametrize(
    ("sql", "read"),
    [
        ("delay > 15", ("delay",)),
        ("delay > 15 and carrier in ('UA', 'AA')", ("delay", "carrier")),
        ("is_late", ("is_late",)),
        ("carrier = 'now()' or landed_at::date > '2013-02-01'::date", ("carrier", "landed_at")),
        ("carrier is not null", ("carrier",)),
        ("hour(landed_at) >= 18", ("landed_at",)),
        ("case when delay > 15 then true else is_late end", ("delay", "is_late")),
        ("lower(carrier) like 'u%' and not (coalesce(delay, 0) between 1 and 2)", ("carrier", "delay")),
        ("delay > 15 -- minutes\n or /* so it is */ is_late;", ("delay", "is_late")),
    ],
)
def test_a_condition_says_which_columns_it_reads(sql: str, read: tuple[str, ...]) -> None:
    assert columns_read("carriers", sql, COLUMNS) == read


@pytest.mark.parametrize(
    ("sql", "message"),
    [
        ("arr_delay > 15", "there is no column 'arr_delay'; there are: carrier, delay, is_late, landed_at"),
        ("DELAY > 15", "there is no column 'DELAY'"),
        ("delay >", "it cannot be read as SQL from character 7 on"),
        ("", "it cannot be read"),
        ("delay > 15 and", "it cannot be read"),
        ("carrier = 'UA", "it cannot be read"),
        ("(" * 999 + "is_late" + ")" * 999, "it cannot be read"),
        ("select 1", "it cannot be read"),
        ("is_late union select true", "it cannot be read"),
        ("select > 1", 'a column called like a word of SQL is written in quotes: "order" > 3'),
        ("delay + 1", "it gives Float64: expected true or false"),
        ("delay", "it gives Float64: expected true or false"),
        ("1 = 1", "it reads no column"),
        ("carrier > 3", "cannot compare string with numeric"),
        ("landed_at > '2013-02-01'", "cannot compare 'date/datetime/time' to a string value"),
        ("landed_at > timestamp 'yesterday'", "it cannot be applied to its columns"),
        ("delay > avg(delay)", "it looks at other rows: AVG(delay); expected what each row meets or not by itself"),
        ("sum(delay) > 15", "it looks at other rows"),
        ("delay > count(*)", "it looks at other rows"),
        ("delay > lag(delay) over (order by landed_at)", "it looks at other rows"),
        ("row_number() over (order by delay) = 1", "it looks at other rows"),
        ("rank() over (order by delay) = 1", "it looks at other rows"),
        ("delay > (select 1)", "it looks at other rows: (SELECT 1)"),
        ("delay in (select delay from read_csv('rows.csv'))", "it looks at other rows"),
        ("exists (select 1 from 'rows.parquet')", "it has EXISTS"),
        ("landed_at::date > current_date", "it reads the clock: CURRENT_DATE; the same row"),
        ("hour(landed_at) > hour(NOW())", "it reads the clock: NOW();"),
        ("landed_at < now ()", "it reads the clock"),
        ("landed_at > now\n()", "it reads the clock"),
        ("landed_at < now/**/()", "it reads the clock"),
        ("landed_at < current_timestamp", "it reads the clock"),
        ("landed_at < localtimestamp", "it reads the clock"),
        ("landed_at < get_current_timestamp()", "it reads the clock"),
        ("landed_at::date < today()", "it reads the clock"),
        ("delay > random()", "it has RANDOM(): a condition is made of columns, values, AND, OR, NOT, comparisons"),
        ("delay > ?", "it has ?: a condition is made of"),
        ("delay > $late", "it has $late"),
        ("is_late; is_late", "it has is_late; is_late"),
        ("flights.delay > 15", "flights.delay names a table: expected the column alone"),
        ("* > 15", "it has *: a condition is made of"),
        ("columns(*) > 15", "it has COLUMNS(*)"),
        ("delay::decimal(3, 1) > 15", "nothing is cast to DECIMAL(3, 1): expected one of BIGINT, BOOLEAN, DATE"),
        ("extract(epoch from landed_at) > 0", "nothing has the part EPOCH: expected one of YEAR, QUARTER"),
        ("landed_at > landed_at - interval '1 day'", "it has INTERVAL '1' DAY"),
        ("carrier similar to 'U.'", "it has carrier SIMILAR TO 'U.'"),
        ("carrier like 'U!%' escape '!'", "it has carrier LIKE 'U!%' ESCAPE '!'"),
        ("carrier in carrier", "it cannot be applied to its columns"),
        ("trim(both 'U' from carrier) = 'A'", "it cannot be applied to its columns"),
        ("getenv('HOME') = carrier", "it has GETENV('HOME')"),
        (7, "where=7: expected an SQL condition, such as 'arr_delay > 15'"),
        (["delay"], "where=['delay']: expected an SQL condition"),
    ],
)
def test_what_is_no_condition_over_the_columns_is_refused(sql: str, message: str) -> None:
    with pytest.raises(DeclarationError, match=r"^carriers: where=") as refused:
        columns_read("carriers", sql, COLUMNS)
    assert message in str(refused.value)


def test_what_is_refused_does_not_reach_polars(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(pl, "sql_expr", lambda sql: pytest.fail(f"Polars was given {sql}"))
    with pytest.raises(DeclarationError, match="it looks at other rows"):
        columns_read("carriers", "delay > (select max(a) from read_csv('a.csv'))", COLUMNS)
    with pytest.raises(ValueError, match="it looks at other rows"):
        expression("delay in (select a from read_parquet('a.parquet'))")


@pytest.mark.parametrize("name", ["order", "end", "group", "when", "größe", "données", "列", "_x1", "Interval", "date"])
def test_a_column_of_any_name_is_read_in_quotes(name: str) -> None:
    sql = f'"{name}" > 1 and not "{name}" = 3'
    assert columns_read("rows", sql, {name: Kind.INTEGER}) == (name,)
    assert answers(sql, pl.DataFrame({name: [1, 2, 3]})) == [False, True, False]


def test_a_row_for_which_it_is_null_does_not_count() -> None:
    rows = pl.DataFrame({"delay": [20.0, None, 3.0]})
    assert rows.filter(expression("delay > 15"))["delay"].to_list() == [20.0]


@pytest.mark.parametrize(
    ("sql", "parts"),
    [
        ("x > 1", 1),
        ("x > 1 and b", 2),
        ("x > 1 and (b and (i = 1 and j = 2)) and c = 'UA'", 5),
        ("x > 1 or b and i = 1", 1),
        ("not (x > 1 and b)", 1),
        ("x between 1 and 3 and b", 2),
    ],
)
def test_a_row_meets_a_condition_that_meets_all_that_it_joins(sql: str, parts: int) -> None:
    assert len(conjuncts(sql)) == parts
    assert ROWS.select(answer=pl.all_horizontal(conjuncts(sql)))["answer"].to_list() == answers(sql)


VALUES = """
    i + j * 2 - 1 | (i + j) * 2 | -i | -(-x) | i - -1 | i / 2 | i % 3 | x % 2 | x / 4 | 10 - i - j | 10 - (i - j)
    abs(x) | ceil(x) | floor(x) | round(x / 7) | round(x * 100, 1) | sign(i) | sqrt(x * x) | length(c) - 5
    least(i, j) | greatest(i, j, 3) | nullif(i, j) | nullif(c, '') | coalesce(i, j, 0) | coalesce(c, 'none')
    lower(c) | upper(c) | trim(c) | ltrim(c) | rtrim(c) | substring(c, 2, 1) | substr(c, 2) | c || d | c || '!'
    case when x > 1 then 'a' when x < 0 then 'b' else 'c' end | case when x > 1 then i end | if(x > 1, 1, 2)
    case i when 1 then 'one' when 2 then 'two' end | case when b then i else x end
    cast(x * 2 as bigint) | cast(i as double) | i::text | cast(b as integer) | cast(i as boolean) | cast(b as text)
    try_cast(d as bigint) | try_cast('7' as smallint) + i | cast(t as date)
    extract(hour from t) * 60 + extract(minute from t) | hour(t) * 3600 + minute(t) * 60 + second(t) | year(t) * 100
    date_part('month', t) | extract(day from t) | extract(dow from t) | extract(isodow from t) | extract(doy from t)
    quarter(t) | week(t) | month(t) | day(t) | dayofweek(t) | dayofyear(t) | extract(year from t) | quarter(t) * 99
"""
CONDITIONS = """
    x > 1 | x >= 1.5 | 1 < i | i <> j | i != j | i == j | c < d | c = 'a''b' | c = 'or\\der' | b = true | b > false
    b is null | c is not null | x is distinct from 2.5 | i is not distinct from j | x between 0 and 7
    b is true | b is not true | b is false | b is not false | x > 1 is true | not b is not true
    x not between i and j | i in (1, 2, null) | i not in (1, 2, null) | i not in (-7, 2) | c in ('UA', 'or\\der')
    c like 'U%' | c like '_A' | c like '%\\%' | c not like 'U%' | c ilike 'u%' | c ilike 'é%' | starts_with(c, 'U')
    not b | not i > j or b | not (i > j) and b | i > j and x > 1 or b | b and null | b or null | i = null
    b = (x > 1) | (c like 'U%') = b | x > 1 and not i between 1 and 3 and b | i % 2 = 0 and -i < 3 | true and b
    t > timestamp '2013-02-01 12:00' | t >= '2013-02-01T12:30:00Z'::timestamptz | t::date = date '2013-02-01'
    t between timestamp '2013-02-01' and timestamp '2013-02-02' | t in (timestamp '2016-02-29')
    cast(t as timestamp) > cast('2013-02-01T12:00:00+01:00' as timestamptz) | t > date '2013-02-01'
"""


def listed(table: str) -> list[str]:
    return [sql.strip() for line in table.strip().splitlines() for sql in line.split(" | ")]


@pytest.mark.parametrize("sql", listed(VALUES))
def test_a_value_is_what_duckdb_makes_of_it(sql: str) -> None:
    assert answers(sql) == answers_of_duckdb(sql)
    assert columns_read("rows", f"({sql}) is null", KINDS)


@pytest.mark.parametrize("sql", listed(CONDITIONS))
def test_the_rows_that_meet_a_condition_are_those_that_duckdb_finds(sql: str) -> None:
    assert columns_read("rows", sql, KINDS)
    assert answers(sql) == answers_of_duckdb(sql)


def test_two_answers_are_not_duckdbs() -> None:
    """Polars rounds to the even one of two as near, and a number that becomes an integer loses its fraction."""
    assert answers("round(x)")[:6] == [2, -2, None, 0, 16, 2]
    assert answers_of_duckdb("round(x)")[:6] == [2, -3, None, 0, 16, 3]
    assert answers("cast(x as bigint)")[:6] == [1, -2, None, 0, 16, 2]
    assert answers_of_duckdb("cast(x as bigint)")[:6] == [2, -2, None, 0, 16, 2]


def joined(left: st.SearchStrategy[str], *operators: str) -> st.SearchStrategy[str]:
    """Two parts with one of the operators between them, in brackets or not."""
    return st.tuples(left, st.sampled_from(operators), left, st.booleans()).map(
        lambda parts: f"({' '.join(parts[:3])})" if parts[3] else " ".join(parts[:3])
    )


def called(form: str, *parts: st.SearchStrategy[str]) -> st.SearchStrategy[str]:
    """The form with each {} filled in."""
    return st.tuples(*parts).map(lambda filled: form.format(*filled))


patterns = st.text("aU%_\\", max_size=3).map(lambda text: f"'{text}'")
times = st.sampled_from(["t", "timestamp '2013-02-01 18:00'", "'2016-02-29'::date", "coalesce(t, '2013-02-01'::date)"])
texts = st.recursive(
    st.sampled_from(["c", "d", "'UA'", "'a''b'", "''"]),
    lambda inner: st.one_of(
        called("lower({})", inner),
        called("trim({})", inner),
        called("coalesce({}, {})", inner, inner),
        called("substring({}, 2, 1)", inner),
        called("({} || {})", inner, inner),
    ),
    max_leaves=3,
)
numbers = st.recursive(
    st.sampled_from(["x", "i", "j", "2", "0", "1.5", "-3"]),
    lambda inner: st.one_of(
        joined(inner, "+", "-", "*"),
        called("({}) % 4", inner),
        called("{} / 2", inner),
        called("-({})", inner),
        called("abs({})", inner),
        called("floor({})", inner),
        called("least({}, {})", inner, inner),
        called("coalesce({}, {})", inner, inner),
        called("nullif({}, {})", inner, inner),
        called("case when b then {} else {} end", inner, inner),
        called("length({})", texts),
        called("extract(day from {})", times),
    ),
    max_leaves=4,
)


def compared(values: st.SearchStrategy[str]) -> st.SearchStrategy[str]:
    operators = ("=", "<>", "<", "<=", ">", ">=", "is distinct from", "is not distinct from")
    return st.one_of(
        joined(values, *operators),
        called("{} between {} and {}", values, values, values),
        called("{} not in ({}, {}, null)", values, values, values),
        called("{} in ({}, {})", values, values, values),
        called("{} is not null", values),
    )


conditions = st.recursive(
    st.one_of(
        compared(numbers),
        compared(texts),
        compared(times),
        called("{} like {}", texts, patterns),
        called("{} not ilike {}", texts, patterns),
        st.sampled_from(["b", "b is null", "b is true", "b is not false", "true", "b = null"]),
    ),
    lambda inner: st.one_of(
        joined(inner, "and", "or"),
        called("not {}", inner),
        called("({}) = ({})", inner, inner),
        called("({}) is not true", inner),
        called("case when {} then b else {} end", inner, inner),
    ),
    max_leaves=5,
)


@settings(max_examples=100, deadline=None)
@given(conditions)
def test_any_condition_holds_where_duckdb_says_so(sql: str) -> None:
    assert answers(sql) == answers_of_duckdb(sql)
