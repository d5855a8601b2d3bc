"""Where objects lie: a folder or a bucket, behind one face on which nothing is ever replaced."""

import errno
import re
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import datetime
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING
from urllib.parse import quote, unquote, urlsplit

import attrs
import obstore
from obstore.exceptions import AlreadyExistsError, BaseError, NotFoundError, PermissionDeniedError
from obstore.store import LocalStore, from_url

from fti_assets.contracts.errors import DeclarationError, ReadOnly, StorageError
from fti_assets.stores.synced_files import create, sync, sync_directory

if TYPE_CHECKING:
    from obstore.store import ObjectStore, RetryConfig

_BUCKETS = ("s3", "s3a", "gs", "az", "abfs", "abfss")
_LIKE_A_URL = re.compile(r"[a-z][a-z0-9]+:")
RETRIES: "RetryConfig" = {"max_retries": 5}
_FULL = {errno.ENOSPC, errno.EDQUOT}
_FORBIDDEN = {errno.EROFS, errno.EACCES, errno.EPERM}
_OS_ERROR = re.compile(r"\(os error (\d+)\)")
_DENIED = re.compile(r"AccessDenied|403 Forbidden|necessary privileges")
_NO_BUCKET = re.compile(r"NoSuchBucket|ContainerNotFound|bucket does not exist")
_DECORATION = re.compile(r"\x1b\[\d*m|↳")
_SHOWN = 300
_PARTIAL = re.compile(r"^\.|#\d+$")
_LEFT_BEHIND = re.compile(r"^\..+\.[0-9a-f]{32}$|#\d+$")
"""What a writer that was killed leaves in a folder: one of ours, or one of object_store's."""


def _as_url(url: str | Path) -> str:
    """A folder as its absolute path, a bucket as it is. Raises DeclarationError for any other scheme."""
    scheme, separator, rest = str(url).partition("://")
    if not separator and not _LIKE_A_URL.match(str(url)):
        return str(Path(url).expanduser().absolute())
    if scheme == "file":
        return unquote(rest) or "/"
    if scheme not in _BUCKETS or not urlsplit(str(url)).netloc:
        raise DeclarationError(
            f"home {str(url)!r}: expected a folder, or a bucket and what its keys begin with, such as "
            f"s3://bucket/prefix; known are {', '.join(f'{name}://' for name in _BUCKETS)}"
        )
    return str(url).rstrip("/")


