"""Reports of a large fleet: how long every format takes from a folder of results, and its memory.

`python -m benchmarks.reports [HOSTS [CHECKS [FORMAT...]]]`. Each format is written by a process of
its own, `dockeraudit report FOLDER --format FORMAT`, start and exit code included.
"""

import os
import subprocess
import sys
import tempfile
import time
from typing import NamedTuple

DEFAULTS = ("10000", "120")


class Cost(NamedTuple):
    """What a process took, and what it wrote."""

    wall: float
    """Seconds."""
    cpu: float
    memory: int
    """The most that was resident, in bytes."""
    size: int
    status: int


def main() -> None:
    """Measure and print."""
    hosts, count, *wanted = (*sys.argv[1:], *DEFAULTS[len(sys.argv) - 1 :])
    with tempfile.TemporaryDirectory() as place:
        folder = os.path.join(place, "run")
        # By another process: a child's memory is never said to be less than that of its parent was.
        made = subprocess.run(
            [sys.executable, "-m", "benchmarks.results", folder, hosts, count],
            stdout=subprocess.PIPE,
            check=True,
            text=True,
        )
        told, *formats = made.stdout.splitlines()
        print(told)
        print(
            f"{'format':<12}{'wall s':>9}{'CPU s':>9}{'memory MB':>11}{'size MB':>10}", flush=True
        )
        costs = [_printed(format, written(folder, format)) for format in wanted or formats]
    _printed(
        "all",
        Cost(
            wall=sum(each.wall for each in costs),
            cpu=sum(each.cpu for each in costs),
            memory=max(each.memory for each in costs),
            size=sum(each.size for each in costs),
            status=0,
        ),
    )


def _printed(name: str, cost: Cost) -> Cost:
    print(
        f"{name:<12}{cost.wall:9.1f}{cost.cpu:9.1f}{cost.memory / 1e6:11.0f}"
        f"{cost.size / 1e6:10.1f}{'' if cost.status in (0, 1, 3) else '  FAILED'}",
        flush=True,
    )
    return cost


def written(folder: str, format: str) -> Cost:
    """What `dockeraudit report` takes for one format."""
    path = f"{folder}.{format}"
    argv = [sys.executable, "-m", "dockeraudit", "report", folder, "--format", format]
    started = time.perf_counter()
    flags = os.O_WRONLY | os.O_CREAT | os.O_TRUNC
    process = os.posix_spawn(
        argv[0], argv, os.environ, file_actions=[(os.POSIX_SPAWN_OPEN, 1, path, flags, 0o600)]
    )
    _, status, usage = os.wait4(process, 0)
    cost = Cost(
        wall=time.perf_counter() - started,
        cpu=usage.ru_utime + usage.ru_stime,
        memory=usage.ru_maxrss * 1024,
        size=os.path.getsize(path),
        status=os.waitstatus_to_exitcode(status),
    )
    os.unlink(path)
    return cost


if __name__ == "__main__":
    main()
