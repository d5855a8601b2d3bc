"""A Postgres server for tests, stopped by its process id; Debian's package `postgresql` has its programs."""

import os
import shutil
import signal
import subprocess
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from fti_assets_tests.stores.buckets import free_ports

_PROGRAMS = Path("/usr/lib/postgresql")
_USER = "fti"
_OWNER = "postgres"
"""Whom Debian's package makes: the server refuses to run as root."""
_SECONDS = 60


@contextmanager
def postgres_server() -> Iterator[str]:
    """The URL of an empty database of a server of this machine, as SQLAlchemy reads it."""
    owner = _OWNER if os.getuid() == 0 else None
    folder = Path(tempfile.mkdtemp(prefix="fti-postgres-"))  # pytest's folders are closed to other users
    if owner:
        shutil.chown(folder, owner)
    data, [port] = folder / "data", free_ports(1)
    where = ["-c", f"port={port}", "-c", "listen_addresses=127.0.0.1", "-c", "unix_socket_directories="]
    try:
        with (folder / "log").open("wb") as log:
            initdb = [_program("initdb"), f"--pgdata={data}", f"--username={_USER}", "--auth=trust"]
            subprocess.run(initdb, user=owner, cwd=folder, stdout=log, stderr=log, check=True)
            server = subprocess.Popen(
                [_program("postgres"), "-D", str(data), *where, "-c", "fsync=off"],
                user=owner,
                cwd=folder,
                stdout=log,
                stderr=log,
            )
        try:
            _wait_for(port, server)
            yield f"postgresql+psycopg2://{_USER}@127.0.0.1:{port}/postgres"
        finally:
            server.send_signal(signal.SIGINT)  # which does not wait for connections that are open
            server.wait(_SECONDS)
    finally:
        shutil.rmtree(folder)


def _program(name: str) -> str:
    versions = sorted(_PROGRAMS.glob(f"*/bin/{name}"), key=lambda path: float(path.parts[-3]))
    assert versions, f"there is no {name} in {_PROGRAMS}/*/bin: install Debian's postgresql"
    return str(versions[-1])


def _wait_for(port: int, server: subprocess.Popen[bytes]) -> None:
    ready = [_program("pg_isready"), "--host=127.0.0.1", f"--port={port}"]
    for _ in range(_SECONDS * 10):
        if subprocess.run(ready, capture_output=True, check=False).returncode == 0:
            return
        assert server.poll() is None, "Postgres stopped"
        time.sleep(0.1)
    raise AssertionError(f"Postgres did not answer for {_SECONDS} seconds")