@attrs.frozen
class Storage:
    """A folder, or the keys of a bucket that begin alike; what lies in it is called by keys such as `models/a/1.json`.

    Credentials and endpoints of a bucket come from the environment, as its own tools read them: `AWS_ACCESS_KEY_ID`,
    `AWS_ENDPOINT_URL`, `GOOGLE_APPLICATION_CREDENTIALS`, `AZURE_STORAGE_ACCOUNT_NAME`. A value of this class holds none
    of them, so it can be sent to another machine.

    Args:
        url: a folder, `file://`, `s3://`, `gs://` or `az://`.

    Raises:
        DeclarationError: any other scheme.
        StorageError: by every method, where the storage is full or does not answer; ReadOnly where it does not let one
            in, or write.
    """

    url: str = attrs.field(converter=_as_url)

    @property
    def folder(self) -> Path | None:
        """The folder; None for a bucket."""
        return None if "://" in self.url else Path(self.url)

    def at(self, *parts: str) -> "Storage":
        """What lies below these parts."""
        return Storage("/".join((self.url.rstrip("/"), *parts)))

    def create(self, key: str, content: bytes, *, synced: bool = True) -> bool:
        """Put an object where none is; whether it is there with these bytes now, by this call or an earlier one.

        An answer can be lost after the object was made, so one with the same bytes is the caller's own. In a folder
        the object is on the disk before this returns, unless what can be made again need not be `synced`.
        """
        with self._in_words(key):
            if self.folder is not None:
                return create(self.folder / key, content, synced=synced) or self.read(key) == content
            try:
                obstore.put(self._store, key, content, mode="create")
            except AlreadyExistsError:
                return self.read(key) == content
        return True

    def read(self, key: str) -> bytes | None:
        """An object's bytes; None where none is."""
        with self._in_words(key):
            try:
                if self.folder is not None:
                    return (self.folder / key).read_bytes()
                return obstore.get(self._store, key).bytes().to_bytes()
            except (FileNotFoundError, NotADirectoryError, NotFoundError):
                return None

    def objects(self, prefix: str = "", *, before: datetime | None = None) -> list[str]:
        """The keys of the objects below a prefix, which ends where a part of a key does, in order.

        With `before` of those that were made before it, by the storage's clock.
        """
        with self._in_words(prefix):
            if self.folder is not None and not (self.folder / prefix).is_dir():
                return []
            listed = obstore.list(self._store, prefix or None)
            metas = [meta for batch in listed for meta in batch if not _is_partial(meta["path"])]
            return sorted(meta["path"] for meta in metas if before is None or meta["last_modified"] < before)

    def names(self, prefix: str = "") -> list[str]:
        """The names directly below a prefix, of objects and of what holds objects, in order."""
        start = len(prefix) + 1 if prefix else 0
        with self._in_words(prefix):
            if self.folder is not None:
                below = self.folder / prefix
                names = [path.name for path in below.iterdir()] if below.is_dir() else []
                return sorted(name for name in names if not _is_partial(name))
            listed = obstore.list_with_delimiter(self._store, prefix or None)
            below_prefix = [*listed["common_prefixes"], *(meta["path"] for meta in listed["objects"])]
            return sorted(path[start:].rstrip("/") for path in below_prefix)

    def partials(self, before: datetime) -> list[str]:
        """The keys of what writers that were killed left in a folder before that moment; a bucket shows none of it."""
        if self.folder is None:
            return []
        with self._in_words(""):
            paths = [path for path in self.folder.rglob("*") if _LEFT_BEHIND.search(path.name)]
            return sorted(path.relative_to(self.folder).as_posix() for path in paths if _is_older(path, before))

    def sync(self, key: str) -> None:
        """Make an object that another library wrote into a folder survive a power cut; a bucket's do."""
        if self.folder is not None:
            with self._in_words(key):
                path = self.folder / key
                sync(path)
                for above in path.parents[: len(Path(key).parents) + 1]:
                    sync_directory(above)

    def delete(self, keys: list[str]) -> None:
        """Delete objects; for maintenance alone, of what nothing names any more."""
        with self._in_words(", ".join(keys[:3])):
            if self.folder is not None:
                for key in keys:  # of what killed writers left, too, which is no object
                    (self.folder / key).unlink(missing_ok=True)
            elif keys:
                obstore.delete(self._store, keys)

    def url_of(self, key: str) -> str:
        """What a person or another tool opens an object by."""
        return f"{self.url}/{key}" if self.folder is not None else f"{self.url}/{quote(key)}"

    @cached_property
    def _store(self) -> "ObjectStore":
        if self.folder is None:
            return from_url(self.url, retry_config=RETRIES)
        self.folder.mkdir(parents=True, exist_ok=True)
        return LocalStore(self.folder)

    @contextmanager
    def _in_words(self, key: str) -> Iterator[None]:
        try:
            yield
        except (BaseError, OSError) as error:
            raise storage_error(self.url_of(key), error) from error


def storage_error(where: str, error: Exception) -> StorageError:
    """What a folder, a bucket or a library that writes to them complains of, in words."""
    text = " ".join(_DECORATION.sub(" ", str(error)).split())
    of_system = _OS_ERROR.search(text)
    number = error.errno if isinstance(error, OSError) and error.errno else int(of_system[1]) if of_system else None
    if number in _FULL:
        return StorageError(f"{where}: the disk is full: make room and try again")
    if number in _FORBIDDEN or isinstance(error, PermissionDeniedError) or _DENIED.search(text):
        return ReadOnly(f"{where}: it is read-only, or these credentials are not let in")
    if _NO_BUCKET.search(text):
        return StorageError(f"{where}: there is no such bucket: make it first, or name another")
    return StorageError(f"{where}: {text[:_SHOWN]}")


def _is_partial(key: str) -> bool:
    """Whether a file is no object, but what a writer has not finished, or another program's own."""
    return _PARTIAL.search(key.rpartition("/")[2]) is not None


def _is_older(path: Path, before: datetime) -> bool:
    try:
        return path.stat().st_mtime < before.timestamp()
    except FileNotFoundError:  # its writer lives, and is done
        return False
