"""What a value comes down to: equal values have equal versions, on every machine and in every order of a set."""

import importlib
import logging
import re
import sqlite3
import sys
from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta
from decimal import Decimal
from enum import Enum
from functools import cache, cached_property
from pathlib import Path, PurePosixPath

import attrs
import numpy as np
import pandas as pd
import polars as pl
import pytest

from fti_assets.contracts.code_version import code_of, code_version
from fti_assets.contracts.feature_group import FeatureGroup
from fti_assets_tests.worlds import Order


class Colour(Enum):
    RED = 1
    BLUE = 2


@dataclass(frozen=True)
class Range:
    low: float
    high: float


@attrs.frozen
class Limits:
    warn: Range
    fail: Range | None = None


class Reader:
    def __init__(self, path: str) -> None:
        self.path = path

    def __call__(self) -> str:
        return self.path

    @cached_property
    def rows(self) -> list[str]:
        return [self.path]


def orders(**changes: object) -> FeatureGroup:
    return FeatureGroup(Order, keys="order_id", event_time="placed_at", **changes)  # type: ignore[arg-type]


def frame(*prices: float, index: list[str] | None = None) -> pd.DataFrame:
    return pd.DataFrame({"price": prices, "names": [["a"]] * len(prices)}, index=index)


@pytest.mark.parametrize(
    ("value", "other"),
    [
        (1, 2),
        (1, 1.0),
        (1, True),
        ("a", "b"),
        ("a", b"a"),
        (("a", "b"), ("b", "a")),
        ((1, (2, 3)), ((1, 2), 3)),
        ({"a", "b"}, {"a"}),
        ({"a": 1}, {"a": 2}),
        ({"limits": [len]}, {"limits": [abs]}),
        (date(2013, 1, 1), date(2013, 1, 2)),
        (datetime(2013, 1, 1, tzinfo=UTC), datetime(2013, 1, 1, 1, tzinfo=UTC)),
        (timedelta(days=1), timedelta(days=2)),
        (Decimal("1.0"), Decimal("1.1")),
        (re.compile("a+"), re.compile("a*")),
        (re.compile("a"), re.compile("a", re.IGNORECASE)),
        (Colour.RED, Colour.BLUE),
        (Range(0, 1), Range(0, 2)),
        (Limits(Range(0, 1)), Limits(Range(0, 2))),
        (Limits(Range(0, 1)), Limits(Range(0, 1), Range(0, 1))),
        (Reader("a.csv"), Reader("b.csv")),
        (Reader("a.csv").__call__, Reader("b.csv").__call__),
        ({"a": 1}.get, {"a": 2}.get),
        (Path("a.csv"), Path("b.csv")),
        (np.sum, np.mean),
        (np.log, np.exp),
        (np.int64(1), np.int32(1)),
        (np.array([1, 2]), np.array([1, 3])),
        (pd.Timestamp("2013-01-01"), pd.Timestamp("2013-01-02")),
        (pd.DateOffset(days=1), pd.DateOffset(days=2)),
        (frame(1.0, 2.0), frame(1.0, 3.0)),
        (frame(1.0, 2.0), frame(1.0, 2.0, index=["a", "b"])),
        (frame(), frame(1.0)),
        (pd.DataFrame(), pd.DataFrame({"a": []})),
        (pd.DataFrame({"a": ["1", 2]}), pd.DataFrame({"a": [1, 2]}, dtype=object)),
        (pd.Series([1]), pd.Series([1.0])),
        (pd.Index(["a"]), pd.Index(["b"])),
        (pl.DataFrame({"a": [1]}), pl.DataFrame({"a": [2]})),
        (pl.col("delay") > 15, pl.col("delay") > 16),
        (orders(), orders(lookback="2d")),
    ],
)
def test_other_values_have_another_version(value: object, other: object) -> None:
    assert code_version(value) != code_version(other)


@pytest.mark.parametrize(
    ("value", "same"),
    [
        ({"b", "a"}, {"a", "b"}),
        (frozenset({(2, "b"), (1, "a")}), frozenset({(1, "a"), (2, "b")})),
        ({"limits": (1, 2.5), "names": ["x"]}, {"limits": (1, 2.5), "names": ["x"]}),
        (Limits(Range(0, 1)), Limits(Range(0, 1))),
        (Reader("a.csv"), Reader("a.csv")),
        (frame(1.0, 2.0), frame(1.0, 2.0)),
        (np.array([1, 2]), np.array([1, 2])),
        (orders(), orders(owners=["team:shop"], tags={"domain": "returns"})),
        (PurePosixPath("/data/one"), PurePosixPath("/data/two")),
        (sqlite3.connect(":memory:"), sqlite3.connect(":memory:")),
    ],
)
def test_equal_values_have_equal_versions(value: object, same: object) -> None:
    assert code_version(value) == code_version(same)


def test_what_an_object_caches_does_not_count() -> None:
    reader = Reader("a.csv")
    before = code_version(reader)
    assert reader.rows == ["a.csv"]
    assert code_version(reader) == before


def test_what_a_function_has_cached_does_not_count() -> None:
    @cache
    def squared(x: int) -> int:
        return x * x

    before = code_version(squared)
    squared(2)
    assert code_version(squared) == before


def test_a_logger_counts_by_its_type() -> None:
    logger = logging.getLogger("test")
    before = code_version(logger)
    logger.setLevel("ERROR")
    assert code_version(logger) == before


def test_a_value_that_holds_itself_ends() -> None:
    value: list[object] = [1]
    value.append(value)
    assert code_version(value) == code_version(value)


@pytest.mark.parametrize(
    ("path", "counts"),
    [
        ("Path(__file__).parent / 'table.csv'", True),
        ("str(Path(__file__).parent / 'table.csv')", True),
        ("Path('data') / 'table.csv'", True),
        ("Path(__file__).parents[2] / 'table.csv'", False),
        ("Path.home() / 'table.csv'", False),
    ],
)
def test_a_path_counts_from_the_package_on(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, path: str, counts: bool
) -> None:
    def version(machine: str, path: str) -> str:
        folder = tmp_path / machine / "shop_of_paths"
        folder.mkdir(parents=True)
        (folder / "__init__.py").write_text(f"from pathlib import Path\nTABLE = {path}\ndef read():\n    return TABLE")
        with monkeypatch.context() as patched:
            patched.syspath_prepend(folder.parent)
            sys.modules.pop("shop_of_paths", None)
            return code_version(importlib.import_module("shop_of_paths").read)

    assert version("one", path) == version("two", path)
    assert (version("three", path) != version("four", path.replace("table", "other"))) == counts


@pytest.mark.parametrize("change", ["TABLE['a'] = 2", "TABLE.update(b=3)", "TABLE = dict(TABLE, c=4)"])
def test_what_changes_a_module_value_later_counts(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, change: str) -> None:
    def version(name: str, change: str) -> str:
        (tmp_path / f"{name}.py").write_text(f"TABLE = {{'a': 1}}\n{change}\ndef read():\n    return TABLE")
        monkeypatch.syspath_prepend(tmp_path)
        return code_version(importlib.import_module(name).read)

    assert version("values_as_they_were", "") == version("values_unchanged", "TABLE['a'] = 1")
    assert version("values_before", "") != version(f"values_after_{abs(hash(change))}", change)


def test_the_texts_that_a_function_names_are_told() -> None:
    columns = ("price", "quantity")

    def amount(rows: pd.DataFrame) -> pd.DataFrame:
        return rows[list(columns)]

    read: Callable[..., object] = amount
    assert code_of(read).texts == {"price", "quantity"}
