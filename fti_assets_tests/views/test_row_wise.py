"""Functions that look at other rows are found out, those that do not are left alone."""

from collections.abc import Callable

import numpy as np
import pandas as pd
import pandera.pandas as pa
import polars as pl
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from pandera.typing.pandas import DataFrame

from fti_assets.contracts.errors import ContractViolation
from fti_assets.contracts.feature_group import FeatureGroup
from fti_assets.contracts.feature_view import FeatureView
from fti_assets.contracts.time import UTC
from fti_assets.stores.frames import to_pandas, to_polars
from fti_assets.views.assemble import complete, nullable_of
from fti_assets.views.row_wise import check_row_wise, telling_rows
from fti_assets_tests.metamorphic import same_bits


class Parcel(pa.DataFrameModel):
    """A parcel; what may be unknown about it is nullable."""

    parcel: str
    sent_at: UTC
    weight: float = pa.Field(nullable=True)
    pieces: pd.Int64Dtype = pa.Field(nullable=True)
    is_fragile: pd.BooleanDtype = pa.Field(nullable=True)
    note: str = pa.Field(nullable=True)
    has_arrived: bool


class Handling(pa.DataFrameModel):
    """Something of every kind, each with nulls."""

    weight_each: float = pa.Field(nullable=True)
    rounded: pd.Int64Dtype = pa.Field(nullable=True)
    by_hand: pd.BooleanDtype = pa.Field(nullable=True)
    beginning: str = pa.Field(nullable=True)
    is_early: bool
    hour: int


class Share(pa.DataFrameModel):
    """One number."""

    share: float = pa.Field(nullable=True)


class Code(pa.DataFrameModel):
    """One text."""

    code: str = pa.Field(nullable=True)


parcels = FeatureGroup(Parcel, keys="parcel", event_time="sent_at")


def handling(frame: pd.DataFrame) -> DataFrame[Handling]:
    """Every kind of column from every kind of column, by the row."""
    return pd.DataFrame(
        {
            "weight_each": np.log1p(frame["weight"].abs() / frame["pieces"].clip(lower=1)),
            "rounded": frame["weight"].round().clip(-1e9, 1e9).astype("Int64"),
            "by_hand": frame["is_fragile"] | (frame["weight"] < 1),
            "beginning": frame["note"].str.slice(0, 3).str.upper(),
            "is_early": frame["sent_at"].dt.hour < 9,
            "hour": frame["sent_at"].dt.hour,
        }
    )


def view_of(*functions: Callable[..., pd.DataFrame]) -> FeatureView:
    return FeatureView(
        parcels, parcels["has_arrived"].within(days=1), [parcels["weight", "pieces"]], on_demand=functions
    )


def frame_of(rows: pd.DataFrame, view: FeatureView) -> pd.DataFrame:
    return complete(view, to_polars(rows, parcels.columns))


def parcels_of(count: int) -> pd.DataFrame:
    """Parcels of growing weight, each seventh of unknown weight, each third with a note."""
    numbers = np.arange(count)
    return pd.DataFrame(
        {
            "parcel": [f"p{n}" for n in numbers],
            "sent_at": pd.Timestamp("2024-01-01", tz="UTC").as_unit("us") + pd.to_timedelta(numbers * 7, unit="min"),
            "weight": np.where(numbers % 7 == 3, np.nan, numbers + 1.0),
            "pieces": pd.array(numbers % 4, dtype="Int64"),
            "is_fragile": pd.array([None if n % 5 == 0 else n % 2 == 0 for n in numbers], dtype="boolean"),
            "note": pd.array([f"note {n}" if n % 3 == 0 else None for n in numbers], dtype="str"),
            "has_arrived": numbers % 2 == 0,
        }
    ).astype({"sent_at": "datetime64[us, UTC]"})


def mean_of_the_batch(frame: pd.DataFrame) -> DataFrame[Share]:
    return pd.DataFrame({"share": frame["weight"] / frame["weight"].mean()})


def filled_by_the_mean(frame: pd.DataFrame) -> DataFrame[Share]:
    return pd.DataFrame({"share": frame["weight"].fillna(frame["weight"].mean())})


def row_before(frame: pd.DataFrame) -> DataFrame[Share]:
    return pd.DataFrame({"share": frame["weight"].shift(1)})


def rank(frame: pd.DataFrame) -> DataFrame[Share]:
    return pd.DataFrame({"share": frame["weight"].rank(pct=True)})


def without_outliers(frame: pd.DataFrame) -> DataFrame[Share]:
    return pd.DataFrame({"share": frame["weight"].clip(upper=frame["weight"].quantile(0.99))})


def position(frame: pd.DataFrame) -> DataFrame[Share]:
    return pd.DataFrame({"share": frame.index.astype(float)}, index=frame.index)


