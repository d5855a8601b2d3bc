"""Lengths of time as people write them: `15min`, `6h`, `28d`."""

import re
from datetime import timedelta

from fti_assets.contracts.errors import DeclarationError

DAY = timedelta(days=1)
_UNITS = {"min": "minutes", "h": "hours", "d": "days"}


def duration(value: str | timedelta) -> timedelta:
    """A positive timedelta from `"15min"`, `"6h"`, `"28d"` or a timedelta."""
    if isinstance(value, str):
        match = re.fullmatch(r"(\d+)(min|h|d)", value)
        if not match:
            raise DeclarationError(
                f"duration {value!r}: expected a number and min, h or d, such as '15min', '6h', '28d'"
            )
        value = timedelta(**{_UNITS[match[2]]: int(match[1])})
    if not isinstance(value, timedelta) or value <= timedelta(0):
        raise DeclarationError(f"duration {value!r}: expected more than zero, such as '15min', '6h', '28d'")
    return value


def label_of(value: timedelta) -> str:
    """The shortest text that `duration` reads back: `7d`, `3h`, `15min`."""
    for unit, length in (("d", DAY), ("h", timedelta(hours=1)), ("min", timedelta(minutes=1))):
        if value % length == timedelta(0):
            return f"{value // length}{unit}"
    raise DeclarationError(f"duration {value!r}: expected whole minutes")
