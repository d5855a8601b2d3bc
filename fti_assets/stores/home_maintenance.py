"""Maintenance of a home: its tables, and objects that nothing names any more; and whether all is as it was written."""

import re
from collections.abc import Callable, Collection, Iterable, Iterator
from datetime import UTC, datetime, timedelta
from functools import partial
from itertools import pairwise

import attrs

from fti_assets.contracts.errors import Corrupt
from fti_assets.contracts.time import DAY
from fti_assets.stores.blobs import Blobs
from fti_assets.stores.home import STORES, Home
from fti_assets.stores.maintenance import Maintenance, faults_of, maintain
from fti_assets.stores.records import Records
from fti_assets.stores.sealed import unsealed, unsealed_bytes
from fti_assets.stores.storage import Storage
from fti_assets.stores.table_contract import MONTH

LATE = timedelta(days=7)
"""So long after its end a month is made one file: most rows that come late have come by then."""
_TABLE = re.compile(rf"(.+?)/(?:_delta_log|{MONTH}=[^/]+)/.+")
_BLOB = re.compile(r"(.+)/([0-9a-f]{2}/[0-9a-f]{62})")
_REVISION = re.compile(r"(.+)/[0-9]{8}")
_RECORD = re.compile(r"(.+)/[0-9]{8}\.json")
_TILES = re.compile(r".+\.arrows")
_SLICE = re.compile(r".+/_slices/records/[0-9a-f]{64}")
_DIGEST = re.compile(rb"[0-9a-f]{64}")


@attrs.frozen
class Objects:
    """The objects of a home's stores.

    Attributes:
        storage: where the home lies.
        keys: all of their keys.
    """

    storage: Storage
    keys: list[str]

    @classmethod
    def of(cls, storage: Storage) -> "Objects":
        """Those that are there now."""
        return cls(storage, [key for store in STORES for key in storage.objects(store)])

    @property
    def tables(self) -> list[str]:
        """Where tables lie, sorted."""
        return sorted({match[1] for key in self.keys if (match := _TABLE.fullmatch(key))})

    @property
    def journals(self) -> list[str]:
        """Where journals lie, sorted."""
        return sorted({match[1] for key in self._beside_tables() if (match := _RECORD.fullmatch(key))})

    @property
    def blobs(self) -> list[str]:
        """The keys of objects that are called by their content."""
        return [key for key in self._beside_tables() if _BLOB.fullmatch(key)]

    @property
    def revisions(self) -> list[str]:
        """The keys of the revisions of values that change, of each in order."""
        return [key for key in self._beside_tables() if _REVISION.fullmatch(key)]

    @property
    def tiles(self) -> list[str]:
        """The keys of the tiles of windows."""
        return [key for key in self._beside_tables() if _TILES.fullmatch(key)]

    @property
    def slices(self) -> list[str]:
        """The keys of the records that name slices."""
        return [key for key in self._beside_tables() if _SLICE.fullmatch(key)]

    def unnamed_blobs(self) -> list[str]:
        """The keys of blobs whose digest no record has."""
        records = [key for key in self._beside_tables() if key.endswith(".json") or "." not in key.rpartition("/")[2]]
        records = [key for key in records if not (_BLOB.fullmatch(key) or _REVISION.fullmatch(key))]
        named = {digest.decode() for key in records for digest in _DIGEST.findall(self.storage.read(key) or b"")}
        return [key for key in self.blobs if _root_and_digest(key)[1] not in named]

    def read_blob(self, key: str) -> None:
        """Read a blob. Corrupt, naming it, when it is not what it is called by."""
        root, digest = _root_and_digest(key)
        Blobs(self.storage.at(root)).get(digest)

    def read_sealed(self, key: str) -> None:
        """Read a revision or tiles. Corrupt, naming the object, when it was changed or cut."""
        unsealed_bytes(self.storage.url_of(key), self.storage.read(key) or b"")

    def read_record(self, key: str) -> None:
        """Read the record of a slice. Corrupt, naming it, when it was changed or cut."""
        unsealed(self.storage.url_of(key), self.storage.read(key) or b"")

    def _beside_tables(self) -> Iterator[str]:
        return (key for key in self.keys if not _TABLE.fullmatch(key))


def maintain_home(home: Home, *, grace: timedelta = DAY, dry_run: bool = False) -> dict[str, Maintenance]:
    """Maintain every table of a home, and delete the objects that nothing names; gives what was done, by where.

    Every version of a table that `home.kept_versions()` names can be read after it. Of values that change, such as
    statistics and rows set aside, the newest revision is left. Nothing is deleted that was of use within the `grace`.

    Args:
        home: what to maintain. It knows its own datasets and those of its backtests: of other homes that share its
            features it knows none.
        grace: how long what became useless stays.
        dry_run: say what would be done, and do nothing.
    """
    now, objects, kept = datetime.now(UTC), Objects.of(home.storage), home.kept_versions()
    settings = {"older_than": now - LATE, "grace": grace, "dry_run": dry_run}
    done = {
        table: maintain(home.storage.at(table), kept.get(table, ()), **settings)  # type: ignore[arg-type]
        for table in objects.tables
    }
    old = {key for store in STORES for key in home.storage.objects(store, before=now - grace)}
    blobs = [key for key in objects.unnamed_blobs() if key in old]
    revisions = [key for key, newer in pairwise(objects.revisions) if newer in old and _are_of_one(key, newer)]
    partials = [key for key in _partials(home.storage, now - grace) if not _TABLE.fullmatch(key)]
    if not dry_run:
        home.storage.delete([*blobs, *revisions, *partials])
    others = {"files that no record names": blobs, "older revisions": revisions, "left by killed writers": partials}
    return done | {what: Maintenance([], None, keys) for what, keys in others.items() if keys}


def faults_of_home(home: Home) -> Iterator[str]:
    """Read every table and object of a home whole; a sentence, naming the object, for each that is not as written."""
    objects, kept = Objects.of(home.storage), dict[str, set[int]]()
    try:
        kept = home.kept_versions()
    except Corrupt as error:
        yield str(error)
    for table in objects.tables:
        yield from faults_of(home.storage.at(table), kept.get(table, ()))
    models = [journal.split("/")[1] for journal in objects.journals if re.fullmatch("models/[^/]+/versions", journal)]
    reads: Iterable[Callable[[], object]] = (
        *(partial(objects.read_blob, key) for key in objects.blobs),
        *(partial(objects.read_sealed, key) for key in [*objects.revisions, *objects.tiles]),
        *(partial(objects.read_record, key) for key in objects.slices),
        *(Records(home.storage.at(journal)).verify for journal in objects.journals),
        *(partial(home.registry.verify, model) for model in models),
    )
    for read in reads:
        try:
            read()
        except Corrupt as error:
            yield str(error)


def _root_and_digest(blob: str) -> tuple[str, str]:
    """Where blobs lie, and what one of them is called."""
    root, first, rest = blob.rsplit("/", 2)
    return root, first + rest


def _are_of_one(key: str, other: str) -> bool:
    return key.rpartition("/")[0] == other.rpartition("/")[0]


def _partials(storage: Storage, before: datetime) -> Collection[str]:
    return [f"{store}/{key}" for store in STORES for key in storage.at(store).partials(before)]
