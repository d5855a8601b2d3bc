"""Where rows come from."""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime
from typing import TYPE_CHECKING

import pandera.pandas as pa

from fti_assets.spec.errors import DeclarationError
from fti_assets.spec.names import checked_name
from fti_assets.spec.schema import columns_of

if TYPE_CHECKING:
    import pandas as pd


@dataclass(frozen=True)
class Source:
    """Raw rows, read a window at a time by the moment they became known.

    `read(start, end)` returns the rows that became known in [start, end); `schema` is checked on every read.
    """

    name: str
    schema: type[pa.DataFrameModel]
    read: "Callable[[datetime, datetime], pd.DataFrame]"

    def __post_init__(self) -> None:
        checked_name("source", self.name)
        columns_of(self.schema)
        if not callable(self.read):
            raise DeclarationError(f"source {self.name}: read={self.read!r}; expected a function of (start, end)")
