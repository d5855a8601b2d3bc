"""Locks between threads and processes."""

import os
import signal
import subprocess
import sys
import threading
from collections.abc import Iterator
from pathlib import Path

import pytest

from fti_assets.contracts.errors import Conflict
from fti_assets.stores.locks import locked, locked_at_once

HOLDER = """
import sys, time, pathlib
from fti_assets.stores.locks import {name}
with {name}(pathlib.Path(sys.argv[1]), *sys.argv[2:]):
    sys.stdout.write("holding\\n")
    sys.stdout.flush()
    time.sleep(60)
"""


@pytest.fixture
def holders() -> Iterator[list[subprocess.Popen]]:
    started: list[subprocess.Popen] = []
    yield started
    for process in started:
        process.kill()
        process.wait()
        process.stdout.close()


def holder(holders: list[subprocess.Popen], name: str, *arguments: str | Path) -> subprocess.Popen:
    command = [sys.executable, "-c", HOLDER.format(name=name), *arguments]
    process = subprocess.Popen(command, stdout=subprocess.PIPE, text=True)
    holders.append(process)
    assert process.stdout.readline() == "holding\n"
    return process


def test_threads_take_turns(tmp_path):
    counted = tmp_path / "counted"
    counted.write_text("0")

    def count() -> None:
        for _ in range(20):
            with locked(tmp_path / "folder" / ".lock"):
                counted.write_text(str(int(counted.read_text()) + 1))

    threads = [threading.Thread(target=count) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert counted.read_text() == "80"


def test_a_lock_waits_for_its_holder_and_is_free_when_that_is_killed(tmp_path, holders):
    other = holder(holders, "locked", tmp_path / ".lock")
    taken = threading.Event()

    def take() -> None:
        with locked(tmp_path / ".lock"):
            taken.set()

    waiting = threading.Thread(target=take)
    waiting.start()
    assert not taken.wait(0.2)
    other.send_signal(signal.SIGKILL)
    assert taken.wait(10)
    waiting.join()


def test_who_does_not_wait_is_told_and_the_holders_number_stays_in_the_file(tmp_path, holders):
    path = tmp_path / "runner.lock"
    other = holder(holders, "locked_at_once", path, "the shop is open")

    with (
        pytest.raises(Conflict, match=rf"the shop is open \(see {path}\): wait for it or stop it"),
        locked_at_once(path, "the shop is open"),
    ):
        pass
    assert path.read_text() == str(other.pid)

    other.send_signal(signal.SIGKILL)
    other.wait()
    with locked_at_once(path, "the shop is open"):
        assert path.read_text() == str(os.getpid())


def test_a_lock_is_free_after_an_error(tmp_path):
    with pytest.raises(ZeroDivisionError), locked_at_once(tmp_path / ".lock", "in use"):
        _ = 1 / 0
    with locked_at_once(tmp_path / ".lock", "in use"):
        assert (tmp_path / ".lock").exists()
