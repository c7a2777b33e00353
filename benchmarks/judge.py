"""Hosts judged a second on one core: a facts file's bytes to results, host after host.

`python -m benchmarks.judge FACTS...`; without files, the recorded hosts of the tests, which are of
many kinds. The checks are those of cis-level2, the smallest named profile of at least 120. Each
host comes up again and again, so its certificates and unit files are already known: the first time
costs more where it has files that no other host has.
"""

import sys
import time
from pathlib import Path

from dockeraudit.facts import decode
from dockeraudit.host import Host
from dockeraudit.plugins import checks
from dockeraudit.scan import Plan, report_host, settle
from dockeraudit.selection import select

PROFILE = "cis-level2"
SECONDS = 20.0
RECORDED = Path(__file__).resolve().parents[1] / "tests" / "collect" / "recorded"


def main() -> None:
    """Measure and print."""
    files = [Path(name) for name in sys.argv[1:]] or sorted(RECORDED.glob("*.facts.json"))
    plan = Plan(checks=select(checks(), PROFILE, (), ()), profile=PROFILE)
    contents = [file.read_bytes() for file in files]
    spent, rounds = _spent(contents, plan)
    for file, seconds in zip(files, spent, strict=True):
        print(f"{file.name:<40} {rounds / seconds:8.0f} hosts/s")
    rate = rounds * len(files) / sum(spent)
    print(f"{len(plan.checks)} checks of {PROFILE}; all files together {rate:8.0f} hosts/s")


def _spent(contents: list[bytes], plan: Plan) -> tuple[list[float], int]:
    """Seconds of this process for each of the files, and how often each was judged."""
    for data in contents:
        report_host(Host(decode(data)), plan)
    settle()
    spent, rounds = [0.0] * len(contents), 0
    while sum(spent) < SECONDS:
        for place, data in enumerate(contents):
            started = time.process_time()
            report_host(Host(decode(data)), plan)
            spent[place] += time.process_time() - started
        rounds += 1
    return spent, rounds


if __name__ == "__main__":
    main()
