"""Which rows count: an SQL condition over declared columns, checked where it is written."""

import re
from collections.abc import Mapping
from functools import cache

from fti_assets.contracts.errors import DeclarationError, unknown
from fti_assets.contracts.kinds import Kind

_QUOTED = re.compile(r"'[^']*'|\"[^\"]*\"")
_CLOCK = re.compile(r"\b(now|today)\(|\b(current_(date|time|timestamp)|localtime(stamp)?)\b", re.IGNORECASE)


def columns_read(what: str, sql: str, columns: Mapping[str, Kind]) -> tuple[str, ...]:
    """The columns that the condition reads, such as `("arr_delay",)` for `arr_delay > 15`.

    A row for which it is null does not count. `pl.sql_expr` reads it the same way when it is applied.
    Raises DeclarationError, beginning with `what`, for text that is no condition over these columns.
    """
    try:
        return _columns_read(sql, tuple(columns.items()))
    except ValueError as error:
        raise DeclarationError(f"{what}: where={sql!r}: {error}") from None


@cache
def _columns_read(sql: str, columns: tuple[tuple[str, Kind], ...]) -> tuple[str, ...]:
    import polars as pl

    if not isinstance(sql, str):
        raise ValueError("expected an SQL condition, such as 'arr_delay > 15'")
    try:
        condition = pl.sql_expr(sql)
    except pl.exceptions.PolarsError as error:
        raise ValueError(f"it cannot be read ({_line(error)})") from None
    names = tuple(dict.fromkeys(condition.meta.root_names()))
    schema = dict(columns)
    for name in names:
        if name not in schema:
            raise ValueError(unknown("column", name, schema))
    if not names:
        raise ValueError("it reads no column")
    types = {name: kind.polars for name, kind in schema.items()}
    try:
        given = pl.DataFrame(schema=types).select(condition.alias("condition")).schema["condition"]
    except pl.exceptions.PolarsError as error:
        raise ValueError(f"it cannot be applied to its columns ({_line(error)})") from None
    if given != pl.Boolean:
        raise ValueError(f"it gives {given}: expected true or false")
    if _CLOCK.search(_QUOTED.sub("", sql)):
        raise ValueError("it reads the clock, so the same row would count on one day and not on another")
    # Polars may take the first row before it computes, unless what it computes looks at other rows
    if pl.DataFrame(schema=types).lazy().select(condition.alias("condition")).head(1).explain().startswith("SLICE"):
        raise ValueError("it looks at other rows: expected a condition that each row meets or not by itself")
    return names


def _line(error: Exception) -> str:
    return str(error).split("\n")[0]
