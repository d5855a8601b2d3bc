"""A small system for tests: a shop that predicts, when an order is placed, whether it will be sent back.

Twenty orders a day for 45 days from FIRST_DAY on. Everything follows from the order's number by arithmetic, so a
reader can work out any value: orders that cost at least 60 of customers who send things back often are sent back,
except for every eleventh order, which turns out the other way.
"""

from collections.abc import Callable
from datetime import UTC, date, datetime, timedelta

import pandas as pd
import pandera.pandas as pa
from pandera.typing.pandas import DataFrame

from fti_assets.contracts.feature_group import FeatureGroup, as_binding
from fti_assets.contracts.feature_view import FeatureView
from fti_assets.contracts.gates import BeatsBaseline
from fti_assets.contracts.model import Model
from fti_assets.contracts.source import Source
from fti_assets.contracts.time import UTC as UTC_TIME
from fti_assets.contracts.time import Window, midnight
from fti_assets.features.materialize import materialize
from fti_assets.models.boosting import XGBoost
from fti_assets.stores.home import Home
from fti_assets.training.datasets import build_dataset
from fti_assets.training.train import Trained, train

FIRST_DAY = date(2024, 1, 1)
LAST_DAY = date(2024, 2, 14)
ORDERS_PER_DAY = 20
CUSTOMERS = ("ada", "ben", "cleo", "dan", "eva", "finn", "gus")
OFTEN_RETURNS = ("ben", "dan", "finn")
PRICES = {"boots": 80.0, "coat": 120.0, "socks": 6.5, "shirt": 30.0, "scarf": 20.0}


class Order(pa.DataFrameModel):
    """An order, as placed."""

    order_id: str
    customer: str
    product: str
    placed_at: UTC_TIME
    quantity: int = pa.Field(ge=1, description="pieces")
    is_gift: bool


class Outcome(pa.DataFrameModel):
    """What became of an order: due a day after it was placed, settled two hours later."""

    order_id: str
    customer: str
    due_at: UTC_TIME
    settled_at: UTC_TIME
    is_returned: bool


class Product(pa.DataFrameModel):
    """The catalogue."""

    product: str
    price: float
    category: str


class Amount(pa.DataFrameModel):
    """What the order costs."""

    amount: float = pa.Field(nullable=True)


def amount(frame: pd.DataFrame) -> DataFrame[Amount]:
    """Quantity times price; null for a product that is not in the catalogue."""
    return pd.DataFrame({"amount": frame["quantity"] * frame["price"]})


def _order(day: date, n: int) -> dict[str, object]:
    """The n-th order of a day: one every half an hour from 08:00 on."""
    number = (day - FIRST_DAY).days * ORDERS_PER_DAY + n
    product, customer = list(PRICES)[number * 3 % 5], CUSTOMERS[number * 5 % 7]
    quantity = 1 + number % 3
    is_returned = customer in OFTEN_RETURNS and quantity * PRICES[product] >= 60
    placed_at = midnight(day) + timedelta(hours=8, minutes=30 * n)
    return {
        "order_id": f"{day}-{n:02d}",
        "customer": customer,
        "product": product,
        "placed_at": placed_at,
        "quantity": quantity,
        "is_gift": number % 4 == 0,
        "due_at": placed_at + timedelta(hours=24),
        "settled_at": placed_at + timedelta(hours=26),
        "is_returned": is_returned != (number % 11 == 0),
    }


def _all_orders() -> pd.DataFrame:
    days = Window.of_days(FIRST_DAY, LAST_DAY).days
    frame = pd.DataFrame([_order(day, n) for day in days for n in range(ORDERS_PER_DAY)])
    times = ["placed_at", "due_at", "settled_at"]
    return frame.astype(dict.fromkeys(times, "datetime64[us, UTC]"))


ALL_ORDERS = _all_orders()
"""Every order with its outcome, as the shop would know it in the end."""
CATALOGUE = pd.DataFrame(
    {
        "product": list(PRICES),
        "price": list(PRICES.values()),
        "category": ["shoes", "outdoor", "basics", "basics", "outdoor"],
    }
)


def _known(columns: type[pa.DataFrameModel], known_at: str) -> Callable[[datetime, datetime], pd.DataFrame]:
    """A read of those of ALL_ORDERS that became known in [start, end)."""
    names = list(columns.to_schema().columns)

    def read(start: datetime, end: datetime) -> pd.DataFrame:
        known = (ALL_ORDERS[known_at] >= start) & (ALL_ORDERS[known_at] < end)
        return ALL_ORDERS.loc[known, names].reset_index(drop=True)

    return read


def as_given(rows: pd.DataFrame) -> pd.DataFrame:
    """The source's rows as they are."""
    return rows


order_source = Source(Order, _known(Order, "placed_at"), name="shop_orders")
outcome_source = Source(Outcome, _known(Outcome, "settled_at"), name="shop_outcomes")
catalogue_source = Source(Product, lambda _start, _end: CATALOGUE, name="shop_catalogue")

orders = FeatureGroup(Order, keys="order_id", event_time="placed_at")
outcomes = FeatureGroup(Outcome, keys="order_id", event_time="due_at", known_at="settled_at")
customer_history = outcomes.windows(
    "customer",
    {"is_returned": ["count", "mean"]},
    over="7d",
    name="customer_history",
    description="How many orders of the customer were settled in the last week, and the share that was sent back.",
    lookback="3d",
)
products = FeatureGroup(Product, keys="product", name="products", dimension=True)

BINDINGS = (
    orders.computed(as_given, order_source),
    outcomes.computed(as_given, outcome_source),
    products.computed(as_given, catalogue_source),
    as_binding(customer_history),
)
"""Every group's computation, inputs before what is computed from them."""

returns = Model(
    "returns",
    view=FeatureView(
        spine=orders,
        label=outcomes["is_returned"].within(days=2),
        features=[orders["quantity", "is_gift"], customer_history, products["price", "category"]],
        on_demand=[amount],
    ),
    estimator=XGBoost(rounds=10, max_depth=3, learning_rate=0.3),
    gates=[BeatsBaseline()],
    holdout="7d",
    description="Whether an order will be sent back.",
)

MODELS = (returns,)


def write_history(home: Home, first_day: date = FIRST_DAY, last_day: date = LAST_DAY) -> None:
    """Materialize every group of the shop for the days from `first_day` to `last_day`, both included."""
    window = Window.of_days(first_day, last_day)
    for binding in BINDINGS:
        materialize(binding, window, home.features)


def train_candidate(home: Home, cutoff: date, model: Model = returns) -> Trained:
    """Build the dataset of everything known before the cutoff's first instant and register a candidate from it."""
    moment = midnight(cutoff)
    build_dataset(model, moment, midnight(FIRST_DAY), home)
    return train(model, moment, home)


def at(day: date, hour: int = 0, minute: int = 0) -> datetime:
    """An instant of a day, in UTC."""
    return datetime(day.year, day.month, day.day, hour, minute, tzinfo=UTC)
