"""Names become paths, table names and asset keys, so they are checked where they are written."""

import re

from fti_assets.spec.errors import DeclarationError

_NAME = re.compile(r"[a-z][a-z0-9_]{0,62}")


def checked_name(kind: str, name: str) -> str:
    """The name, if it is lower-case letters, digits and underscores, at most 63, a letter first."""
    if not isinstance(name, str) or not _NAME.fullmatch(name):
        raise DeclarationError(
            f"{kind} name {name!r}: expected lower-case letters, digits and underscores, a letter first, at most 63"
        )
    return name


def snake_case(class_name: str) -> str:
    """`CarrierHistory` as `carrier_history`."""
    return re.sub(r"(?<=[a-z0-9])(?=[A-Z])|(?<=[A-Z])(?=[A-Z][a-z])", "_", class_name).lower()
