"""A Dask cluster for tests: a scheduler and two workers, each a process of this machine, stopped by their ids."""

import json
import os
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from distributed import Client

_ROOT = Path(__file__).parent.parent
_WORKERS = 2
_SECONDS = 60


@contextmanager
def dask_cluster() -> Iterator[str]:
    """What `$FTI_EXECUTOR` says of it, `dask://127.0.0.1:40001`. Workers have the environment of this moment."""
    environment = os.environ | {"PYTHONPATH": str(_ROOT)}
    dask = [sys.executable, "-m", "dask"]
    with tempfile.TemporaryDirectory(prefix="fti-dask-") as folder, Path(folder, "log").open("wb") as log:
        file = Path(folder, "scheduler.json")
        scheduler = ["scheduler", "--host=127.0.0.1", "--port=0", "--dashboard-address=:0", f"--scheduler-file={file}"]
        worker = [
            "worker",
            f"--nworkers={_WORKERS}",
            "--nthreads=1",
            "--dashboard-address=:0",
            f"--local-directory={folder}",
        ]
        processes = [
            subprocess.Popen([*dask, *arguments, *more], env=environment, cwd=folder, stdout=log, stderr=log)
            for arguments, more in ((scheduler, []), (worker, [f"--scheduler-file={file}"]))
        ]
        try:
            yield _address(file).replace("tcp://", "dask://")
        finally:
            for process in reversed(processes):
                process.kill()  # asked to end, a worker would wait for its scheduler; its own child ends with it
                process.wait(_SECONDS)


def _address(file: Path) -> str:
    """The scheduler's, once both workers are there."""
    for _ in range(_SECONDS * 10):
        if file.exists():
            break
        time.sleep(0.1)
    address = str(json.loads(file.read_text())["address"])
    with Client(address, set_as_default=False) as client:
        client.wait_for_workers(_WORKERS, timeout=_SECONDS)
    return address
