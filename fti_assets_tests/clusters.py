"""A Dask cluster for tests: a scheduler and two worker processes of this machine."""

from collections.abc import Iterator
from contextlib import contextmanager

from distributed import LocalCluster


@contextmanager
def dask_cluster() -> Iterator[str]:
    """What `$FTI_EXECUTOR` says of it, `dask://127.0.0.1:40001`."""
    with LocalCluster(n_workers=2, threads_per_worker=1, processes=True, dashboard_address=":0") as cluster:
        yield cluster.scheduler_address.replace("tcp://", "dask://")
