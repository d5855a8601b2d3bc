"""A home that can be read and not written: reading, looking up and views work, and writing says why it does not."""

from collections.abc import Callable, Iterator
from contextlib import nullcontext
from pathlib import Path

import polars as pl
import pytest

from fti_assets.contracts.errors import ReadOnly
from fti_assets.contracts.time import Window, midnight
from fti_assets.features.materialize import materialize
from fti_assets.home import Home
from fti_assets.stores.home_maintenance import faults_of_home, maintain_home
from fti_assets.stores.storage import Storage
from fti_assets.stores.table_log import table_log
from fti_assets_tests.stores.buckets import READER
from fti_assets_tests.stores.disks import read_only
from fti_assets_tests.worlds import BINDINGS, orders, returns, write_history

DAY = Window.of_days("2024-01-20", "2024-01-20")


@pytest.fixture
def home(storage: Storage, monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> Iterator[Home]:
    """The shop's history and a model, written and then read-only."""
    monkeypatch.chdir(tmp_path)
    home = Home(storage.url)
    write_history(home)
    home.registry.register("returns", {"model.json": b"{}"}, cutoff=midnight("2024-01-20"), facts={})
    home.online.load(orders, home.features.read(orders, DAY))
    table_log.cache_clear()
    with read_only(storage.folder) if storage.folder is not None else nullcontext():
        for name, value in READER.items():
            monkeypatch.setenv(name, value)
        yield Home(storage.url)
    table_log.cache_clear()


def test_what_was_written_is_read(home: Home) -> None:
    assert len(home.read(orders, "2024-01-20", "2024-01-20")) == 20
    assert [version.version for version in home.registry.versions("returns")] == [1]
    assert home.features.missing(orders, DAY) == []
    assert list(faults_of_home(home)) == []


def test_views_are_read_and_looked_up(home: Home) -> None:
    assert len(home.read(returns.view, "2024-01-20", "2024-01-20")) == 20
    selection = orders["customer", "quantity"]
    request = home.features.read(orders, DAY).head(1)
    answer = home.online.look_up(selection, request, "placed_at")
    assert answer["quantity"].to_list() == request["quantity"].to_list()
    if home.storage.folder is not None:  # beside a bucket the online store is a local file
        with pytest.raises(ReadOnly, match=r"online\.sqlite: it is read-only"):
            home.online.load(orders, pl.DataFrame(request))


def _compute(home: Home) -> object:
    return materialize(BINDINGS[0], Window.of_days("2024-03-01", "2024-03-01"), home.features)


def _register(home: Home) -> object:
    return home.registry.register("returns", {"model.json": b"[]"}, cutoff=midnight("2024-01-21"), facts={})


@pytest.mark.parametrize("write", [_compute, _register, maintain_home])
def test_writing_says_why_it_does_not(home: Home, write: Callable[[Home], object]) -> None:
    before = home.storage.objects()
    with pytest.raises(ReadOnly, match="it is read-only, or these credentials are not let in"):
        write(home)
    assert home.storage.objects() == before
