"""Hosts judged a second on one core: a facts file's bytes to results, again and again.

`python -m benchmarks.judge FACTS...`; without files, the recorded hosts of the tests.
"""

import sys
import time
from pathlib import Path

from dockeraudit.facts import decode
from dockeraudit.host import Host
from dockeraudit.plugins import checks
from dockeraudit.scan import Plan, report_host
from dockeraudit.selection import DEFAULT_PROFILE, select

SECONDS = 3.0
RECORDED = Path(__file__).resolve().parents[1] / "tests" / "collect" / "recorded"


def main() -> None:
    """Measure and print."""
    files = [Path(name) for name in sys.argv[1:]] or sorted(RECORDED.glob("*.facts.json"))
    plan = Plan(checks=select(checks(), DEFAULT_PROFILE, (), ()))
    total = 0.0
    for file in files:
        rate = _rate(file.read_bytes(), plan)
        total += 1 / rate
        print(f"{file.name:<40} {rate:8.0f} hosts/s")
    print(f"{len(plan.checks)} checks; all files together {len(files) / total:8.0f} hosts/s")


def _rate(data: bytes, plan: Plan) -> float:
    report_host(Host(decode(data)), plan)
    count, started = 0, time.process_time()
    while time.process_time() - started < SECONDS:
        report_host(Host(decode(data)), plan)
        count += 1
    return count / (time.process_time() - started)


if __name__ == "__main__":
    main()
