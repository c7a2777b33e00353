"""SARIF 2.1.0 for code scanning (GitHub), IDEs and converters.

One run for the whole fleet: a rule for each check, a result for each finding that fails. GitHub
refuses a file in which one result has no artifact location, so each has a stable relative one
(`hosts/web01/etc/docker/daemon.json`) beside the logical one. Waivers are suppressions. What is
unknown is a notification of the run: a result would be shown as an alert. GitHub takes 25,000
results a run; where there are more, the lowest severities are left out and that is said.
OASIS SARIF 2.1.0; docs.github.com, «SARIF support for code scanning».
"""

from collections.abc import Iterator
from typing import Any
from urllib.parse import quote

from dockeraudit.report import SEVERITIES, HostReport, Report, ReportedFinding, Result

from . import _plain, _view

EXTENSION = "sarif"
MOST = 25_000
MOST_TAGS = 20

_LEVELS = {
    "critical": "error",
    "high": "error",
    "medium": "warning",
    "low": "note",
    "info": "note",
}
_SCORES = {"critical": "9.5", "high": "8.0", "medium": "5.5", "low": "2.5", "info": "0.5"}
"""GitHub's bands: above 9.0 critical, from 7.0 high, from 4.0 medium, above 0 low."""


def render(report: Report) -> Iterator[str]:
    """The run: its tool, its results, how it went."""
    rules = _plain.by_check(report)
    index = {check: at for at, check in enumerate(rules)}
    kept, left_out = _kept(report)
    driver = {
        "name": "dockeraudit",
        "version": _plain.name(report.tool.version),
        "semanticVersion": _plain.name(report.tool.version),
        "rules": [_rule(result) for result in rules.values()],
    }
    yield '{"$schema": "https://json.schemastore.org/sarif-2.1.0.json", "version": "2.1.0",\n'
    yield f'"runs": [{{"tool": {{"driver": {_plain.encoded(driver)}}},\n'
    yield f'"invocations": [{_plain.encoded(_invocation(report, left_out))}],\n'
    yield '"automationDetails": {"id": "dockeraudit/"}, "columnKind": "utf16CodeUnits",\n'
    yield '"results": ['
    comma = ""
    for host in report.hosts:
        for result, finding in _plain.failures(host):
            if finding.severity in kept:
                yield f"{comma}\n{_plain.encoded(_result(host, result, finding, index))}"
                comma = ","
    yield "\n]}]}\n"


def _kept(report: Report) -> tuple[set[str], int]:
    """The severities that fit, worst first, and how many findings do not."""
    counts = dict.fromkeys(SEVERITIES, 0)
    for host in report.hosts:
        for _, finding in _plain.failures(host):
            counts[finding.severity] += 1
    kept: set[str] = set()
    total = 0
    for severity in SEVERITIES:
        if total + counts[severity] > MOST:
            break
        total += counts[severity]
        kept.add(severity)
    return kept, sum(counts.values()) - total


def _rule(result: Result) -> dict[str, Any]:
    tags = ["security", "docker", *_plain.references(result)]
    text = _plain.prose(f"{result.rationale}\n\n{result.remediation}".strip())
    return {
        "id": _plain.name(result.check),
        "name": "".join(part.capitalize() for part in _plain.name(result.check).split("-")),
        "shortDescription": {"text": _plain.name(result.title)},
        "fullDescription": {"text": _plain.name(result.rationale) or _plain.name(result.title)},
        "help": {"text": text or _plain.name(result.title)},
        "properties": {"tags": tags[:MOST_TAGS], "security-severity": _SCORES[result.severity]},
    }


def _result(
    host: HostReport, result: Result, finding: ReportedFinding, index: dict[str, int]
) -> dict[str, Any]:
    where = _plain.name(host.target)
    subject = _plain.subject(host, finding)
    lines = [f"{where}: {_plain.prose(finding.message)}", *_plain.evidence(finding)]
    waiver = finding.waiver or result.waiver
    found: dict[str, Any] = {
        "ruleId": _plain.name(result.check),
        "ruleIndex": index[result.check],
        "kind": "fail",
        "level": _LEVELS[finding.severity],
        "message": {"text": "\n".join(lines)},
        "locations": [
            {
                "physicalLocation": {
                    "artifactLocation": {"uri": uri(host.target, finding.resource)},
                    "region": {"startLine": 1},
                },
                "logicalLocations": [
                    {"kind": "resource", "fullyQualifiedName": f"{where}/{subject}"}
                ],
            }
        ],
        "partialFingerprints": {"dockeraudit/v1": finding.fingerprint},
        "properties": {
            "severity": finding.severity,
            "security-severity": _SCORES[finding.severity],
            "host": where,
        },
    }
    if waiver is not None:
        found["suppressions"] = [
            {
                "kind": "external",
                "status": "accepted",
                "justification": _plain.name(waiver.sentence),
            }
        ]
    return found


def uri(host: str, resource: str) -> str:
    """A stable relative URI of what is at fault; dots in a name can't climb out of it."""
    parts = [part for part in (host, *resource.split("/")) if part not in ("", ".", "..")]
    return "/".join(["hosts", *(quote(_plain.name(part), safe="") for part in parts)])


def _invocation(report: Report, left_out: int) -> dict[str, Any]:
    notes = [_note("error", f"{host.target}: {host.error.message}; {host.error.hint}")
             for host in report.hosts if host.error is not None]  # fmt: skip
    for gap in _view.gaps(report.hosts):
        text = f"not assessed on {_view.plural(len(gap.hosts), 'host', 'hosts')}: {gap.reason}"
        notes.append(_note("warning", f"{text} ({', '.join(gap.checks[:20])})"))
    if left_out:
        notes.append(_note("warning", f"{left_out:,} findings of low severity were left out"))
    return {
        "executionSuccessful": report.summary.exit_code in (0, 1),
        "startTimeUtc": report.started,
        "endTimeUtc": report.finished,
        "exitCode": report.summary.exit_code,
        "exitCodeDescription": _plain.name(report.summary.rule),
        "toolExecutionNotifications": notes[:1000],
    }


def _note(level: str, text: str) -> dict[str, Any]:
    return {"level": level, "message": {"text": _plain.prose(text)}}
