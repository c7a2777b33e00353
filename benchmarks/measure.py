"""Times of whole commands: CPU of the process and all its children, and wall time."""

import resource
import statistics
import subprocess
import time
from collections.abc import Sequence
from typing import NamedTuple


class Cost(NamedTuple):
    """What one command took, in seconds."""

    cpu: float
    wall: float
    output: bytes


def run(argv: Sequence[str], stdin: bytes = b"") -> Cost:
    """Run a command to its end; its exit status does not matter."""
    before = resource.getrusage(resource.RUSAGE_CHILDREN)
    started = time.perf_counter()
    done = subprocess.run(argv, input=stdin, capture_output=True, check=False)
    wall = time.perf_counter() - started
    after = resource.getrusage(resource.RUSAGE_CHILDREN)
    cpu = after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime
    return Cost(cpu, wall, done.stdout + done.stderr)


def in_turn(rounds: int, *commands: Sequence[str]) -> list[list[Cost]]:
    """Run each command once a round, after a round that does not count."""
    costs: list[list[Cost]] = [[] for _ in commands]
    for number in range(rounds + 1):
        for command, found in zip(commands, costs, strict=True):
            cost = run(command)
            if number:
                found.append(cost)
    return costs


def cpu(costs: Sequence[Cost]) -> float:
    """The median CPU time."""
    return statistics.median(cost.cpu for cost in costs)


def wall(costs: Sequence[Cost]) -> float:
    """The median wall time."""
    return statistics.median(cost.wall for cost in costs)


def row(name: str, value: float, unit: str = "ms") -> None:
    """Print one figure."""
    scaled = value * 1000 if unit == "ms" else value
    print(f"{name:<58} {scaled:9.2f} {unit}")