def category_number(frame: pd.DataFrame) -> DataFrame[Code]:
    return pd.DataFrame({"code": [str(code) for code in pd.factorize(frame["note"])[0]]}, index=frame.index)


@pytest.mark.parametrize(
    ("function", "column"),
    [
        (mean_of_the_batch, "share"),
        (filled_by_the_mean, "share"),
        (row_before, "share"),
        (rank, "share"),
        (without_outliers, "share"),
        (position, "share"),
        (category_number, "code"),
    ],
)
@pytest.mark.parametrize("count", [8, 300])
def test_a_function_that_looks_at_other_rows_is_named_with_its_column(
    function: Callable[..., pd.DataFrame], column: str, count: int
) -> None:
    view = view_of(handling, function)
    with pytest.raises(
        ContractViolation, match=f"on_demand {function.__name__} .*{column}: is computed from its own row"
    ):
        check_row_wise(view, frame_of(parcels_of(count), view))


@pytest.mark.parametrize("count", [0, 1, 2, 300])
def test_a_function_of_each_row_alone_passes(count: int) -> None:
    view = view_of(handling)
    check_row_wise(view, frame_of(parcels_of(count), view))


class Twin(pa.DataFrameModel):
    """Another number of 64 bits."""

    twin: pd.Int64Dtype = pa.Field(nullable=True)
    name: str = pa.Field(nullable=True)


def in_types_of_its_rows(frame: pd.DataFrame) -> DataFrame[Twin]:
    """Arrow's integers and categories; floats where there is nothing but nulls."""
    name = frame["note"].astype("category")
    if frame["pieces"].isna().all():
        return pd.DataFrame({"twin": np.nan, "name": name}, index=frame.index)
    return pd.DataFrame({"twin": (frame["pieces"] ^ 1).astype("int64[pyarrow]"), "name": name})


def test_a_function_may_answer_in_other_types_for_a_row_alone_and_its_integers_stay_exact() -> None:
    view = view_of(in_types_of_its_rows)
    ids = [None if n % 5 == 1 else 2**63 - 1 - n for n in range(40)]
    rows = parcels_of(40).assign(pieces=pd.array(ids, dtype="Int64"))
    frame = frame_of(rows, view)
    check_row_wise(view, frame)
    assert [None if pd.isna(n) else n for n in frame["twin"]] == [None if n is None else n ^ 1 for n in ids]


def after(frame: pd.DataFrame) -> DataFrame[Share]:
    """A function of what another one computed."""
    return pd.DataFrame({"share": frame["weight_each"] * 2})


def test_a_function_may_use_what_another_computed_before() -> None:
    view = view_of(handling, after)
    check_row_wise(view, frame_of(parcels_of(30), view))


def test_a_handful_of_rows_shows_each_column_null_and_not() -> None:
    frame = parcels_of(10_000).assign(rare=lambda f: np.where(f.index == 4_008, 1.0, np.nan))
    rows = frame.iloc[telling_rows(frame)]
    assert len(rows) <= 6
    shown = {name: set(rows[name].isna()) for name in ("weight", "is_fragile", "note")}
    assert list(shown.values()) == [{True, False}] * 3


texts = st.none() | st.text("ab ", max_size=5)
numbers = st.none() | st.floats(-1e3, 1e3) | st.sampled_from([0.0, -0.0, 1e-300])
rows = st.tuples(
    st.integers(0, 48), numbers, st.none() | st.integers(-3, 3), st.none() | st.booleans(), texts, st.booleans()
)


@settings(max_examples=30, deadline=None)
@given(st.lists(rows, min_size=1, max_size=6))
def test_a_batch_is_its_rows_one_by_one_bitwise_with_nulls_text_and_booleans(drawn: list[tuple[object, ...]]) -> None:
    hours, *columns = zip(*drawn, strict=True)
    names = [name for name in parcels.columns if name not in ("parcel", "sent_at")]
    start = pd.Timestamp("2024-01-01", tz="UTC")
    given_rows = pd.DataFrame(
        {
            "parcel": [str(n) for n in range(len(drawn))],
            "sent_at": [start + pd.Timedelta(hours=h) for h in hours],
            **{name: list(values) for name, values in zip(names, columns, strict=True)},
        }
    ).astype({n: str(c.dtype) for n, c in Parcel.to_schema().columns.items()})
    frame = to_pandas(to_polars(given_rows, parcels.columns), nullable=nullable_of(view_of(handling)))
    batch = handling(frame)
    alone = [handling(frame.iloc[[n]].reset_index(drop=True)) for n in range(len(frame))]
    for row in alone:
        assert row.dtypes.to_dict() == batch.dtypes.to_dict()
    pd.testing.assert_frame_equal(pd.concat(alone, ignore_index=True), batch, check_exact=True)
    assert same_bits(pl.from_pandas(pd.concat(alone)), pl.from_pandas(batch))
