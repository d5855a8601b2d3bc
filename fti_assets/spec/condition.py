"""Which rows count: an SQL condition over declared columns, checked where it is written."""

from collections.abc import Mapping
from functools import cache

from fti_assets.spec.errors import DeclarationError, unknown
from fti_assets.spec.schema import Kind

_TYPES: Mapping[Kind, str] = {
    "text": "String",
    "integer": "Int64",
    "number": "Float64",
    "boolean": "Boolean",
    "time": "Datetime",
}


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
    types = {n: pl.Datetime("us", "UTC") if k == "time" else getattr(pl, _TYPES[k])() for n, k in schema.items()}
    try:
        given = pl.DataFrame(schema=types).select(condition.alias("condition")).schema["condition"]
    except pl.exceptions.PolarsError as error:
        raise ValueError(f"it cannot be applied to its columns ({_line(error)})") from None
    if given != pl.Boolean:
        raise ValueError(f"it gives {given}: expected true or false")
    return names


def _line(error: Exception) -> str:
    return str(error).split("\n")[0]
