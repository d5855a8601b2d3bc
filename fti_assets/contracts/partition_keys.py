"""The keys of partitions: `2013-01-31` of a day or of the week that begins then, `2013-01-31-05:00` of an hour."""

from datetime import UTC, datetime

_OF_A_DAY = len("2013-01-31")


def start_of_key(key: str) -> datetime:
    """The first instant of the partition of that key."""
    return datetime.fromisoformat(f"{key[:_OF_A_DAY]}T{key[_OF_A_DAY + 1 :] or '00:00'}").replace(tzinfo=UTC)
