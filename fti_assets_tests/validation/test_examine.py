import numpy as np
import pandas as pd
import pandera.pandas as pa
import pytest

from fti_assets.contracts.errors import FailingCase
from fti_assets.contracts.schema import schema_of
from fti_assets.validation.examine import Fault, cases_of, examine, shown, typed_only


class Parcel(pa.DataFrameModel):
    """A parcel, with checks of each sort."""

    parcel: str = pa.Field(unique=True)
    weight: float = pa.Field(gt=0, nullable=True)
    pieces: int = pa.Field(ge=1)

    @pa.check("weight", name="light on the whole")
    def light(cls, weight: pd.Series) -> bool:  # noqa: N805
        return bool(weight.mean() < 10)

    @pa.dataframe_check(name="many pieces are weighed")
    def weighed(cls, frame: pd.DataFrame) -> pd.Series:  # noqa: N805
        return frame["weight"].notna() | (frame["pieces"] < 5)


GOOD = pd.DataFrame({"parcel": ["a", "b", "c"], "weight": [1.0, 2.0, None], "pieces": [1, 2, 1]})


def found(frame: pd.DataFrame) -> dict[tuple[str, str], list[int] | None]:
    """The labels of the rows of each fault, None for a fault of the frame."""
    faults = examine(frame, schema_of(Parcel)).faults
    return {(f.column, f.check): None if f.rows is None else list(f.rows) for f in faults}


def test_a_good_frame_has_no_faults() -> None:
    examined = examine(GOOD[["pieces", "weight", "parcel"]], schema_of(Parcel))
    assert (examined.faults, list(examined.frame)) == ([], ["parcel", "weight", "pieces"])


def test_a_columns_check_names_its_rows_by_their_labels() -> None:
    assert found(GOOD.assign(pieces=[0, 1, -1]).set_axis(list("xyz"))) == {
        ("pieces", "greater_than_or_equal_to(1)"): ["x", "z"]
    }
    assert found(GOOD.assign(parcel=["a", "b", "a"])) == {("parcel", "field_uniqueness"): [0, 2]}


def test_a_check_of_the_whole_is_a_fault_of_the_frame() -> None:
    heavy = found(GOOD.assign(weight=[1.0, 2.0, 90.0]))
    assert heavy == {("weight", "light on the whole"): None}
    unweighed = found(GOOD.assign(pieces=[1, 1, 5]))
    assert set(unweighed.values()) == {None}
    assert {check for _, check in unweighed} == {"many pieces are weighed"}


def test_a_nullable_id_that_breaks_a_check_alone_is_named_to_its_last_digit() -> None:
    class Badge(pa.DataFrameModel):
        badge: pd.Int64Dtype = pa.Field(nullable=True, lt=2**53)

    badges = pd.DataFrame({"badge": pd.array([2**53 + 1, None, 7], dtype="Int64")})
    [fault] = examine(badges, schema_of(Badge)).faults
    assert (fault.check, list(fault.values), list(fault.rows)) == ("less_than(9007199254740992)", [2**53 + 1], [0])


def test_a_number_beyond_64_bits_is_a_fault_of_its_row() -> None:
    huge = np.array([2**63, 1, 1], dtype="uint64")
    assert found(GOOD.assign(pieces=huge)) == {("pieces", "is a whole number of 64 bits"): [0]}


def test_a_wrong_type_of_a_whole_column_is_a_fault_of_the_frame() -> None:
    assert found(GOOD.assign(pieces=[1.0, 2.0, 3.0])) == {("pieces", "dtype('int64')"): None}
    huge = np.array([2**63, 2**63, 2**63], dtype="uint64")
    assert found(GOOD.assign(pieces=huge, weight=1.0)) == {("pieces", "dtype('int64')"): None}
    misplaced = found(GOOD.drop(columns="pieces").assign(more=1))
    assert misplaced.items() >= {("pieces", "is missing"): None, ("more", "is not declared"): None}.items()
    assert set(misplaced.values()) == {None}


def test_a_row_that_cannot_be_read_is_named_and_the_others_are_checked() -> None:
    frame = GOOD.assign(pieces=pd.Series([0, "two", None], dtype=object))
    assert found(frame) == {
        ("pieces", "greater_than_or_equal_to(1)"): [0],
        ("pieces", "is a whole number of 64 bits"): [1],
        ("pieces", "not_nullable"): [2],
    }


def test_only_the_users_checks_of_a_columns_values_may_be_waived() -> None:
    frame = pd.DataFrame({"parcel": ["a", None, "c"], "weight": [-1.0, 1.0, np.inf], "pieces": [1, 1, 1]})
    assert {f.check: f.of_value for f in examine(frame, schema_of(Parcel)).of_rows} == {
        "not_nullable": False,
        "greater_than(0)": True,
        "is finite": False,
    }
    typed = typed_only(GOOD.assign(weight=[-1.0, 1.0, None]), schema_of(Parcel))
    assert typed["weight"].to_list()[0] == -1


@pytest.mark.parametrize("frame", [None, [1], "rows"])
def test_what_is_no_frame_has_one_fault(frame: object) -> None:
    [fault] = examine(frame, schema_of(Parcel)).faults  # type: ignore[arg-type]
    assert (fault.check, fault.rows) == ("is a pandas DataFrame", None)


def test_columns_twice_or_of_several_levels_are_faults_of_the_frame() -> None:
    levels = GOOD.set_axis(pd.MultiIndex.from_product([["a"], list(GOOD)]), axis=1)
    assert [fault.check for fault in examine(levels, schema_of(Parcel)).of_frame] == ["has columns of one name each"]
    assert [fault.column for fault in examine(pd.concat([GOOD, GOOD], axis=1), schema_of(Parcel)).of_frame] == list(
        GOOD
    )


def test_a_value_is_shown_on_one_line_and_not_too_long() -> None:
    assert [shown(v) for v in ("a b", "ä", 'say "no"', 1.5)] == ["a b", "ä", 'say "no"', "1.5"]
    assert [shown(v) for v in ("a\nb", "nul\0", "half \ud800")] == ["a\\nb", "nul\\x00", "half \\ud800"]
    assert shown("x" * 5_000) == f"{'x' * 100}… (5,000 characters)"
    assert cases_of([Fault("c", "is text", ["\n", "b"])]) == [FailingCase("c", "is text", "\\n", 2)]
