"""Versions: complete or absent, never changed, and every change on the disk found."""

import multiprocessing
import stat
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from fti_assets.contracts.errors import Corrupt
from fti_assets.stores.registry import ModelVersion, Registry

START = datetime(2013, 1, 1, tzinfo=UTC)


def add(registry: Registry, number: int, cutoff: int = 0, model: str = "delay") -> ModelVersion:
    files = {"model.ubj": f"trees {number}".encode(), "metrics.json": b'{"loss": 0.61}'}
    cut = START + timedelta(days=cutoff)
    return registry.register(model, files, cutoff=cut, facts={"run_id": f"run {number}", "seed": 7})


@pytest.fixture
def registry(tmp_path: Path) -> Registry:
    return Registry(tmp_path)


@pytest.fixture
def three(registry: Registry) -> Registry:
    for number in (1, 2, 3):
        add(registry, number, cutoff=number)
    return registry


def test_identical_content_is_the_version_that_exists_and_writes_nothing(registry: Registry) -> None:
    first = add(registry, 1)
    before = {p: p.stat().st_mtime_ns for p in registry.root.rglob("*") if p.name != ".lock"}
    again = registry.register(
        "delay",
        {name: first.read(name) for name in first.manifest["files"]},
        cutoff=first.cutoff,
        facts={"run_id": "2"},
    )
    assert again == first
    assert {p: p.stat().st_mtime_ns for p in registry.root.rglob("*") if p.name != ".lock"} == before


def test_the_content_id_depends_on_model_cutoff_and_files_alone(registry: Registry, tmp_path: Path) -> None:
    first = add(registry, 1)
    assert add(Registry(tmp_path / "elsewhere"), 1).content_id == first.content_id
    others = [add(registry, 2), add(registry, 1, cutoff=1), add(registry, 1, model="price")]
    assert len({first.content_id, *(other.content_id for other in others)}) == 4


def test_the_files_of_a_version_are_read_only(registry: Registry) -> None:
    modes = {p.name: stat.S_IMODE(p.stat().st_mode) for p in add(registry, 1).path.iterdir()}
    assert modes == {"model.ubj": 0o444, "metrics.json": 0o444, "manifest.json": 0o444}


@pytest.mark.parametrize(
    "name", ["../model.ubj", "a/b.json", "/etc/x.json", "Model.ubj", "model.pkl", ".json", "x.json\n"]
)
def test_file_names_that_could_leave_the_directory_are_refused(registry: Registry, name: str) -> None:
    with pytest.raises(ValueError, match="file name"):
        registry.register("delay", {name: b"x"}, cutoff=START, facts={})
    assert list(registry.root.iterdir()) == []


def test_a_manifest_of_ones_own_no_files_or_facts_beyond_json_are_refused(registry: Registry) -> None:
    with pytest.raises(ValueError, match="which the registry writes"):
        registry.register("delay", {"manifest.json": b"{}"}, cutoff=START, facts={})
    with pytest.raises(ValueError, match="at least one file"):
        registry.register("delay", {}, cutoff=START, facts={})
    with pytest.raises(ValueError, match="finite numbers"):
        registry.register("delay", {"model.ubj": b"x"}, cutoff=START, facts={"loss": float("nan")})
    with pytest.raises(ValueError, match="timezone-aware"):
        registry.register("delay", {"model.ubj": b"x"}, cutoff=datetime(2013, 1, 1), facts={})
    assert list(registry.root.iterdir()) == []


def test_what_a_killed_writer_left_is_not_seen_and_is_cleaned_by_the_next(registry: Registry) -> None:
    leftover = registry.root / "delay" / ".incoming"
    (registry.root / "delay" / "versions").mkdir(parents=True)
    leftover.mkdir()
    (leftover / "half.json").write_bytes(b"{")
    assert registry.models() == []
    assert registry.versions("delay") == []
    assert {p.name for p in add(registry, 1).path.iterdir()} == {"model.ubj", "metrics.json", "manifest.json"}
    assert not leftover.exists()
    registry.verify("delay")


def test_a_writer_killed_before_the_rename_leaves_nothing(registry: Registry, monkeypatch: pytest.MonkeyPatch) -> None:
    def die(*_: Path) -> Path:
        raise KeyboardInterrupt

    with monkeypatch.context() as patched:
        patched.setattr(Path, "rename", die)
        with pytest.raises(KeyboardInterrupt):
            add(registry, 1)
    assert registry.models() == []
    assert add(registry, 2).version == 1
    registry.verify("delay")


def _register_ten(root: str, worker: int) -> None:
    registry = Registry(Path(root))
    for number in range(10):
        registry.register("delay", {"model.ubj": f"{worker} {number}".encode()}, cutoff=START, facts={})
        registry.register("delay", {"model.ubj": f"shared {number}".encode()}, cutoff=START, facts={})


def test_four_processes_that_register_at_once_lose_nothing(registry: Registry) -> None:
    context = multiprocessing.get_context("spawn")
    workers = [context.Process(target=_register_ten, args=(str(registry.root), n)) for n in range(4)]
    for worker in workers:
        worker.start()
    for worker in workers:
        worker.join()
    assert [worker.exitcode for worker in workers] == [0, 0, 0, 0]
    versions = registry.versions("delay")
    own = {f"{worker} {number}" for worker in range(4) for number in range(10)}
    assert [v.version for v in versions] == list(range(1, 51))
    assert {v.read("model.ubj").decode() for v in versions} == own | {f"shared {number}" for number in range(10)}
    registry.verify("delay")


@pytest.mark.parametrize("name", ["model.ubj", "metrics.json"])
def test_a_changed_file_is_found_when_read_and_by_verify(three: Registry, name: str) -> None:
    three.verify("delay")
    version = three.get("delay", 2)
    (version.path / name).chmod(0o644)
    (version.path / name).write_bytes(b"other")
    with pytest.raises(Corrupt, match=rf"versions/2/{name}: the file was changed"):
        version.read(name)
    with pytest.raises(Corrupt, match=rf"versions/2/{name}"):
        three.verify("delay")


def test_a_file_that_is_gone_or_was_added_is_found(three: Registry) -> None:
    path = three.get("delay", 2).path
    (path / "extra.json").write_bytes(b"{}")
    with pytest.raises(Corrupt, match=r"extra\.json: the manifest does not name"):
        three.verify("delay")
    (path / "extra.json").unlink()
    (path / "model.ubj").unlink()
    with pytest.raises(Corrupt, match=r"model\.ubj.*is gone"):
        three.verify("delay")


def test_a_changed_fact_in_a_manifest_is_found_by_every_reader(three: Registry) -> None:
    path = three.get("delay", 2).path / "manifest.json"
    path.chmod(0o644)
    path.write_text(path.read_text().replace('"seed": 7', '"seed": 8'))
    with pytest.raises(Corrupt, match=r"versions/2/manifest\.json"):
        three.get("delay", 2)
    assert three.get("delay", 1).manifest["facts"]["seed"] == 7


def test_a_version_put_in_anothers_place_is_found(three: Registry) -> None:
    versions = three.root / "delay" / "versions"
    (versions / "3").rename(versions / "4")
    with pytest.raises(Corrupt, match="expected delay version 4, it is of delay version 3"):
        three.verify("delay")
