import pytest
from dagster._utils.tags import is_valid_strict_tag_value, is_valid_tag_key
from hypothesis import given
from hypothesis import strategies as st

from fti_assets.contracts.errors import DeclarationError
from fti_assets.contracts.names import as_names, check_owners, check_tags, checked_name, snake_case


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


def test_owners_are_teams_and_mail_addresses() -> None:
    check_owners("model m", ["team:flights", "eva@example.com"])


@pytest.mark.parametrize("owner", ["flights", "team:", "team:new york", "eva@home", "", 3])
def test_another_owner_is_refused_with_what_is_expected(owner: object) -> None:
    with pytest.raises(DeclarationError, match=r"model m: owner .*: expected 'team:' and a name, such as"):
        check_owners("model m", [owner])  # type: ignore[list-item]


def test_one_name_is_several_of_one() -> None:
    assert as_names("team:flights") == ("team:flights",)
    assert as_names(["a", "b"]) == ("a", "b")


def test_tags_are_short_labels() -> None:
    check_tags("model m", {"domain": "returns", "privacy/class": "p-2.1", "beta": ""})


@pytest.mark.parametrize(
    ("tags", "said"),
    [
        ({"a b": "c"}, "tag name 'a b': expected at most 63 letters"),
        ({"a/b/c": "d"}, "tag name 'a/b/c'"),
        ({"pii": True}, "tag pii=True: expected text"),
        ({"why": "it is long and has spaces"}, "longer explanations belong in the schema's docstring"),
        ({"x": "y" * 64}, "at most 63"),
    ],
)
def test_a_tag_that_the_ui_would_refuse_is_refused_where_it_is_written(tags: dict[str, str], said: str) -> None:
    with pytest.raises(DeclarationError, match=said):
        check_tags("model m", tags)


@given(st.text(st.sampled_from("aZ0_.-/ @:é"), max_size=66), st.text(st.sampled_from("aZ0_.- /é"), max_size=66))
def test_what_is_accepted_dagster_accepts(name: str, value: str) -> None:
    try:
        check_tags("model m", {name: value})
    except DeclarationError:
        assert not (is_valid_tag_key(name) and is_valid_strict_tag_value(value))
    else:
        assert is_valid_tag_key(name)
        assert is_valid_strict_tag_value(value)
