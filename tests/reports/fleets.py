"""Fleets that are hard on a report: nothing is said twice."""

from collections.abc import Iterator
from hashlib import sha256

from msgspec.structs import replace

from dockeraudit.report import HostReport, Report, Result


def own_texts(report: Report) -> Report:
    """As many hosts, all like the worst of them, and every text of a finding its own."""
    worst = max(report.hosts, key=lambda host: sum(len(one.findings) for one in host.results))
    return replace(
        report,
        hosts=tuple(
            replace(worst, target=host.target, results=tuple(_results(worst, host.target)))
            for host in report.hosts
        ),
    )


def _results(host: HostReport, target: str) -> Iterator[Result]:
    for result in host.results:
        mark = f"{target} {result.check}"
        yield replace(
            result,
            message=f"{result.message} ({mark})" if result.findings else result.message,
            findings=tuple(
                replace(
                    one,
                    resource=f"{one.resource} {mark}",
                    message=f"{one.message} ({mark})",
                    fingerprint=sha256(f"{mark} {at}".encode()).hexdigest()[:32],
                    evidence=tuple(
                        replace(proof, detail=f"{proof.detail} {mark}") for proof in one.evidence
                    ),
                )
                for at, one in enumerate(result.findings)
            ),
        )
