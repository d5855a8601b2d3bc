import subprocess
import sys
import threading
import time
from datetime import UTC, date, datetime
from pathlib import Path

import pytest
from attrs import evolve

from fti_assets.contracts.catalogue_rows import group_row, model_row
from fti_assets.contracts.errors import Corrupt
from fti_assets.contracts.time import Window, midnight
from fti_assets.features.materialize import materialize
from fti_assets.stores.catalogue import Catalogue, Stored, consumers, get
from fti_assets.stores.home import Home
from fti_assets.training.datasets import build_dataset
from fti_assets_tests.worlds import BINDINGS, orders, products, returns, write_history


def test_a_materialization_keeps_its_group_in_the_catalogue(tmp_path: Path) -> None:
    home = Home(tmp_path)
    write_history(home, date(2024, 1, 1), date(2024, 1, 3))
    assert Catalogue(home.features.root).entries() == {b.group.name: group_row(b) for b in BINDINGS}


def test_an_entry_is_written_only_when_it_says_anything_new(tmp_path: Path) -> None:
    catalogue = Catalogue(tmp_path)
    assert catalogue.keep(group_row(BINDINGS[0]))
    written = (tmp_path / ".catalogue" / "order.json").stat()
    assert not catalogue.keep(group_row(BINDINGS[0]))
    assert (tmp_path / ".catalogue" / "order.json").stat().st_ino == written.st_ino
    assert catalogue.keep(group_row(evolve(BINDINGS[0], group=evolve(orders, owners=["team:shop"]))))
    assert catalogue.entries()["order"]["owners"] == ["team:shop"]


def test_keeping_what_is_there_costs_less_than_a_millisecond(tmp_path: Path) -> None:
    catalogue = Catalogue(tmp_path)
    catalogue.keep(group_row(BINDINGS[3]))

    def seconds() -> float:
        begin = time.thread_time()
        for _ in range(10):
            catalogue.keep(group_row(BINDINGS[3]))
        return (time.thread_time() - begin) / 10

    assert min(seconds() for _ in range(5)) < 0.001


def test_writers_at_once_leave_a_whole_entry(tmp_path: Path) -> None:
    entries = [group_row(evolve(BINDINGS[0], group=evolve(orders, tags={"n": str(n)}))) for n in range(8)]
    threads = [threading.Thread(target=Catalogue(tmp_path).keep, args=(entry,)) for entry in entries]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert Catalogue(tmp_path).entries()["order"] in entries


def test_a_torn_entry_is_named(tmp_path: Path) -> None:
    Catalogue(tmp_path).keep(group_row(BINDINGS[0]))
    (tmp_path / ".catalogue" / "order.json").write_text("{")
    with pytest.raises(Corrupt, match=r"order.json: expected JSON .*: delete it; the next materialization writes it"):
        Catalogue(tmp_path).entries()


def test_what_is_not_there_is_named_with_what_is() -> None:
    with pytest.raises(LookupError, match="there is no feature group 'ordr'; there are: order"):
        get({"order": {}}, "feature group", "ordr")


def test_stored_are_the_partitions_that_were_written_and_the_newest_row(tmp_path: Path) -> None:
    home = Home(tmp_path)
    for first, last in (("2024-01-01", "2024-01-02"), ("2024-01-05", "2024-01-05")):
        materialize(BINDINGS[0], Window.of_days(first, last), home.features)
        materialize(BINDINGS[1], Window.of_days(first, last), home.features)
    held = Stored.of(home.features.root, group_row(BINDINGS[0]))
    assert held.partitions == ("2024-01-01", "2024-01-02", "2024-01-05")
    assert held.missing == ("2024-01-03", "2024-01-04")
    assert held.last_known == datetime(2024, 1, 5, 17, 30, tzinfo=UTC), "the last order of the day"
    assert held.version == home.features.version(orders)
    empty_first_day = Stored.of(home.features.root, group_row(BINDINGS[1]))
    assert empty_first_day.partitions == held.partitions, "a day without rows was written all the same"


def test_a_dimension_is_stored_whole_and_a_group_may_not_be_stored_at_all(tmp_path: Path) -> None:
    home = Home(tmp_path)
    materialize(BINDINGS[2], Window.of_days("2024-01-01", "2024-01-01"), home.features)
    held = Stored.of(home.features.root, group_row(BINDINGS[2]))
    assert (len(held.partitions), held.missing, held.last_known) == (1, (), None)
    assert Stored.of(home.features.root, group_row(BINDINGS[0])) == Stored(None, (), (), None)
    assert products.dimension


def test_a_dataset_keeps_its_model_and_a_backtest_keeps_its_own(shop: Home) -> None:
    build_dataset(returns, midnight("2024-01-10"), midnight("2024-01-01"), shop)
    other = evolve(returns, description="another recipe")
    build_dataset(other, midnight("2024-01-10"), midnight("2024-01-01"), shop.backtest("other"))
    assert Catalogue(shop.registry.root).entries() == {"returns": model_row(returns)}
    assert shop.registry.models() == []


def test_consumers_are_models_and_groups_by_column() -> None:
    used = consumers({b.group.name: group_row(b) for b in BINDINGS}, {"returns": model_row(returns)})
    assert used["outcome.is_returned"] == {"returns": "label", "customer_history": "windows"}
    assert used["products.price"] == {"returns": "feature"}
    assert used["order.customer"] == {"returns": "join"}
    assert "order.is_gift" in used
    assert "customer_history.as_of" not in used


def test_it_is_read_without_dagster_pandas_or_the_systems_code(shop: Home) -> None:
    code = f"""
import sys
from pathlib import Path
from fti_assets.stores.catalogue import Catalogue, Stored
root = Path({str(shop.features.root)!r})
held = [Stored.of(root, entry) for entry in Catalogue(root).entries().values()]
heavy = {{"dagster", "pandas", "pandera", "xgboost", "fti_assets_tests"}}
sys.stdout.write(f"{{len(held)}} {{sorted(heavy & set(sys.modules))}}")
"""
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout == "4 []"
