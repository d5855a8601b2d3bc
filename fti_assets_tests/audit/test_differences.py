import polars as pl

from fti_assets.audit.differences import APPEARED, VANISHED, differences, same_bits


def test_frames_of_the_same_values_have_the_same_bits() -> None:
    frame = pl.DataFrame({"a": [1.5, None, float("nan")], "b": ["x", None, "z"]})
    assert same_bits(frame, frame.clone())


def test_the_last_bit_of_a_number_the_sign_of_zero_a_null_and_the_order_of_rows_all_count() -> None:
    frame = pl.DataFrame({"a": [0.1 + 0.2, 0.0], "b": [1, 2]})
    others = [[0.3, 0.0], [0.1 + 0.2, -0.0], [0.1 + 0.2, None]]
    assert not any(same_bits(frame, frame.with_columns(pl.Series("a", other))) for other in others)
    assert not same_bits(frame, frame.reverse())
    assert not same_bits(frame, frame.head(1))
    assert not same_bits(frame, frame.with_columns(pl.col("b").cast(pl.Int32)))


BEFORE = pl.DataFrame({"key": ["a", "b", "c", None], "x": [1.0, 2.0, None, 4.0], "name": ["u", "v", "w", None]})


def test_the_order_of_rows_is_no_difference_nor_is_a_null_key() -> None:
    assert differences(BEFORE, BEFORE.reverse(), ["key"]) == []


def test_a_difference_says_column_number_of_rows_and_the_first_of_them() -> None:
    after = BEFORE.with_columns(x=pl.Series([1.0, 2.5, 3.0, 4.0]))
    (found,) = differences(BEFORE, after, ["key"])
    assert (found.column, found.rows, found.row, found.before, found.after) == ("x", 2, {"key": "b"}, 2.0, 2.5)


def test_rows_that_only_one_frame_has_vanished_or_appeared() -> None:
    appeared, vanished = differences(BEFORE.head(2), BEFORE[1:3], ["key"])
    assert (appeared.column, appeared.rows, appeared.row) == (APPEARED, 1, {"key": "c"})
    assert (vanished.column, vanished.rows, vanished.row) == (VANISHED, 1, {"key": "a"})


def test_of_rows_with_one_identity_the_first_is_set_against_the_first() -> None:
    twice = pl.DataFrame({"key": ["a", "a"], "x": [1, 2]})
    assert differences(twice, twice, ["key"]) == []
    assert [(d.column, d.rows) for d in differences(twice, twice.reverse(), ["key"])] == [("x", 2)]
    assert [(d.column, d.rows) for d in differences(twice, twice.head(1), ["key"])] == [(VANISHED, 1)]
