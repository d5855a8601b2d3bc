"""Versions: complete or absent, never changed, and every change on the disk found."""

import multiprocessing
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from fti_assets.contracts.errors import Corrupt
from fti_assets.stores.records import Records
from fti_assets.stores.registry import ModelVersion, Registry
from fti_assets.stores.storage import Storage

START = datetime(2013, 1, 1, tzinfo=UTC)


def add(registry: Registry, number: int, cutoff: int = 0, model: str = "delay") -> ModelVersion:
    files = {"model.ubj": f"trees {number}".encode(), "metrics.json": b'{"loss": 0.61}'}
    cut = START + timedelta(days=cutoff)
    return registry.register(model, files, cutoff=cut, facts={"run_id": f"run {number}", "seed": 7})


@pytest.fixture
def registry(storage: Storage) -> Registry:
    return Registry(storage)


@pytest.fixture
def three(registry: Registry) -> Registry:
    for number in (1, 2, 3):
        add(registry, number, cutoff=number)
    return registry


def test_identical_content_is_the_version_that_exists_and_writes_nothing(registry: Registry) -> None:
    first = add(registry, 1)
    before = registry.storage.objects()
    again = registry.register(
        "delay",
        {name: first.read(name) for name in first.manifest["files"]},
        cutoff=first.cutoff,
        facts={"run_id": "2"},
    )
    assert again == first
    assert registry.storage.objects() == before


def test_the_content_id_depends_on_model_cutoff_and_files_alone(registry: Registry, tmp_path: Path) -> None:
    first = add(registry, 1)
    assert add(Registry(Storage(tmp_path / "elsewhere")), 1).content_id == first.content_id
    others = [add(registry, 2), add(registry, 1, cutoff=1), add(registry, 1, model="price")]
    assert len({first.content_id, *(other.content_id for other in others)}) == 4


@pytest.mark.parametrize(
    "name", ["../model.ubj", "a/b.json", "/etc/x.json", "Model.ubj", "model.pkl", ".json", "x.json\n"]
)
def test_file_names_that_could_leave_the_directory_are_refused(registry: Registry, name: str) -> None:
    with pytest.raises(ValueError, match="file name"):
        registry.register("delay", {name: b"x"}, cutoff=START, facts={})
    assert registry.storage.objects() == []


def test_no_files_and_facts_beyond_json_are_refused(registry: Registry) -> None:
    with pytest.raises(ValueError, match="at least one file"):
        registry.register("delay", {}, cutoff=START, facts={})
    with pytest.raises(ValueError, match="finite numbers"):
        registry.register("delay", {"model.ubj": b"x"}, cutoff=START, facts={"loss": float("nan")})
    with pytest.raises(ValueError, match="timezone-aware"):
        registry.register("delay", {"model.ubj": b"x"}, cutoff=datetime(2013, 1, 1), facts={})
    assert registry.storage.objects() == []


def test_a_writer_killed_before_its_manifest_leaves_nothing_that_is_seen(
    registry: Registry, monkeypatch: pytest.MonkeyPatch
) -> None:
    def die(*_: object) -> None:
        raise KeyboardInterrupt

    with monkeypatch.context() as patched:
        patched.setattr(Records, "append", die)
        with pytest.raises(KeyboardInterrupt):
            add(registry, 1)
    assert registry.models() == []
    assert add(registry, 2).version == 1
    registry.verify("delay")


def _register_ten(registry: Registry, worker: int) -> None:
    for number in range(10):
        registry.register("delay", {"model.ubj": f"{worker} {number}".encode()}, cutoff=START, facts={})
        registry.register("delay", {"model.ubj": f"shared {number}".encode()}, cutoff=START, facts={})


@pytest.mark.slow
def test_twelve_processes_that_register_at_once_lose_and_double_nothing(registry: Registry) -> None:
    with multiprocessing.get_context("spawn").Pool(12) as pool:
        pool.starmap(_register_ten, [(registry, worker) for worker in range(12)])
    versions = registry.versions("delay")
    own = {f"{worker} {number}" for worker in range(12) for number in range(10)}
    assert [v.version for v in versions] == list(range(1, 131))
    assert {v.read("model.ubj").decode() for v in versions} == own | {f"shared {number}" for number in range(10)}
    registry.verify("delay")


def in_folder(tmp_path: Path) -> tuple[Registry, Path]:
    """Three versions, and the folder that holds them."""
    registry = Registry(Storage(tmp_path))
    for number in (1, 2, 3):
        add(registry, number, cutoff=number)
    return registry, tmp_path / "delay"


def blob(registry: Registry, folder: Path, name: str) -> Path:
    """The file of version 2 of that name."""
    digest = registry.get("delay", 2).manifest["files"][name]
    return folder / "blobs" / digest[:2] / digest[2:]


@pytest.mark.parametrize("name", ["model.ubj", "metrics.json"])
@pytest.mark.parametrize("content", [b"", b"other"])
def test_a_changed_file_is_found_when_read_and_by_verify(tmp_path: Path, name: str, content: bytes) -> None:
    registry, folder = in_folder(tmp_path)
    registry.verify("delay")
    blob(registry, folder, name).write_bytes(content)
    with pytest.raises(Corrupt, match=rf"delay version 2, {name}: .*it was changed or cut"):
        registry.get("delay", 2).read(name)
    with pytest.raises(Corrupt, match=rf"delay version \d, {name}"):
        registry.verify("delay")


def test_a_file_that_is_gone_is_found(tmp_path: Path) -> None:
    registry, folder = in_folder(tmp_path)
    blob(registry, folder, "model.ubj").unlink()
    with pytest.raises(Corrupt, match=r"delay version 2, model\.ubj: .* it is gone"):
        registry.verify("delay")


def test_no_bit_of_a_model_or_manifest_can_change_unnoticed(tmp_path: Path) -> None:
    for attempt in range(40):
        registry, folder = in_folder(tmp_path / str(attempt))
        path = folder / "versions" / "00000001.json" if attempt % 2 else blob(registry, folder, "model.ubj")
        content = bytearray(path.read_bytes())
        place = attempt * 7919 % (len(content) * 8)
        content[place // 8] ^= 1 << place % 8
        path.write_bytes(bytes(content))
        with pytest.raises(Corrupt, match=path.name):
            registry.verify("delay")
