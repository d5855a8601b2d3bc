"""Names become paths, tables and asset keys; owners and tags are shown in the UI: checked where they are written."""

import re
from collections.abc import Iterable, Mapping

from fti_assets.contracts.errors import DeclarationError

_NAME = re.compile(r"[a-z][a-z0-9_]{0,62}")
_OWNER = re.compile(r"team:[A-Za-z0-9_]+|[A-Za-z0-9._%+-]+@[A-Za-z0-9.-]+\.[A-Za-z]{2,7}")
_TAG = re.compile(r"([A-Za-z0-9_.-]{1,63}/)?[A-Za-z0-9_.-]{1,63}")
_TAG_VALUE = re.compile(r"[A-Za-z0-9_.-]{0,63}")


def checked_name(kind: str, name: str) -> str:
    """The name, if it is lower-case letters, digits and underscores, at most 63, a letter first."""
    if not isinstance(name, str) or not _NAME.fullmatch(name):
        raise DeclarationError(
            f"{kind} name {name!r}: expected lower-case letters, digits and underscores, a letter first, at most 63"
        )
    return name


def as_names(names: str | Iterable[str]) -> tuple[str, ...]:
    """One name or several, as several."""
    return (names,) if isinstance(names, str) else tuple(names)


def check_owners(what: str, owners: Iterable[str]) -> None:
    """Raise DeclarationError, beginning with `what`, unless each owner is a mail address or a team."""
    for owner in owners:
        if not isinstance(owner, str) or not _OWNER.fullmatch(owner):
            raise DeclarationError(
                f"{what}: owner {owner!r}: expected 'team:' and a name, such as 'team:flights', or a mail address"
            )


def check_tags(what: str, tags: Mapping[str, str]) -> None:
    """Raise DeclarationError, beginning with `what`, unless names and values are short, as Dagster wants them."""
    for name, value in tags.items():
        if not isinstance(name, str) or not _TAG.fullmatch(name):
            raise DeclarationError(
                f"{what}: tag name {name!r}: expected at most 63 letters, digits, '_', '-' and '.', such as 'domain' "
                "or 'privacy/class'"
            )
        if not isinstance(value, str) or not _TAG_VALUE.fullmatch(value):
            raise DeclarationError(
                f"{what}: tag {name}={value!r}: expected text of at most 63 letters, digits, '_', '-' and '.'; longer "
                "explanations belong in the schema's docstring"
            )


def counted(count: int, noun: str) -> str:
    """`1 row`, `2 rows`."""
    return f"{count:,} {noun}" if count == 1 else f"{count:,} {noun}s"


def snake_case(class_name: str) -> str:
    """`CarrierHistory` as `carrier_history`."""
    return re.sub(r"(?<=[a-z0-9])(?=[A-Z])|(?<=[A-Z])(?=[A-Z][a-z])", "_", class_name).lower()
