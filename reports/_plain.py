"""Text from hosts for formats that machines read: whole characters, no controls, bounded."""

from collections.abc import Iterator
from typing import Any

import msgspec

from dockeraudit.output import clipped, visible
from dockeraudit.report import HostReport, Report, ReportedFinding, Result

NAME = 300
TEXT = 4000


def name(text: str) -> str:
    """A name on one line."""
    return visible(clipped(text, NAME))


def prose(text: str) -> str:
    """A text that may have lines."""
    return visible(clipped(text, TEXT), keep="\n")


def encoded(value: Any) -> str:
    """A value as JSON on one line."""
    return msgspec.json.encode(value).decode()


def failures(host: HostReport) -> Iterator[tuple[Result, ReportedFinding]]:
    """What fails on a host, waived or not, finding by finding."""
    for result in host.results:
        if result.status == "fail":
            for finding in result.findings:
                yield result, finding


def subject(host: HostReport, finding: ReportedFinding) -> str:
    """What is at fault, with the engine where a host may have several."""
    engine = f"{finding.engine}: " if finding.engine and len(host.engines) > 1 else ""
    return name(f"{engine}{finding.resource}")


def by_check(report: Report) -> dict[str, Result]:
    """One result of each check, for what all of them share: title, rationale, references."""
    return {result.check: result for host in report.hosts for result in host.results}


def evidence(finding: ReportedFinding) -> list[str]:
    """The evidence as lines `source: detail`."""
    return [f"{name(each.source)}: {prose(each.detail)}" for each in finding.evidence]


def references(result: Result) -> list[str]:
    """`cis-1.8 2.8`, … ."""
    return [name(f"{each.framework} {each.id}") for each in result.references]
