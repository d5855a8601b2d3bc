"""One measured call in this process: `python -m benchmarks.child '{"module": …, "function": …, "arguments": […]}'`."""

import importlib
import json
import sys
import time
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import click


def called(module: str, function: str, arguments: Sequence[str | int]) -> dict[str, Any]:
    """Make the call in this process: its seconds, the process's highest memory in MiB, its answer."""
    made = getattr(importlib.import_module(module), function)
    begin = time.perf_counter()
    answer = made(*arguments)
    seconds = time.perf_counter() - begin
    if isinstance(answer, dict) and "seconds" in answer:  # one that had to prepare, and measured what counts
        seconds = answer.pop("seconds")
    return {"seconds": seconds, "peak_mib": _peak_mib(), "answer": answer}


def _peak_mib() -> int:
    # ru_maxrss would count the parent's memory too: a process inherits it through exec
    status = Path("/proc/self/status").read_text()
    return int(status.split("VmHWM:")[1].split()[0]) // 1024


if __name__ == "__main__":
    click.echo(json.dumps(called(**json.loads(sys.argv[1]))))
