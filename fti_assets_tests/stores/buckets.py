"""A real S3 server for tests, started once a session and stopped by its process id."""

import json
import os
import random
import socket
import subprocess
import sys
import time
import uuid
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import obstore
from obstore.store import from_url

_SECONDS = 60
_IDENTITIES = [
    {"name": name, "credentials": [{"accessKey": name, "secretKey": f"{name}-secret"}], "actions": actions}
    for name, actions in {"fti": ["Admin", "Read", "Write", "List"], "reader": ["Read", "List"]}.items()
]
READER = {"AWS_ACCESS_KEY_ID": "reader", "AWS_SECRET_ACCESS_KEY": "reader-secret"}
"""The environment of one who may read every bucket and write none."""


def free_ports(count: int) -> list[int]:
    """Ports that nobody listens on, nor on those ten thousand above, where the S3 server has its other protocol.

    Both lie below those that the kernel gives to clients, from 32,768 on.
    """
    candidates = iter(random.SystemRandom().sample(range(12_000, 22_000), 200))
    return [port for port in candidates if _is_free(port) and _is_free(port + 10_000)][:count]


def _is_free(port: int) -> bool:
    with socket.socket() as listener:
        return listener.connect_ex(("127.0.0.1", port)) != 0


@contextmanager
def s3_server(folder: Path) -> Iterator[dict[str, str]]:
    """A server with the environment by which clients find it; any bucket is there as soon as it is written to."""
    config = folder / "s3.json"
    config.write_text(json.dumps({"identities": _IDENTITIES}))
    names = ("s3", "master", "volume", "filer")
    ports = dict(zip(names, free_ports(len(names)), strict=True))
    arguments = [
        str(Path(sys.executable).with_name("weed")),
        "server",
        f"-dir={folder}",
        "-ip=127.0.0.1",
        "-ip.bind=127.0.0.1",
        "-s3",
        f"-s3.port={ports['s3']}",
        f"-s3.config={config}",
        "-s3.port.iceberg=0",
        "-s3.port.lance=0",
        "-master.telemetry=false",
        f"-master.port={ports['master']}",
        f"-volume.port={ports['volume']}",
        f"-filer.port={ports['filer']}",
        "-master.volumeSizeLimitMB=64",
        "-volume.max=50",
        "-volume.preStopSeconds=1",
    ]
    environment = {
        "AWS_ACCESS_KEY_ID": "fti",
        "AWS_SECRET_ACCESS_KEY": "fti-secret",
        "AWS_ENDPOINT_URL": f"http://127.0.0.1:{ports['s3']}",
        "AWS_REGION": "us-east-1",
        "AWS_ALLOW_HTTP": "true",
    }
    with (folder / "log").open("wb") as log:
        server = subprocess.Popen(arguments, stdout=log, stderr=log)
    try:
        _wait_for(environment, server)
        yield environment
    finally:
        server.kill()  # its data are the test's: nothing has to be put in order for a quarter of a minute
        server.wait(_SECONDS)


def _wait_for(environment: dict[str, str], server: subprocess.Popen[bytes]) -> None:
    before = {name: os.environ.get(name) for name in environment}
    os.environ.update(environment)
    try:
        for _ in range(_SECONDS * 5):
            try:
                bucket = from_url("s3://ready", retry_config={"max_retries": 0})
                obstore.put(bucket, uuid.uuid4().hex, b"", mode="create")
                return
            except Exception:  # noqa: BLE001  # whatever it is, the server is not there yet
                assert server.poll() is None, "the S3 server stopped"
                time.sleep(0.2)
        raise AssertionError(f"the S3 server did not answer for {_SECONDS} seconds")
    finally:
        for name, value in before.items():
            os.environ.pop(name) if value is None else os.environ.update({name: value})
