"""The commits of a Delta table's log, read for what deltalake does not tell: whether each is whole, and what it marks.

Delta takes a commit that was emptied, or cut at the end of a line, for one that changes less; so each of ours says how
many lines it has. And it tells of one application transaction at a time whether it was made, in a millisecond or more.
"""

import json
import re
from collections.abc import Iterator
from datetime import UTC, datetime
from typing import Any

import attrs
import polars as pl
from polars.exceptions import PolarsError

from fti_assets.contracts.errors import Corrupt
from fti_assets.stores.storage import Storage

_LOG = "_delta_log"
_LINES, _WRITER = "fti_lines", "fti_writer"
_COMMIT = re.compile(r"(\d{20})\.json")
_CHECKPOINT = re.compile(r"(\d{20})\.checkpoint\.parquet")


@attrs.frozen
class Commit:
    """A commit that is whole.

    Attributes:
        writer: its writer's name.
        made: when it was made.
        marks: the application transactions that it marks as made.
    """

    writer: str
    made: datetime
    marks: frozenset[str]


def commit_key(version: int) -> str:
    """Where the commit lies that made a version."""
    return f"{_LOG}/{version:020}.json"


def said_of_commit(lines: int, writer: str = "") -> dict[str, Any]:
    """What a commit says of itself: how many lines it has with this one, and a name that its writer alone knows."""
    return {_LINES: lines, _WRITER: writer}


def read_commit(storage: Storage, version: int) -> Commit | None:
    """A commit; None where there is none. Corrupt, naming it, when it was emptied, cut or changed."""
    content, where = storage.read(commit_key(version)), storage.url_of(commit_key(version))
    if content is None:
        return None
    try:
        actions = [json.loads(line) for line in content.splitlines()]
    except ValueError as error:
        raise Corrupt(f"{where}: it was changed or cut: {error}") from error
    said: dict[str, Any] = next((action["commitInfo"] for action in actions if "commitInfo" in action), {})
    if not actions or said.get(_LINES, len(actions)) != len(actions):
        raise Corrupt(f"{where}: it was emptied or cut: it has {len(actions)} of {said.get(_LINES, 'its')} lines")
    marks = frozenset(action["txn"]["appId"] for action in actions if "txn" in action)
    made = datetime.fromtimestamp(said.get("timestamp", 0) / 1000, UTC)
    return Commit(said.get(_WRITER, ""), made, marks)


def commits_between(storage: Storage, before: int, last: int) -> Iterator[Commit]:
    """The commits after one version, up to another. Corrupt, naming the first that is not whole."""
    for version in range(before + 1, last + 1):
        commit = read_commit(storage, version)
        if commit is None:
            raise Corrupt(f"{storage.url_of(commit_key(version))}: it is gone, but the table has later commits")
        yield commit


def marks_between(storage: Storage, before: int, last: int) -> frozenset[str]:
    """What the commits after one version mark, up to another. Corrupt, naming the first that is not whole."""
    return frozenset().union(*(commit.marks for commit in commits_between(storage, before, last)))


def marks_up_to(storage: Storage, last: int) -> frozenset[str]:
    """All that was marked up to a version. Corrupt, naming it, when what the version is made of is not whole."""
    summarized = summarized_up_to(storage, last)
    return _marks_of_checkpoint(storage, summarized) | marks_between(storage, summarized, last)


def summarized_up_to(storage: Storage, last: int | None = None) -> int:
    """The newest version whose log was summarized, up to one; -1 where there is none."""
    numbers = _versions(storage, _CHECKPOINT)
    return max((number for number in numbers if last is None or number <= last), default=-1)


def verify_log(storage: Storage) -> None:
    """Read every commit and the newest checkpoint. Corrupt, naming it, for the first that is not whole."""
    numbers = _versions(storage, _COMMIT)
    if numbers:
        marks_between(storage, numbers[0] - 1, numbers[-1])
        marks_up_to(storage, numbers[-1])


def _marks_of_checkpoint(storage: Storage, version: int) -> frozenset[str]:
    if version < 0:
        return frozenset()
    key = f"{_LOG}/{version:020}.checkpoint.parquet"
    try:
        return frozenset(pl.read_parquet(storage.read(key) or b"", columns=["txn"])["txn"].struct["appId"].drop_nulls())
    except PolarsError as error:
        raise Corrupt(f"{storage.url_of(key)}: it was changed or cut") from error


def _versions(storage: Storage, pattern: re.Pattern[str]) -> list[int]:
    """The versions whose commits, or whose checkpoints, are there, in order."""
    return [int(match[1]) for name in storage.names(_LOG) if (match := pattern.fullmatch(name))]
