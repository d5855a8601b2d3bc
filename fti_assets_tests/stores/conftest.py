"""Each test of a store runs on a folder and, where it asks for `storage`, on a bucket of a real S3 server."""

import uuid
from collections.abc import Iterator
from pathlib import Path

import pytest

from fti_assets.stores.storage import Storage
from fti_assets_tests.stores.buckets import s3_server


@pytest.fixture(scope="session")
def bucket(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    """A bucket of a server of this session's own, with the environment that leads to it."""
    with s3_server(tmp_path_factory.mktemp("s3")) as environment, pytest.MonkeyPatch.context() as patch:
        for name, value in environment.items():
            patch.setenv(name, value)
        Storage("s3://tests").create("ready", b"")  # a bucket is there once it is written to
        yield "s3://tests"


@pytest.fixture(params=["folder", "bucket"])
def storage(request: pytest.FixtureRequest, tmp_path: Path) -> Storage:
    """An empty storage, with a name that needs care."""
    if request.param == "folder":
        return Storage(tmp_path / 'a "quoted" über folder')
    return Storage(f"{request.getfixturevalue('bucket')}/{uuid.uuid4().hex} ü")
