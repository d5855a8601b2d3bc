import pytest

from fti_assets.spec.errors import DeclarationError
from fti_assets.spec.names import checked_name, snake_case


@pytest.mark.parametrize("name", ["a", "late_arrival", "v2", "x" * 63])
def test_a_good_name_is_given_back(name: str) -> None:
    assert checked_name("model", name) == name


@pytest.mark.parametrize("name", ["", "Late", "2x", "_x", "a-b", "a b", "a/b", "../a", "a\n", "é", "x" * 64, None, 3])
def test_a_name_that_is_no_safe_path_is_refused(name: object) -> None:
    with pytest.raises(DeclarationError, match=r"model name .*: expected lower-case letters"):
        checked_name("model", name)  # type: ignore[arg-type]


def test_class_names_become_words() -> None:
    names = ["Order", "CarrierHistory", "HTTPLog", "Top20Routes"]
    assert [snake_case(name) for name in names] == ["order", "carrier_history", "http_log", "top20_routes"]
