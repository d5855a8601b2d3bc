"""Where rows come from."""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime
from typing import TYPE_CHECKING, Literal

import pandera.pandas as pa

from fti_assets.contracts.errors import DeclarationError
from fti_assets.contracts.names import checked_name
from fti_assets.contracts.on_invalid import check_on_invalid
from fti_assets.contracts.schema import columns_of

if TYPE_CHECKING:
    import pandas as pd


@dataclass(frozen=True)
class Source:
    """Raw rows, read a window at a time by the moment they became known.

    `read(start, end)` returns the rows that became known in [start, end); `schema` is checked on every read.
    Rows that break it fail the batch of whoever reads them; with `on_invalid="quarantine"` they are set aside with
    the reasons, while they are no more than the share `invalid_up_to` of it, and the function never sees them.
    """

    name: str
    schema: type[pa.DataFrameModel]
    read: "Callable[[datetime, datetime], pd.DataFrame]"
    on_invalid: Literal["fail", "quarantine"] = "fail"
    invalid_up_to: float = 0.05

    def __post_init__(self) -> None:
        checked_name("source", self.name)
        columns_of(self.schema)
        if not callable(self.read):
            raise DeclarationError(f"source {self.name}: read={self.read!r}; expected a function of (start, end)")
        check_on_invalid(f"source {self.name}", self.on_invalid, self.invalid_up_to)
