"""Setting invalid rows aside, so that the rest of a batch can go on."""

import hashlib
import json
import math
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from functools import partial
from typing import Any

import pandas as pd

from fti_assets.contracts.errors import ContractViolation
from fti_assets.contracts.group import Group
from fti_assets.contracts.kinds import Kind
from fti_assets.contracts.set_aside import Reason, SetAside
from fti_assets.contracts.source import Source
from fti_assets.contracts.time import Window
from fti_assets.validation.conform import examine_group
from fti_assets.validation.examine import Examined, Fault, cases_of, examine, shown, typed_only

Waivers = Mapping[str, frozenset[tuple[str, str]]]
"""For the digest of a row, the checks (column, check) that somebody let it pass."""
Texts = Callable[[Sequence[int]], list[str]]
"""The rows with these labels as JSON."""


@dataclass(frozen=True)
class Sifted:
    """The rows that keep their contract, in their order, and those that were set aside."""

    frame: pd.DataFrame
    aside: tuple[SetAside, ...]


def sift(frame: pd.DataFrame, contract: Group | Source, window: Window | None, waivers: Waivers) -> Sifted:
    """Set aside the rows that break the contract, with all their reasons; the others are as `conform` gives them.

    Of rows with one identity (keys and times) that differ, all are set aside: nothing says which is right. Of rows
    that are equal in every column one stays, and its copies are set aside. Checks of a whole column or frame are
    judged on the rows that stay. `waivers` let rows pass checks of their values.

    Each value is judged by itself. A word in a file's column of numbers makes pandas read all of it as text: the word's
    row is set aside, and the other texts are the numbers that they spell, with or without the word beside them.

    Raises ContractViolation when the frame as a whole breaks the contract: a column missing, not declared or of
    another type, a check of the whole. Whether too many rows are set aside, `check_shares` judges.
    """
    what = called(contract)
    if not isinstance(frame, pd.DataFrame):
        raise ContractViolation(what, cases_of(examine(frame, contract.schema).faults))
    numbered = kept = frame.reset_index(drop=True)
    examined = _examined(kept, contract, window)
    typed = examined.frame
    texts = partial(_texts, numbered, typed, contract.schema.columns)
    reasons: dict[int, list[Reason]] = {}
    while True:
        broken = _reasons(examined.of_rows)
        for label in _waived(broken, texts, waivers):
            del broken[label]
        reasons.update(broken)
        if not broken:
            break
        kept = _retyped(kept, examined.frame).drop(index=list(broken))
        examined = _examined(kept, contract, window)
    if examined.of_frame:
        raise ContractViolation(what, cases_of(examined.of_frame))
    conforming = typed_only(examined.frame, contract.schema) if examined.faults else examined.frame
    return Sifted(conforming.reset_index(drop=True), _set_aside(reasons, texts, typed, contract))


def called(contract: Group | Source) -> str:
    """What a violation calls whose rows they are: `feature group orders`, `source shop_orders`."""
    return f"{'source' if isinstance(contract, Source) else 'feature group'} {contract.name}"


def invalid_digests(frame: pd.DataFrame, source: Source) -> list[str]:
    """The digests of the rows that break a source's schema, whatever was waived."""
    numbered = frame.reset_index(drop=True)
    examined = examine(numbered, source.schema, row_by_row=True)
    texts = _texts(numbered, examined.frame, source.schema.columns, sorted(_reasons(examined.of_rows)))
    return [digest_of(text) for text in texts]


def digest_of(text: str) -> str:
    """The SHA-256 of a row's text: the same whatever batch the row comes in."""
    return hashlib.sha256(text.encode()).hexdigest()


def _retyped(frame: pd.DataFrame, typed: pd.DataFrame) -> pd.DataFrame:
    """The frame with the columns that could be read: a null may have made floats of whole numbers."""
    retyped = frame.copy(deep=False)
    for name in typed:
        retyped[name] = typed[name]
    return retyped


def _set_aside(
    reasons: Mapping[int, list[Reason]], texts: Texts, typed: pd.DataFrame, contract: Group | Source
) -> tuple[SetAside, ...]:
    labels = sorted(reasons)
    known: list[datetime | None] = [None] * len(labels)
    if isinstance(contract, Group) and contract.known_at:
        known = [None if pd.isna(time) else time.to_pydatetime() for time in typed.loc[labels, contract.known_at]]
    return tuple(
        SetAside(text, digest_of(text), tuple(reasons[label]), time)
        for label, text, time in zip(labels, texts(labels), known, strict=True)
    )


def _texts(raw: pd.DataFrame, typed: pd.DataFrame, kinds: Mapping[str, Kind], labels: Sequence[int]) -> list[str]:
    """Rows as JSON: each value in its declared type where it could be read, else as it was given."""
    columns = {}
    for name in typed:
        pairs = zip(typed.loc[labels, name].tolist(), raw.loc[labels, name].tolist(), strict=True)
        columns[name] = [plain(_number(raw if _is_null(read) else read, kinds[name])) for read, raw in pairs]
    rows = zip(*columns.values(), strict=True)
    return [json.dumps(dict(zip(columns, row, strict=True)), ensure_ascii=False) for row in rows]


def _number(value: Any, kind: Kind) -> Any:
    """The number that a text spells which Pandera coerces unless the batch has a word in it; else the value."""
    spelled = kind.spelled(value) if kind.is_numeric and isinstance(value, str) else None
    return value if spelled is None else spelled


def _is_null(value: Any) -> bool:
    return bool(pd.api.types.is_scalar(value) and pd.isna(value))


def plain(value: Any) -> Any:
    """The value as JSON holds it: times in ISO format, and what JSON has no word for as text."""
    if _is_null(value):
        return None
    if isinstance(value, datetime):
        return value.isoformat()
    value = value.item() if hasattr(value, "item") else value
    if isinstance(value, str):
        return value.encode("utf-8", "backslashreplace").decode()
    if isinstance(value, float) and not math.isfinite(value):
        return str(value)
    return value if isinstance(value, bool | int | float) else plain(str(value))


def _examined(frame: pd.DataFrame, contract: Group | Source, window: Window | None) -> Examined:
    if isinstance(contract, Source):
        return examine(frame, contract.schema, row_by_row=True)
    return examine_group(frame, contract, window, row_by_row=True)


def _reasons(faults: Sequence[Fault]) -> dict[int, list[Reason]]:
    by_row: dict[int, list[Reason]] = {}
    for fault in faults:
        for label, value in zip(fault.rows if fault.rows is not None else (), fault.values, strict=True):
            by_row.setdefault(label, []).append(Reason(fault.column, fault.check, shown(value), fault.of_value))
    return by_row


def _waived(broken: Mapping[int, list[Reason]], texts: Texts, waivers: Waivers) -> list[int]:
    """The rows that break nothing but what somebody let them pass."""
    if not waivers:
        return []
    labelled = zip(broken, texts(list(broken)), strict=True)
    waived = {label: waivers.get(digest_of(text), frozenset()) for label, text in labelled}
    return [
        label
        for label, reasons in broken.items()
        if all(reason.releasable and (reason.column, reason.check) in waived[label] for reason in reasons)
    ]
