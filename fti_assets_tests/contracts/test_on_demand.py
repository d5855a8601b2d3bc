import pandas as pd
import pytest
from pandera.typing.pandas import DataFrame

from fti_assets.contracts.errors import DeclarationError
from fti_assets.contracts.on_demand import OnDemand
from fti_assets.contracts.schema import schema_of
from fti_assets_tests.contracts.shop import Doubled, doubled


def test_the_annotation_says_which_columns_are_computed() -> None:
    function = OnDemand(doubled)
    assert (function.name, function.schema, function.columns) == ("doubled", schema_of(Doubled), {"doubled": "integer"})


def unannotated(frame):  # type: ignore[no-untyped-def]
    return frame


def untyped(frame: pd.DataFrame) -> pd.DataFrame:
    return frame


def of_two(frame: pd.DataFrame, other: pd.DataFrame) -> DataFrame[Doubled]:
    return frame.join(other)


@pytest.mark.parametrize("function", [unannotated, untyped, of_two, lambda frame: frame])
def test_a_function_that_does_not_say_what_it_computes_is_refused(function: object) -> None:
    with pytest.raises(DeclarationError, match=r"expected one frame in and `-> DataFrame\[Model\]` out"):
        OnDemand(function)  # type: ignore[arg-type]


def test_what_is_no_function_is_refused() -> None:
    with pytest.raises(DeclarationError, match="expected a function"):
        OnDemand("doubled")  # type: ignore[arg-type]


def test_its_declaration_is_what_it_does_and_not_where_it_stands() -> None:
    assert repr(OnDemand(doubled).declaration) == repr(OnDemand(doubled).declaration)

    def tripled(frame: pd.DataFrame) -> DataFrame[Doubled]:
        return pd.DataFrame({"doubled": frame["quantity"] * 3})

    assert OnDemand(doubled).declaration != OnDemand(tripled).declaration
