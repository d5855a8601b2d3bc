"""A model's versions: immutable files under their hashes, and a journal of manifests."""

import json
import re
from collections.abc import Mapping
from datetime import UTC, datetime
from typing import Any

import attrs

from fti_assets.contracts.errors import Corrupt, unknown
from fti_assets.contracts.time import instant
from fti_assets.stores.blobs import Blobs
from fti_assets.stores.records import Record, Records
from fti_assets.stores.sealed import canonical_json, sha256
from fti_assets.stores.storage import Storage

_FILE = re.compile(r"[a-z][a-z0-9_]*\.(json|ubj|md|txt|html|svg|png|parquet|onnx|skops|bin)")


@attrs.frozen
class ModelVersion:
    """One registered version: immutable files and the facts of how they came about.

    Attributes:
        model: what it is a version of.
        version: its number, from 1 on.
        cutoff: what became known before it was learned from.
        content_id: the SHA-256 over model, cutoff and each file's SHA-256.
        manifest: `files` with their hashes, `facts`, `recorded_at`.
    """

    model: str
    version: int
    cutoff: datetime
    content_id: str
    manifest: Mapping[str, Any] = attrs.field(repr=False, hash=False)
    _blobs: Blobs = attrs.field(repr=False)

    def read(self, name: str) -> bytes:
        """A file's bytes. Corrupt when they are not those that were registered."""
        files = self.manifest["files"]
        if name not in files:
            raise LookupError(f"{self.model} version {self.version}: {unknown('file', name, files)}")
        try:
            return self._blobs.get(files[name])
        except Corrupt as error:
            raise Corrupt(f"{self.model} version {self.version}, {name}: {error}") from None

    def url_of(self, name: str) -> str:
        """Where a file lies: what a person or another tool opens it by."""
        return self._blobs.url_of(self.manifest["files"][name])

    def read_json(self, name: str) -> Any:
        """A JSON file's value."""
        return json.loads(self.read(name))


def content_id(model: str, cutoff: datetime, digests: Mapping[str, str]) -> str:
    """The SHA-256 over model, cutoff and each file's SHA-256; version number, clock and facts are not in it."""
    what = {"model": model, "cutoff": instant("cutoff", cutoff).isoformat(), "files": dict(digests)}
    return sha256(canonical_json(what))


@attrs.frozen
class Versions:
    """The versions of a model: the manifests `versions/00000000.json`, … and the files `blobs/…` below a storage."""

    storage: Storage
    model: str

    def all(self) -> list[ModelVersion]:
        """Every version, ascending. Corrupt, naming the object, when a manifest is not as it was written."""
        return [self._version(record) for record in self._manifests.all()]

    def add(self, files: Mapping[str, bytes], cutoff: datetime, facts: Mapping[str, Any]) -> ModelVersion:
        """Keep the files as the next version, or give the version that holds the same content already.

        The files come first and the manifest last: a reader sees all of a version or nothing.
        ValueError for wrong file names, or facts that JSON cannot hold.
        """
        if not files:
            raise ValueError(f"model {self.model}: expected at least one file")
        for name in files:
            if not _FILE.fullmatch(name):
                raise ValueError(
                    f"model {self.model}: file name {name!r}: expected lower-case letters, digits and underscores, a "
                    "letter first, then an ending such as .json, .ubj or .txt"
                )
        digests = {name: sha256(files[name]) for name in sorted(files)}
        content = content_id(self.model, cutoff, digests)
        manifest = {
            "model": self.model,
            "cutoff": instant("cutoff", cutoff).isoformat(),
            "content_id": content,
            "files": digests,
            "facts": dict(facts),
            "recorded_at": datetime.now(UTC).isoformat(),
        }
        canonical_json(manifest)
        for file in files.values():
            self._blobs.put(file)

        def unless_there(manifests: list[Record]) -> dict[str, Any] | None:
            return None if any(record["content_id"] == content for record in manifests) else manifest

        self._manifests.append(unless_there)
        return next(version for version in self.all() if version.content_id == content)

    def verify(self) -> None:
        """Read every manifest and file again. Corrupt, naming the object that is not as it was written."""
        self._manifests.verify()
        for version in self.all():
            for name in version.manifest["files"]:
                version.read(name)

    @property
    def _manifests(self) -> Records:
        return Records(self.storage.at("versions"))

    @property
    def _blobs(self) -> Blobs:
        return Blobs(self.storage.at("blobs"))

    def _version(self, record: Record) -> ModelVersion:
        cutoff, number = datetime.fromisoformat(record["cutoff"]), record["index"] + 1
        where = f"{self.storage.url}, version {number}"
        if record["model"] != self.model:
            raise Corrupt(f"{where}: expected a version of {self.model}, it is of {record['model']}")
        if content_id(self.model, cutoff, record["files"]) != record["content_id"]:
            raise Corrupt(f"{where}: the content id is not that of the files")
        return ModelVersion(self.model, number, cutoff, record["content_id"], record, self._blobs)
