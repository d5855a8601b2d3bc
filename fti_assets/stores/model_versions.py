"""A model's versions: immutable directories, each complete or absent."""

import json
import re
import shutil
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from fti_assets.contracts.errors import Corrupt, unknown
from fti_assets.stores.journal import instant
from fti_assets.stores.synced_files import canonical_json, sealed, sha256, sync_directory, unsealed, write_synced

MANIFEST = "manifest.json"
_NUMBER = re.compile(r"[1-9][0-9]*")
_FILE = re.compile(r"[a-z][a-z0-9_]*\.(json|ubj|md|txt|html|svg|png|parquet|onnx|skops|bin)")


@dataclass(frozen=True)
class ModelVersion:
    """One registered version: immutable files and the facts of how they came about."""

    model: str
    version: int
    cutoff: datetime
    content_id: str
    path: Path
    manifest: Mapping[str, Any] = field(repr=False, hash=False)

    def read(self, name: str) -> bytes:
        """A file's bytes. Corrupt when they are not those that were registered."""
        files = self.manifest["files"]
        if name not in files:
            raise LookupError(f"{self.model} version {self.version}: {unknown('file', name, files)}")
        path = self.path / name
        try:
            content = path.read_bytes()
        except FileNotFoundError as error:
            raise Corrupt(f"{path}: the manifest names this file, but it is gone") from error
        if sha256(content) != files[name]["sha256"]:
            raise Corrupt(f"{path}: the file was changed after it was registered; its SHA-256 is not the manifest's")
        return content

    def read_json(self, name: str) -> Any:
        """A JSON file's value."""
        return json.loads(self.read(name))


def content_id(model: str, cutoff: datetime, digests: Mapping[str, str]) -> str:
    """The SHA-256 over model, cutoff and each file's SHA-256; version number, clock and facts are not in it."""
    what = {"model": model, "cutoff": instant("cutoff", cutoff).isoformat(), "files": dict(digests)}
    return sha256(canonical_json(what))


@dataclass(frozen=True)
class Versions:
    """The directory of a model's versions, `<home>/versions/<n>`."""

    home: Path
    model: str

    @property
    def numbers(self) -> list[int]:
        """The version numbers that exist, ascending."""
        return sorted(int(p.name) for p in (self.home / "versions").glob("*") if _NUMBER.fullmatch(p.name))

    def load(self, number: int) -> ModelVersion:
        """A version, its manifest checked. Corrupt when the manifest is gone, changed or another's."""
        path = self.home / "versions" / str(number)
        where = path / MANIFEST
        try:
            manifest = unsealed(str(where), where.read_bytes())
        except FileNotFoundError as error:
            raise Corrupt(f"{where}: the file is gone") from error
        named = (manifest["model"], manifest["version"])
        if named != (self.model, number):
            raise Corrupt(f"{where}: expected {self.model} version {number}, it is of {named[0]} version {named[1]}")
        cutoff = datetime.fromisoformat(manifest["cutoff"])
        return ModelVersion(self.model, number, cutoff, manifest["content_id"], path, manifest)

    def verify(self, number: int) -> None:
        """Check a version's manifest, every file, and its content id. Corrupt, naming the file."""
        version = self.load(number)
        files = version.manifest["files"]
        for extra in sorted({p.name for p in version.path.iterdir()} - {*files, MANIFEST}):
            raise Corrupt(f"{version.path / extra}: the manifest does not name this file")
        digests = {name: sha256(version.read(name)) for name in files}
        if content_id(self.model, version.cutoff, digests) != version.content_id:
            raise Corrupt(f"{version.path / MANIFEST}: the content id is not that of the files")

    def record(self, files: Mapping[str, bytes], cutoff: datetime, facts: Mapping[str, Any]) -> dict[str, Any]:
        """What the manifest says of the content. ValueError for wrong file names, or facts that JSON cannot hold."""
        if not files:
            raise ValueError(f"model {self.model}: expected at least one file")
        for name in files:
            if not _FILE.fullmatch(name) or name == MANIFEST:
                raise ValueError(
                    f"model {self.model}: file name {name!r}: expected lower-case letters, digits and underscores, a "
                    f"letter first, then an ending such as .json, .ubj or .txt; and not {MANIFEST}, which the registry "
                    "writes"
                )
        digests = {name: sha256(content) for name, content in files.items()}
        record = {
            "model": self.model,
            "cutoff": instant("cutoff", cutoff).isoformat(),
            "content_id": content_id(self.model, cutoff, digests),
            "files": {name: {"sha256": digests[name], "bytes": len(files[name])} for name in sorted(files)},
            "facts": dict(facts),
        }
        canonical_json(record)
        return record

    def add(self, number: int, files: Mapping[str, bytes], record: Mapping[str, Any]) -> ModelVersion:
        """Write a version aside, sync it, and rename it into place. The caller holds the model's lock.

        What a writer left that died is removed first.
        """
        incoming = self.home / ".incoming"
        if incoming.exists():
            shutil.rmtree(incoming)
        incoming.mkdir()
        manifest = sealed({**record, "version": number, "recorded_at": datetime.now(UTC).isoformat()})
        text = json.dumps(manifest, indent=2, ensure_ascii=False)
        for name, content in {**files, MANIFEST: text.encode()}.items():
            write_synced(incoming / name, content)
            (incoming / name).chmod(0o444)
        sync_directory(incoming)
        incoming.rename(self.home / "versions" / str(number))
        for directory in (self.home / "versions", self.home, self.home.parent):
            sync_directory(directory)
        return self.load(number)
