import pytest

from fti_assets.contracts.column_names import check_columns
from fti_assets.contracts.errors import DeclarationError


def test_letters_of_any_script_digits_and_underscores_are_names() -> None:
    check_columns("feature group g", ["a", "_b2", "größe", "遅延", "select", "self", "x" * 128])


@pytest.mark.parametrize("name", ["", "1a", "a b", "a.b", "a/b", 'a"b', "a'b", "a\nb", "a\0b", "a-b", "x" * 129, 7])
def test_what_some_store_or_sql_cannot_hold_is_refused(name: str) -> None:
    with pytest.raises(DeclarationError, match=r"feature group g: column .*: expected letters, digits and underscores"):
        check_columns("feature group g", ["fine", name])


def test_case_alone_does_not_tell_columns_apart_and_the_online_stores_own_is_taken() -> None:
    with pytest.raises(DeclarationError, match="columns 'delay' and 'Delay' differ by case alone: rename one"):
        check_columns("feature group g", ["delay", "Delay"])
    with pytest.raises(DeclarationError, match="'position_' is the online store's own"):
        check_columns("feature group g", ["position_"])
