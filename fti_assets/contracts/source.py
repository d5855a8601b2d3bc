"""Where rows come from."""

from collections.abc import Callable
from datetime import datetime
from typing import TYPE_CHECKING

import attrs

from fti_assets.contracts.errors import DeclarationError
from fti_assets.contracts.names import checked_name, snake_case
from fti_assets.contracts.on_invalid import check_on_invalid
from fti_assets.contracts.schema import Schema, schema_of

if TYPE_CHECKING:
    import pandas as pd


@attrs.frozen
class Source:
    """Raw rows, read a window at a time by the moment they became known.

    Rows that break the schema fail the batch of whoever reads them, or are set aside, and the function never sees them.

    Args:
        schema: a Pandera DataFrameModel, checked on every read. Its docstring describes the source.
        read: `read(start, end)` returns the rows that became known in [start, end), two instants in UTC.
        name: what the source is called; by default the schema's class name in snake_case.
        on_invalid: rows that break the schema `fail` their batch, or go to `quarantine` with the reasons. In quarantine
            each value is judged by itself: where a word such as `nil` has made a file's column of numbers text, the
            word's row is set aside and the other texts are read as the numbers that they spell.
        invalid_up_to: the largest share of a partition's rows that may go to quarantine.

    Raises:
        DeclarationError: a name or type that cannot be, or a `read` that is no function.

    Example:
        >>> import pandas as pd
        >>> import pandera.pandas as pa
        >>> import fti_assets as fti
        >>> class Landing(pa.DataFrameModel):
        ...     flight_id: str
        ...     landed_at: fti.UTC
        >>> rows = pd.DataFrame({"flight_id": ["UA1"], "landed_at": [pd.Timestamp("2013-01-01T10:00Z")]})
        >>> landings = fti.Source(Landing, lambda start, end: rows.query("@start <= landed_at < @end"), name="landings")
        >>> landings.name
        'landings'
    """

    schema: Schema = attrs.field(converter=schema_of)
    read: "Callable[[datetime, datetime], pd.DataFrame]"
    _given_name: str = attrs.field(default="", alias="name", kw_only=True)
    on_invalid: str = attrs.field(default="fail", kw_only=True)
    invalid_up_to: float = attrs.field(default=0.05, kw_only=True)

    def __attrs_post_init__(self) -> None:
        checked_name("source", self.name)
        if not callable(self.read):
            raise DeclarationError(f"source {self.name}: read={self.read!r}; expected a function of (start, end)")
        check_on_invalid(f"source {self.name}", self.on_invalid, self.invalid_up_to)

    @property
    def name(self) -> str:
        """What the source is called."""
        return self._given_name or snake_case(self.schema.name)
