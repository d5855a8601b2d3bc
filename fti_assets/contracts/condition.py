"""Which rows count: an SQL condition over declared columns, checked where it is written."""

from collections.abc import Mapping
from functools import cache
from typing import TYPE_CHECKING

from fti_assets.contracts.errors import DeclarationError, unknown
from fti_assets.contracts.kinds import Kind

if TYPE_CHECKING:
    import polars as pl


def columns_read(what: str, sql: str, columns: Mapping[str, Kind]) -> tuple[str, ...]:
    """The columns that the condition reads, in order, such as `("arr_delay",)` for `arr_delay > 15`.

    A row for which it is null does not count. The SQL is DuckDB's, as far as a row meets it or not by itself: columns,
    values, comparisons, arithmetic, CASE, CAST and some functions. Times are UTC. Polars answers as DuckDB does, but
    for `round`, which goes to the even one of two as near, and a number cast to an integer, which loses its fraction.
    Nothing is executed here and no file is opened.
    Raises DeclarationError, beginning with `what`, for text that is no condition over these columns.
    """
    if not isinstance(sql, str):
        raise DeclarationError(f"{what}: where={sql!r}: expected an SQL condition, such as 'arr_delay > 15'")
    try:
        return _columns_read(sql, tuple(columns.items()))
    except ValueError as error:
        raise DeclarationError(f"{what}: where={sql!r}: {error}") from None


@cache
def expression(sql: str) -> "pl.Expr":
    """The condition for Polars. Raises ValueError for text that is none."""
    import polars as pl

    from fti_assets.contracts import condition_sql

    return pl.sql_expr(condition_sql.written(condition_sql.parsed(sql)))


@cache
def conjuncts(sql: str) -> "tuple[pl.Expr, ...]":
    """What the condition joins by AND, the condition itself where it joins nothing: a row meets it that meets all.

    Raises ValueError for text that is no condition.
    """
    import polars as pl

    from fti_assets.contracts import condition_sql

    return tuple(
        pl.sql_expr(condition_sql.written(part)) for part in condition_sql.conjuncts(condition_sql.parsed(sql))
    )


@cache
def _columns_read(sql: str, columns: tuple[tuple[str, Kind], ...]) -> tuple[str, ...]:
    import polars as pl

    from fti_assets.contracts import condition_sql

    names, schema = condition_sql.columns(condition_sql.parsed(sql)), dict(columns)
    for name in names:
        if name not in schema:
            raise ValueError(unknown("column", name, schema))
    if not names:
        raise ValueError("it reads no column")
    types = {name: kind.polars for name, kind in schema.items()}
    try:
        kind = pl.DataFrame(schema=types).select(expression(sql).alias("")).schema[""]
    except pl.exceptions.PolarsError as error:
        raise ValueError(f"it cannot be applied to its columns ({_line(error)})") from None
    if kind != pl.Boolean:
        raise ValueError(f"it gives {kind}: expected true or false")
    return names


def _line(error: Exception) -> str:
    return str(error).split("\n")[0]
