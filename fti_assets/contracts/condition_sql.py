"""The SQL of conditions: read, examined node by node, and written again so that Polars reads the same tree."""

from sqlglot import exp, parse_one
from sqlglot.errors import ParseError, SqlglotError

_VALUES = (exp.Column, exp.Identifier, exp.Literal, exp.Boolean, exp.Null, exp.Paren, exp.Case, exp.Cast, exp.TryCast)
_COMPARISONS = (exp.EQ, exp.NEQ, exp.LT, exp.LTE, exp.GT, exp.GTE, exp.Is, exp.NullSafeEQ, exp.NullSafeNEQ)
_LISTS_AND_PATTERNS = (exp.Between, exp.In, exp.Like, exp.ILike)
_OPERATORS = (exp.And, exp.Or, exp.Not, exp.Add, exp.Sub, exp.Mul, exp.Div, exp.Mod, exp.Neg, exp.DPipe)
_WHOLE_NUMBERS = {
    "day": exp.Day,
    "dayofweek": exp.DayOfWeek,
    "dayofyear": exp.DayOfYear,
    "extract": exp.Extract,
    "hour": exp.Hour,
    "length": exp.Length,
    "minute": exp.Minute,
    "month": exp.Month,
    "quarter": exp.Quarter,
    "second": exp.Second,
    "week": exp.Week,
    "year": exp.Year,
}
"""Functions whose values Polars keeps in 8 to 32 bits, and computes on in as many: `hour(t) * 60` would overflow."""
_FUNCTIONS = _WHOLE_NUMBERS | {
    "abs": exp.Abs,
    "ceil": exp.Ceil,
    "coalesce": exp.Coalesce,
    "floor": exp.Floor,
    "greatest": exp.Greatest,
    "if": exp.If,
    "least": exp.Least,
    "lower": exp.Lower,
    "nullif": exp.Nullif,
    "round": exp.Round,
    "sign": exp.Sign,
    "sqrt": exp.Sqrt,
    "starts_with": exp.StartsWith,
    "substring": exp.Substring,
    "trim": exp.Trim,
    "upper": exp.Upper,
}
_ALLOWED = {*_VALUES, *_COMPARISONS, *_LISTS_AND_PATTERNS, *_OPERATORS, *_FUNCTIONS.values()}
_IN_WORDS = (
    "a condition is made of columns, values, AND, OR, NOT, comparisons, IS NULL, IS DISTINCT FROM, BETWEEN, IN (…), "
    f"LIKE, ILIKE, + - * / % ||, CASE, CAST and the functions {', '.join(sorted(_FUNCTIONS))}"
)
_EXTRACTED = ("YEAR", "QUARTER", "MONTH", "WEEK", "DAY", "DOW", "ISODOW", "DOY", "HOUR", "MINUTE", "SECOND")
_TYPES = {
    **dict.fromkeys(exp.DataType.TEXT_TYPES, "TEXT"),
    **dict.fromkeys(exp.DataType.SIGNED_INTEGER_TYPES, "BIGINT"),
    **dict.fromkeys(exp.DataType.FLOAT_TYPES, "DOUBLE"),
    **dict.fromkeys((exp.DataType.Type.TIMESTAMPNTZ, exp.DataType.Type.TIMESTAMPTZ), "TIMESTAMPTZ"),
    exp.DataType.Type.BOOLEAN: "BOOLEAN",
    exp.DataType.Type.DATE: "DATE",
}
"""Which type of those that columns have, or the day, a type in a CAST stands for."""
_CLOCK = ("CURRENT_", "GET_CURRENT", "LOCALTIME", "NOW(", "TRANSACTION_TIMESTAMP", "UTC_")


def parsed(sql: str) -> exp.Expr:
    """The tree of a condition that each row meets or not by itself, as Polars takes it.

    Raises ValueError, saying what was found and what there may be, for anything else. Nothing is executed.
    """
    try:
        tree = exp.Paren(this=parse_one(sql, into=exp.Condition, dialect="duckdb"))
    except (SqlglotError, RecursionError) as error:
        places = error.errors if isinstance(error, ParseError) else []
        where = "".join(f" from character {place['col']} on" for place in places[:1])
        raise ValueError(
            f'it cannot be read as SQL{where}; a column called like a word of SQL is written in quotes: "order" > 3'
        ) from None
    for call in list(tree.find_all(exp.Anonymous)):
        if call.name.lower() == "date_part" and len(call.expressions) == 2:
            part, time = call.expressions
            call.replace(exp.Extract(this=exp.var(part.name.upper()), expression=time))
    for node in tree.this.dfs():
        _examine(node)
    for node in reversed(list(tree.this.walk())):
        _settle(node)
    return tree.this


def written(tree: exp.Expr) -> str:
    """The tree as SQL for Polars."""
    return tree.sql("duckdb", identify=True, comments=False)


def columns(tree: exp.Expr) -> tuple[str, ...]:
    """The columns that the tree reads, in the order in which it names them."""
    return tuple(dict.fromkeys(column.name for column in tree.find_all(exp.Column, bfs=False)))


def conjuncts(tree: exp.Expr) -> list[exp.Expr]:
    """What the tree joins by AND, within brackets too."""
    tree = tree.unnest()
    return [part for joined in tree.flatten() for part in conjuncts(joined)] if isinstance(tree, exp.And) else [tree]


def _examine(node: exp.Expr) -> None:
    """Raise ValueError unless a condition may have the node; those below it are examined on their own."""
    is_part = isinstance(node, exp.Var) and isinstance(node.parent, exp.Extract)
    names_table = isinstance(node, exp.Column) and bool(node.table)
    if (
        (type(node) in _ALLOWED and not names_table)
        or (isinstance(node, exp.DataType) and node.this in _TYPES)
        or (is_part and node.name in _EXTRACTED)
    ):
        return
    text = node.sql("duckdb", comments=False)
    if names_table:
        raise ValueError(f"{text} names a table: expected the column alone")
    if isinstance(node, exp.DataType):
        raise ValueError(f"nothing is cast to {text}: expected one of {', '.join(sorted(set(_TYPES.values())))}")
    if is_part:
        raise ValueError(f"nothing has the part {text}: expected one of {', '.join(_EXTRACTED)}")
    if isinstance(node, exp.AggFunc | exp.Window | exp.Query):
        raise ValueError(f"it looks at other rows: {text}; expected what each row meets or not by itself")
    if text.startswith(_CLOCK):
        raise ValueError(f"it reads the clock: {text}; the same row would count on one day and not on another")
    raise ValueError(f"it has {text}: {_IN_WORDS}")


def _settle(node: exp.Expr) -> None:
    """Write the node, in its tree, so that Polars takes it as it was read."""
    if isinstance(node, exp.Is) and isinstance(node.expression, exp.Boolean):  # of null, Polars says null
        node = node.replace(exp.NullSafeEQ(this=node.this, expression=node.expression))
    if isinstance(node, exp.DataType):
        node.replace(exp.DataType.build(_TYPES[node.this]))
    elif type(node) in _WHOLE_NUMBERS.values():
        _wrap(node, exp.Cast(to=exp.DataType.build("BIGINT")))
    elif isinstance(node, exp.Binary | exp.Not | exp.Neg | exp.Between | exp.In):
        parent = node.parent
        is_chain = type(parent) is type(node) and node.arg_key == "this"  # a AND b AND c may be any length
        if not isinstance(parent, exp.Paren) and not is_chain:
            _wrap(node, exp.Paren())


def _wrap(node: exp.Expr, wrapper: exp.Expr) -> None:
    node.replace(wrapper)
    wrapper.set("this", node)
