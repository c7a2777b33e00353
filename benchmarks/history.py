"""A history's size and query times. `python -m benchmarks.history [HOSTS [DAYS]]`.

1,000 hosts, a run a day for a year, 90 checks; each day about 3 % of all results change: half come,
half go, some only change severity, and 1 % of the hosts are not reached. Each question opens the
file anew; its time is the first call's, and the best of ten further ones.
"""

import os
import random
import sys
import tempfile
import time
from collections.abc import Callable
from datetime import UTC, datetime, timedelta

import msgspec

from dockeraudit.drift import compare
from dockeraudit.history import read
from dockeraudit.history.prune import prune
from dockeraudit.history.record import record
from dockeraudit.judge import fingerprint
from dockeraudit.policy import summarize
from dockeraudit.report import (
    SEVERITIES,
    HostError,
    HostReport,
    Proof,
    Report,
    ReportedFinding,
    Result,
    Tool,
)

CHECKS = 90
FAILING = 0.15
CHANGED = 0.03
LOST = 0.01


class Fleet:
    """Hosts whose results change from day to day, as reports."""

    def __init__(self, hosts: int, seed: int = 1) -> None:
        self._random = random.Random(seed)
        self._checks = [f"family{n % 9}-check-with-a-name-{n:02}" for n in range(CHECKS)]
        self._hosts = [
            [self._result(host, check, 0) for check in range(CHECKS)] for host in range(hosts)
        ]

    def day(self, day: int, end: datetime) -> Report:
        """The report of a day, after that day's changes."""
        if day:
            for _ in range(int(len(self._hosts) * CHECKS * CHANGED)):
                host, check = (
                    self._random.randrange(len(self._hosts)),
                    self._random.randrange(CHECKS),
                )
                self._hosts[host][check] = self._changed(host, check, day)
        now = end.strftime("%Y-%m-%dT%H:%M:%SZ")
        hosts = tuple(self._host(number, now) for number in range(len(self._hosts)))
        return Report(
            schema_version="1",
            tool=Tool("dockeraudit", "0.1.0"),
            started=now,
            finished=now,
            profile="daemon",
            fail_on="low",
            summary=summarize(hosts, "low"),
            hosts=hosts,
        )

    def _host(self, number: int, now: str) -> HostReport:
        name = f"node-{number:04}.fleet.example.net"
        if self._random.random() < LOST:
            return HostReport(name, "", "", "unreachable", HostError("timeout", "no answer", ""))
        return HostReport(
            target=name,
            hostname=name,
            address="192.0.2.1",
            state="scanned",
            error=None,
            collected_at=now,
            results=tuple(self._hosts[number]),
        )

    def _changed(self, host: int, check: int, day: int) -> Result:
        """What failed passes, mostly; for each that is fixed another one comes."""
        before = self._hosts[host][check]
        if before.status == "fail" and self._random.random() < 0.1:
            return self._result(host, check, day, fail=True)
        share = FAILING / (1 - FAILING)
        if before.status != "fail" and self._random.random() > share:
            status = "not-applicable" if before.status == "pass" else "pass"
            return msgspec.structs.replace(before, status=status)
        return self._result(host, check, day, fail=before.status != "fail")

    def _result(self, host: int, check: int, day: int, fail: bool | None = None) -> Result:
        if fail is None:
            fail = self._random.random() < FAILING
        id = self._checks[check]
        target = f"node-{host:04}.fleet.example.net"
        severity = SEVERITIES[self._random.randrange(5)]
        resource = f"/etc/docker/some/path/{check}.json"
        finding = ReportedFinding(
            engine="docker",
            resource=resource,
            message=f"{resource} is 0644, of uid {self._random.randrange(1000)}, day {day}",
            severity=severity,
            fingerprint=fingerprint(target, id, "docker", resource),
            evidence=(Proof(resource, "-rw-r--r-- 1 0 0"),),
        )
        return Result(
            check=id,
            title="Something is wrong",
            status="fail" if fail else "pass",
            severity=severity,
            message=finding.message if fail else "nothing found",
            findings=(finding,) if fail else (),
            remediation="Mend it.",
            references=(),
        )


def main() -> None:
    """Measure and print."""
    hosts = int(sys.argv[1]) if len(sys.argv) > 1 else 1000
    days = int(sys.argv[2]) if len(sys.argv) > 2 else 365
    with tempfile.TemporaryDirectory() as folder:
        path = os.path.join(folder, "history.db")
        _fill(path, hosts, days)
        _questions(path, days)


def _fill(path: str, hosts: int, days: int) -> None:
    fleet, end = Fleet(hosts), datetime.now(UTC)
    took, changed = [], 0
    for day in range(days):
        report = fleet.day(day, end - timedelta(days=days - day))
        started = time.perf_counter()
        recorded = record(path, report)
        took.append(time.perf_counter() - started)
        changed += recorded.new + recorded.fixed + recorded.worse + recorded.better if day else 0
        if not (day + 1) % 90:
            print(f"  day {day + 1}: {_size(path)}", file=sys.stderr)
    took.sort()
    open = recorded.still + recorded.new + recorded.unseen
    print(f"{hosts} hosts, {days} runs, {CHECKS} checks; {open} findings open at the end")
    print(f"{changed / max(days - 1, 1):.0f} findings came, went or changed severity each day")
    print(
        f"file {_size(path)}; a run is recorded in {took[len(took) // 2]:.2f} s (median),"
        f" {took[-1]:.2f} s (worst)"
    )


def _questions(path: str, days: int) -> None:
    host = "node-0500*"
    middle = max(days // 2, 1)
    questions: dict[str, Callable[[], object]] = {
        "runs": lambda: read.runs(path),
        "findings, worst 100": lambda: read.findings(path, limit=100),
        "findings of one host": lambda: read.findings(path, host=host),
        "findings of one check": lambda: read.findings(path, check="family3*-03", limit=100),
        "fixed in 30 days, MTTR": lambda: read.fixed(path, 30, limit=100),
        "fixed in 365 days, MTTR": lambda: read.fixed(path, 365, limit=100),
        "worse in 30 days": lambda: read.worse(path, 30, limit=100),
        "worse in 365 days": lambda: read.worse(path, 365, limit=100),
        "calendar": lambda: read.calendar(path),
        "one run's view (for diff)": lambda: read.view(path, days),
        "an old run's view, carried": lambda: read.view(path, middle, carried=True),
        "diff of two runs, whole": lambda: compare(
            read.view(path, middle, carried=True), read.view(path, days)
        ),
    }
    for name, question in questions.items():
        took = []
        for _ in range(11):
            started = time.perf_counter()
            question()
            took.append((time.perf_counter() - started) * 1000)
        first, again = took[0], min(took[1:])
        print(f"{name:<30} {first:8.1f} ms first {again:8.1f} ms best")
    started = time.perf_counter()
    gone = prune(path, days // 2)
    print(f"prune {gone} runs: {time.perf_counter() - started:.1f} s, file {_size(path)}")


def _size(path: str) -> str:
    return f"{os.path.getsize(path) / 1e6:.1f} MB"


if __name__ == "__main__":
    main()
