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
from fti_assets.stores.storage import Storage
from fti_assets.training.datasets import build_dataset
from fti_assets_tests.worlds import BINDINGS, orders, products, returns, write_history


def test_a_materialization_keeps_its_group_in_the_catalogue(tmp_path: Path) -> None:
    home = Home(tmp_path)
    write_history(home, date(2024, 1, 1), date(2024, 1, 3))
    assert home.features.catalogue.rows() == {b.group.name: group_row(b) for b in BINDINGS}


def test_a_row_is_written_only_when_it_says_anything_new(storage: Storage) -> None:
    catalogue = Catalogue(storage)
    assert catalogue.keep(group_row(BINDINGS[0]))
    written = storage.objects()
    assert not catalogue.keep(group_row(BINDINGS[0]))
    assert storage.objects() == written
    assert catalogue.keep(group_row(evolve(BINDINGS[0], group=evolve(orders, owners=["team:shop"]))))
    assert catalogue.rows()["order"]["owners"] == ["team:shop"]


def test_keeping_what_is_there_costs_less_than_a_millisecond(tmp_path: Path) -> None:
    catalogue, row = Catalogue(Storage(tmp_path)), group_row(BINDINGS[3])
    catalogue.keep(row)

    def seconds() -> float:
        begin = time.thread_time()
        for _ in range(10):
            catalogue.keep(row)
        return (time.thread_time() - begin) / 10

    assert min(seconds() for _ in range(5)) < 0.001


def test_writers_at_once_leave_a_whole_row(storage: Storage) -> None:
    rows = [group_row(evolve(BINDINGS[0], group=evolve(orders, tags={"n": str(n)}))) for n in range(8)]
    threads = [threading.Thread(target=Catalogue(storage).keep, args=(row,)) for row in rows]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert Catalogue(storage).rows()["order"] in rows


def test_a_torn_row_is_named(tmp_path: Path) -> None:
    Catalogue(Storage(tmp_path)).keep(group_row(BINDINGS[0]))
    (tmp_path / "order" / "00000000").write_text("{")
    with pytest.raises(Corrupt, match="order/00000000: it was changed or cut"):
        Catalogue(Storage(tmp_path)).rows()


def test_what_is_not_there_is_named_with_what_is() -> None:
    with pytest.raises(LookupError, match="there is no feature group 'ordr'; there are: order"):
        get({"order": {}}, "feature group", "ordr")


def test_stored_are_the_partitions_that_were_written_and_the_newest_row(tmp_path: Path) -> None:
    home = Home(tmp_path)
    for first, last in (("2024-01-01", "2024-01-02"), ("2024-01-05", "2024-01-05")):
        materialize(BINDINGS[0], Window.of_days(first, last), home.features)
        materialize(BINDINGS[1], Window.of_days(first, last), home.features)
    held = Stored.of(home.features.storage, group_row(BINDINGS[0]))
    assert held.partitions == ("2024-01-01", "2024-01-02", "2024-01-05")
    assert held.missing == ("2024-01-03", "2024-01-04")
    assert held.last_known == datetime(2024, 1, 5, 17, 30, tzinfo=UTC), "the last order of the day"
    assert held.version == home.features.version(orders)
    empty_first_day = Stored.of(home.features.storage, group_row(BINDINGS[1]))
    assert empty_first_day.partitions == held.partitions, "a day without rows was written all the same"


def test_a_dimension_is_stored_whole_and_a_group_may_not_be_stored_at_all(tmp_path: Path) -> None:
    home = Home(tmp_path)
    materialize(BINDINGS[2], Window.of_days("2024-01-01", "2024-01-01"), home.features)
    held = Stored.of(home.features.storage, group_row(BINDINGS[2]))
    assert (len(held.partitions), held.missing, held.last_known) == (1, (), None)
    assert Stored.of(home.features.storage, group_row(BINDINGS[0])) == Stored(None, (), (), None)
    assert products.dimension


def test_a_dataset_keeps_its_model_and_a_backtest_keeps_its_own(shop: Home) -> None:
    build_dataset(returns, midnight("2024-01-10"), midnight("2024-01-01"), shop)
    other = evolve(returns, description="another recipe")
    build_dataset(other, midnight("2024-01-10"), midnight("2024-01-01"), shop.backtest("other"))
    assert shop.models.rows() == {"returns": model_row(returns)}
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
from fti_assets.stores.catalogue import Catalogue, Stored
from fti_assets.stores.storage import Storage
features = Storage({shop.features.storage.url!r})
held = [Stored.of(features, row) for row in Catalogue(features.at("_catalogue")).rows().values()]
heavy = {{"dagster", "pandas", "pandera", "xgboost", "fti_assets_tests"}}
sys.stdout.write(f"{{len(held)}} {{sorted(heavy & set(sys.modules))}}")
"""
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout == "4 []"
