"""A Pandera model as the stores know it: columns by name, each of one of five kinds."""

import copy
import inspect
from collections.abc import Callable, Mapping
from functools import cache, cached_property
from typing import Any, NamedTuple

import attrs
import pandera.pandas as pa

from fti_assets.contracts.errors import DeclarationError, unknown
from fti_assets.contracts.kinds import Kind
from fti_assets.contracts.schema_version import asked_by

_EXTENSION_TYPES = ("Int64", "boolean")


class GeneratedColumn(NamedTuple):
    """A column that nobody wrote down; of its kinds it is of the first, unless a person declares another of them."""

    name: str
    kinds: tuple[Kind, ...]
    nullable: bool
    description: str


@attrs.frozen(eq=False)
class Schema:
    """A Pandera model, compiled: every column there, by name, of one of five kinds, and no other.

    Schemas are equal that are called alike and ask the same: those of a model that was imported twice, or that a
    function writes at each call.

    Attributes:
        name: what the model is called.
        documentation: its docstring.
        pandera: the strict schema by which frames are validated.
        columns: each column's kind, in order.
        extension_columns: the integers and booleans in pandas' types that hold nulls, Int64 and boolean.
    """

    name: str
    documentation: str
    pandera: Any
    columns: Mapping[str, Kind]
    extension_columns: frozenset[str]
    _made_by: tuple[Callable[..., "Schema"], tuple[Any, ...]] = attrs.field(repr=False)

    @cached_property
    def asked(self) -> str:
        """All that is asked of a frame, as text."""
        return asked_by(self.pandera)

    def __eq__(self, other: object) -> bool:
        if self is other or not isinstance(other, Schema):
            return self is other
        of_two = ((schema.name, schema.documentation, schema.columns) for schema in (self, other))
        return next(of_two) == next(of_two) and self.asked == other.asked

    def __hash__(self) -> int:
        return hash((self.name, tuple(self.columns.items())))

    @property
    def description(self) -> str:
        """The first line of the documentation."""
        return self.documentation.partition("\n")[0]

    @property
    def pandas_types(self) -> dict[str, str]:
        """The pandas type that each column has in a conforming frame."""
        return {n: kind.pandas(nullable=n in self.extension_columns) for n, kind in self.columns.items()}

    def is_nullable(self, column: str) -> bool:
        """Whether a column may hold nulls."""
        return bool(self.pandera.columns[column].nullable)

    def __reduce__(self) -> tuple[Callable[..., "Schema"], tuple[Any, ...]]:
        return self._made_by  # Pandera's schemas hold functions that other processes cannot import


def schema_of(model: type[pa.DataFrameModel] | Schema) -> Schema:
    """The schema of a model; a schema is its own.

    Raises DeclarationError for what is no model, for a column that may be left out, for one of a type that the stores
    do not hold, and for an int or bool that may be null, which pandas has no room for.
    """
    return model if isinstance(model, Schema) else _of_model(model)


@cache
def generated_schema(
    name: str, documentation: str, columns: tuple[GeneratedColumn, ...], model: type[pa.DataFrameModel] | None = None
) -> Schema:
    """The schema of columns that follow from a declaration; those that `model` has are as it says.

    Raises DeclarationError for a column of the model that is not among them, or of another kind.
    """
    declared = _of_model(model) if model else None
    written = declared.pandera.columns if declared else {}
    generated = {column.name: column for column in columns}
    for column, kind in declared.columns.items() if declared else ():
        if column not in generated:
            raise DeclarationError(f"{declared and declared.name}: {unknown('column', column, generated)}")
        expected = generated[column]
        if kind not in expected.kinds:
            raise DeclarationError(
                f"{column} is declared {kind}: expected {expected.kinds[0].annotation} for a {expected.description}"
            )
    schema = copy.copy(declared.pandera) if declared else pa.DataFrameSchema(name=name)
    schema.columns = {column.name: _as_pandera(column, written.get(column.name)) for column in columns}
    said = declared.documentation if declared else ""
    return _compiled(name, said or documentation, schema, (generated_schema, (name, documentation, columns, model)))


@cache
def _of_model(model: type[pa.DataFrameModel]) -> Schema:
    if not (isinstance(model, type) and issubclass(model, pa.DataFrameModel)):
        raise DeclarationError(f"schema {model!r}: expected a class derived from pandera's DataFrameModel")
    documentation = inspect.cleandoc(model.__doc__ or "")
    return _compiled(model.__name__, documentation, model.to_schema(), (schema_of, (model,)))


def _as_pandera(column: GeneratedColumn, written: Any) -> Any:
    """The column as somebody wrote it down, described where that is not, or as it follows from the declaration."""
    if written is not None:
        described = copy.copy(written)
        described.description = written.description or column.description
        return described
    dtype = column.kinds[0].pandas(nullable=column.nullable)
    return pa.Column(dtype, nullable=column.nullable, description=column.description, name=column.name)


def _compiled(
    name: str, documentation: str, schema: Any, made_by: tuple[Callable[..., Schema], tuple[Any, ...]]
) -> Schema:
    # a copy: Pandera keeps one schema for the class, and a person's own validations need not be strict
    strict = copy.copy(schema)
    strict.strict = True
    kinds = {column: _kind(name, column, declared) for column, declared in strict.columns.items()}
    extension = frozenset(n for n, column in strict.columns.items() if str(column.dtype) in _EXTENSION_TYPES)
    return Schema(name, documentation, strict, kinds, extension, made_by)


def _kind(model: str, name: str, column: Any) -> Kind:
    if not column.required or column.regex:
        raise DeclarationError(
            f"{model}.{name}: a contract's columns are all there, by name; for values that may be absent use "
            "pa.Field(nullable=True)"
        )
    kind = Kind.of_type(f"{model}.{name}", column.dtype)
    if column.nullable and str(column.dtype) in ("int64", "bool"):
        with_nulls = {"int64": "pd.Int64Dtype", "bool": "pd.BooleanDtype"}[str(column.dtype)]
        raise DeclarationError(
            f"{model}.{name} is {kind.annotation} and nullable, but pandas' {column.dtype} holds no null: expected "
            f"{with_nulls}"
        )
    return kind
