"""One measured call in this process: `python -m benchmarks.child '{"module": …, "function": …, "arguments": […]}'`."""

import importlib
import json
import sys
import time
from pathlib import Path

import click


def main(call: str) -> None:
    """Make the call and print its seconds, this process's highest memory in MiB, and its answer."""
    asked = json.loads(call)
    function = getattr(importlib.import_module(asked["module"]), asked["function"])
    begin = time.perf_counter()
    answer = function(*asked["arguments"])
    seconds = time.perf_counter() - begin
    if isinstance(answer, dict) and "seconds" in answer:  # one that had to prepare, and measured what counts
        seconds = answer.pop("seconds")
    click.echo(json.dumps({"seconds": seconds, "peak_mib": _peak_mib(), "answer": answer}))


def _peak_mib() -> int:
    # ru_maxrss would count the parent's memory too: a process inherits it through exec
    status = Path("/proc/self/status").read_text()
    return int(status.split("VmHWM:")[1].split()[0]) // 1024


if __name__ == "__main__":
    main(sys.argv[1])
