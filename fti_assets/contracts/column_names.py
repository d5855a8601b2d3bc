"""Which names columns may have."""

import re
from collections.abc import Iterable

from fti_assets.contracts.errors import DeclarationError

_COLUMN = re.compile(r"[^\W\d]\w{0,127}")
_TAKEN = "position_"
_OF_TABLES = "fti_"


def check_columns(what: str, names: Iterable[str]) -> None:
    """Raise DeclarationError, beginning with `what`, unless every store can hold columns of these names.

    Letters of any script, digits and underscores, no digit first, at most 128; two names differ by more than case.
    `position_` is the online store's own, and names that begin with `fti_` are the tables'.
    """
    seen: dict[str, str] = {}
    for name in names:
        if not isinstance(name, str) or not _COLUMN.fullmatch(name):
            raise DeclarationError(
                f"{what}: column {name!r}: expected letters, digits and underscores, no digit first, at most 128: "
                "rename it in the function that computes it"
            )
        if name.lower() == _TAKEN:
            raise DeclarationError(f"{what}: column {name!r} is the online store's own: choose another name")
        if name.lower().startswith(_OF_TABLES):
            raise DeclarationError(f"{what}: column {name!r}: begins with fti_, as the tables' own do: rename it")
        other = seen.setdefault(name.lower(), name)
        if other != name:
            raise DeclarationError(f"{what}: columns {other!r} and {name!r} differ by case alone: rename one")
