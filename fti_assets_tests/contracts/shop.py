"""Contracts of a small shop, shared by the tests of declarations."""

import pandas as pd
import pandera.pandas as pa
from pandera.typing.pandas import DataFrame

from fti_assets.contracts.feature_group import FeatureGroup
from fti_assets.contracts.time import UTC


class Order(pa.DataFrameModel):
    """An order, as placed.

    Known at once.
    """

    order_id: str
    customer: str
    placed_at: UTC
    quantity: int
    is_gift: bool


class Outcome(pa.DataFrameModel):
    """What became of an order."""

    order_id: str
    customer: str
    due_at: UTC
    settled_at: UTC
    is_returned: bool
    refund: float = pa.Field(nullable=True)
    note: str


class Customer(pa.DataFrameModel):
    """Who orders."""

    customer: str
    country: str


class History(pa.DataFrameModel):
    """What the customer sent back."""

    customer: str
    as_of: UTC
    refund_count_7d: int
    refund_mean_7d: float = pa.Field(nullable=True)


class Doubled(pa.DataFrameModel):
    """Twice the quantity."""

    doubled: int


def doubled(frame: pd.DataFrame) -> DataFrame[Doubled]:
    """Twice the quantity."""
    return pd.DataFrame({"doubled": frame["quantity"] * 2})


orders = FeatureGroup(Order, keys="order_id", event_time="placed_at")
outcomes = FeatureGroup(Outcome, keys="order_id", event_time="due_at", known_at="settled_at")
customers = FeatureGroup(Customer, keys="customer", dimension=True, name="customers")
history = FeatureGroup(History, keys="customer", event_time="as_of", lookback="3d")
