"""Whether the metamorphic test itself sees what it should."""

import polars as pl

from fti_assets_tests.metamorphic import same_bits


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
