"""What maintenance deletes of a home, what it keeps, and which faults are told, on a folder and on a bucket."""

from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path

import polars as pl
import pytest

from fti_assets.contracts.errors import Corrupt
from fti_assets.contracts.time import Window, midnight
from fti_assets.features.materialize import materialize
from fti_assets.stores.blobs import Blobs
from fti_assets.stores.home import Home
from fti_assets.stores.home_maintenance import Objects, faults_of_home, maintain_home
from fti_assets.stores.storage import Storage
from fti_assets_tests.worlds import BINDINGS, order_source, orders

AT_ONCE = timedelta(0)
ORDERS = BINDINGS[0]


@pytest.fixture
def home(storage: Storage) -> Home:
    """Five days of orders and of what became of them, day by day."""
    home = Home(storage.url)
    for day in Window.of_days("2024-01-01", "2024-01-05").split(1):
        for binding in BINDINGS[:2]:
            materialize(binding, day, home.features)
    return home


def register(home: Home, tables: dict[str, int]) -> None:
    """A model that was made of these versions of tables."""
    home.registry.register(
        "returns", {"model.json": b"{}"}, cutoff=midnight("2024-01-05"), facts={"tables": {**tables, "gone": None}}
    )


def quantities(home: Home, version: int | None = None) -> list[int]:
    rows = home.features.read(orders, Window.of_days("2024-01-01", "2024-01-02"), version=version)
    return rows["quantity"].to_list()


def test_versions_that_models_were_made_of_are_kept_also_those_of_backtests(home: Home) -> None:
    register(home, {"order": 2})
    register(home.backtest("older"), {"order": 1})
    assert home.kept_versions() == {"features/order": {1, 2}}
    before = quantities(home, 2)
    correction = orders.computed(lambda rows: rows.assign(quantity=9), order_source)
    materialize(correction, Window.of_days("2024-01-01", "2024-01-02"), home.features)
    materialize(ORDERS, Window.of_days("2024-01-06", "2024-01-06"), home.features)
    done = maintain_home(home, grace=AT_ONCE)
    assert done["features/order"].compacted == ["2024-01"]
    assert (quantities(home, 2), set(quantities(home))) == (before, {9})
    assert home.features.read(orders, Window.of_days("2024-01-01", "2024-01-01"), version=1).height == 20


def test_a_manifest_that_cannot_be_read_stops_maintenance_and_nothing_is_deleted(home: Home) -> None:
    register(home, {"order": 1})
    key = "models/returns/versions/00000000.json"
    home.storage.delete([key])
    home.storage.create(key, b"")
    objects = home.storage.objects()
    with pytest.raises(Corrupt, match=f"{key}: expected JSON"):
        maintain_home(home, grace=AT_ONCE)
    assert home.storage.objects() == objects
    assert any(key in fault for fault in faults_of_home(home))


def test_files_that_no_record_names_are_deleted_when_they_are_a_day_old(home: Home) -> None:
    register(home, {})
    blobs = Blobs(home.storage.at("models", "returns", "blobs"))
    orphan = blobs.put(b"of a registration that was killed")
    assert "files that no record names" not in maintain_home(home)
    told = maintain_home(home, grace=AT_ONCE, dry_run=True)["files that no record names"].deleted
    assert blobs.get(orphan), "a dry run does nothing"
    assert maintain_home(home, grace=AT_ONCE)["files that no record names"].deleted == told
    with pytest.raises(Corrupt, match="it is gone"):
        blobs.get(orphan)
    assert home.registry.get("returns", 1).read("model.json") == b"{}"


def test_of_values_that_change_the_newest_revision_is_left(home: Home) -> None:
    statistics = home.features.statistics.read(orders, Window.of_days("2024-01-01", "2024-01-05"))
    revisions = Objects.of(home.storage).revisions
    deleted = maintain_home(home, grace=AT_ONCE)["older revisions"].deleted
    assert len(deleted) == 16, "of two groups' statistics and provenance of a month, which five days changed"
    assert set(revisions) - set(Objects.of(home.storage).revisions) == set(deleted)
    after = home.features.statistics.read(orders, Window.of_days("2024-01-01", "2024-01-05"))
    assert after.equals(statistics)
    assert "older revisions" not in maintain_home(home, grace=AT_ONCE)


def test_what_killed_writers_left_in_a_folder_is_deleted_and_other_programs_files_are_not(tmp_path: Path) -> None:
    home = Home(tmp_path)
    left = tmp_path / "models" / ".00000000.json.0123456789abcdef0123456789abcdef"
    others = [tmp_path / "models" / ".DS_Store", tmp_path / ".telemetry" / left.name]
    for path in (left, *others):
        path.parent.mkdir(exist_ok=True)
        path.write_bytes(b"")
    done = maintain_home(home, grace=AT_ONCE)
    assert done["left by killed writers"].deleted == [f"models/{left.name}"]
    assert [path.exists() for path in (left, *others)] == [False, True, True]


def test_a_home_that_was_maintained_has_nothing_to_do_and_no_fault(home: Home) -> None:
    maintain_home(home, grace=AT_ONCE)
    done = maintain_home(home, grace=AT_ONCE)
    assert all((did.compacted, did.summarized, did.deleted) == ([], None, []) for did in done.values())
    assert list(faults_of_home(home)) == []


def flipped(home: Home, key: str) -> Iterator[None]:
    """Forty times another bit of an object."""
    content = home.storage.read(key) or b""
    for place in range(0, len(content), max(1, len(content) // 40)):
        home.storage.delete([key])
        home.storage.create(key, content[:place] + bytes([content[place] ^ 1]) + content[place + 1 :])
        yield
    home.storage.delete([key])
    home.storage.create(key, content)


@pytest.mark.slow
def test_every_flipped_bit_of_an_object_is_told_by_its_name(storage: Storage) -> None:
    home = Home(storage.url)
    materialize(ORDERS, Window.of_days("2024-01-01", "2024-01-01"), home.features)
    register(home, {})
    home.features.tiles.put("habits", {"2024-01-01": "one"}, {"2024-01-01": pl.DataFrame({"a": [1.5]})})
    home.registry.promote("returns", 1, who="eva", why="a test", effective=midnight("2024-01-06"), expected=None)
    objects = Objects.of(home.storage)
    one_of_each_kind = [
        objects.blobs[0],
        objects.revisions[0],
        objects.tiles[0],
        "models/returns/versions/00000000.json",
        "models/returns/journal/00000000.json",
        next(key for key in objects.keys if key.startswith("features/order/fti_month=")),
    ]
    for key in one_of_each_kind:
        for _ in flipped(home, key):
            assert any(key.rpartition("/")[2] in fault for fault in faults_of_home(home)), key
    assert list(faults_of_home(home)) == []
