"""A folder of results of a large fleet: the recorded hosts, judged and renamed.

Each has its own name, address, certificates and fingerprints. Of twenty hosts one has the
certificates of another, of a hundred one was not reached, of five hundred one is named twice.
"""

import os
import sys
import time
from collections.abc import Iterator
from hashlib import sha256
from pathlib import Path

import msgspec
from msgspec.structs import replace

from dockeraudit.facts import HostFacts
from dockeraudit.fleet import HostShown, shown
from dockeraudit.host import Host
from dockeraudit.judge import fingerprint
from dockeraudit.plugins import checks, formats
from dockeraudit.repeated import Identity
from dockeraudit.report import HostError, HostReport, Result, Tool
from dockeraudit.results import Looked, Results, Run
from dockeraudit.scan import Plan, report_host
from dockeraudit.targets import parse

RECORDED = Path(__file__).resolve().parents[1] / "tests" / "collect" / "recorded"
REFUSED = HostError("refused", "connection refused", "start sshd there, or check the port")


def fill(folder: str, hosts: int, count: int) -> None:
    """Make a folder of results."""
    known = [*checks().values()]
    plan = Plan(checks=tuple(known[number * len(known) // count] for number in range(count)))
    models = [*_models(plan)]
    run = Run(
        tool=Tool("dockeraudit", "benchmark"),
        started="2026-11-24T13:00:00Z",
        arguments=(),
        targets=tuple(parse(f"node{number:05}.example") for number in range(hosts)),
        profile="benchmark",
        fail_on="low",
    )
    with Results.create(folder, run) as results:
        for number in range(hosts):
            results.add(number, _looked(models, number))


def main(folder: str, hosts: int, count: int) -> None:
    """Make it, and print how that went and the formats that there are."""
    started = time.perf_counter()
    fill(folder, hosts, count)
    took = time.perf_counter() - started
    size = os.path.getsize(os.path.join(folder, "results.jsonl"))
    print(f"{hosts:,} hosts, {count} checks: {size / 1e6:,.0f} MB of results, made in {took:.0f} s")
    print(*formats(print), sep="\n")


def _models(plan: Plan) -> Iterator[tuple[HostReport, HostShown]]:
    for path in sorted(RECORDED.glob("*.facts.json")):
        host = Host(msgspec.json.decode(path.read_bytes(), type=HostFacts))
        report = report_host(host, plan)
        yield report, shown(host, report.address)


def _looked(models: list[tuple[HostReport, HostShown]], number: int) -> Looked:
    name = f"node{number:05}.example"
    if number % 100 == 99:
        return Looked(HostReport(name, "", name, "unreachable", REFUSED, duration_s=5.0))
    report, held = models[number % len(models)]
    address = f"10.{number >> 16 & 255}.{number >> 8 & 255}.{number & 255}"
    twice = number % 500 == 1
    own = number - 1 if twice else number
    report = replace(
        report,
        target=name,
        hostname=name.partition(".")[0],
        address=address,
        results=tuple(_renamed(result, name, report.hostname) for result in report.results),
    )
    certificates = tuple(
        each
        if number % 20 == 7
        else replace(
            each,
            fingerprint=_digest(each.fingerprint, name),
            key=each.key and _digest(each.key, name),
            serial=_digest(each.serial, name)[:16],
        )
        for each in held.certificates
    )
    return Looked(
        report,
        HostShown(name, f"machine {own}", address, certificates),
        Identity(f"machine {own}", name, live=True),
    )


def _renamed(result: Result, name: str, before: str) -> Result:
    """A result of another host: findings have fingerprints and texts of their own."""
    if not result.findings:
        return result
    return replace(
        result,
        findings=tuple(
            replace(
                each,
                fingerprint=fingerprint(name, result.check, each.engine, each.resource),
                evidence=tuple(
                    replace(
                        proof, detail=proof.detail.replace(before, name) if before else proof.detail
                    )
                    for proof in each.evidence
                ),
            )
            for each in result.findings
        ),
    )


def _digest(*parts: str) -> str:
    return sha256("\0".join(parts).encode()).hexdigest()


if __name__ == "__main__":
    main(sys.argv[1], int(sys.argv[2]), int(sys.argv[3]))
