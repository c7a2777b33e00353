"""SARIF 2.1.0 for code scanning (GitHub), IDEs and converters.

One run for the whole fleet: a rule for each check, a result for each finding that fails. GitHub
refuses a file in which one result has no artifact location, so each has a stable relative one
(`hosts/web01/etc/docker/daemon.json`) beside the logical one. Waivers are suppressions. What is
unknown, unreachable or for a person to decide is a notification of the run: a result would be shown
as an alert. GitHub takes 25,000 results a run; of more, whole severities are left out from the
lowest up, and that is said.
OASIS SARIF 2.1.0; docs.github.com, «SARIF support for code scanning».
"""

import re
from collections.abc import Iterator
from functools import partial
from itertools import islice
from typing import Any
from urllib.parse import quote

from dockeraudit.report import SEVERITIES, HostReport, Report, ReportedFinding, Result, SeverityName

from . import _plain, _view
from ._gathered import First, Gap, Gaps, read

EXTENSION = "sarif"
MOST = 25_000
MOST_TAGS = 20
MOST_NOTES = 1_000

_LEVELS = {
    "critical": "error",
    "high": "error",
    "medium": "warning",
    "low": "note",
    "info": "note",
}
_SCORES = {"critical": "9.5", "high": "8.0", "medium": "5.5", "low": "2.5", "info": "0.5"}
"""GitHub's bands: above 9.0 critical, from 7.0 high, from 4.0 medium, above 0 low."""
_SCHEMA = "https://json.schemastore.org/sarif-2.1.0.json"
_BEGINNING = f'{{"$schema": "{_SCHEMA}", "version": "2.1.0",\n"runs": [{{"tool": {{"driver": '
_SEMANTIC = re.compile(r"[0-9]+\.[0-9]+\.[0-9]+")
_PARTS = 40


def recognises(head: bytes) -> bool:
    """Whether a file that begins so is one of ours."""
    return head.startswith(f'{_BEGINNING}{{"name":"dockeraudit"'.encode())


def render(report: Report) -> Iterator[str]:
    """The run: its tool, how it went, its results."""
    seen = _Seen()
    read(report.hosts, seen, seen.gaps)
    index = {check: at for at, check in enumerate(seen.rules)}
    kept, left_out = _kept(seen.severities)
    driver: dict[str, Any] = {"name": "dockeraudit", "version": _plain.name(report.tool.version)}
    if _SEMANTIC.fullmatch(report.tool.version):
        driver["semanticVersion"] = report.tool.version
    yield f"{_BEGINNING}{_plain.encoded(driver)[:-1]},\n"
    yield '"rules": ['
    for at, result in enumerate(seen.rules.values()):
        yield f"{',' if at else ''}\n{_plain.encoded(_rule(result))}"
    invocation = _plain.encoded(_invocation(report, seen, left_out))
    yield f']}}}},\n"invocations": [{invocation}],\n'
    yield '"automationDetails": {"id": "dockeraudit/"}, "columnKind": "utf16CodeUnits",\n'
    yield f'"properties": {{"results": {_plain.encoded(report.summary.results)}}},\n'
    yield '"results": ['
    comma = ""
    for host in report.hosts:
        for result, finding in _plain.failures(host):
            if finding.severity in kept:
                yield f"{comma}\n{_plain.encoded(_result(host, result, finding, index))}"
                comma = ","
    yield "\n]}]}\n"


class _Seen:
    """What is gathered of all hosts before the first result is written."""

    def __init__(self) -> None:
        self.rules: dict[str, Result] = {}
        """Of each check one result, the last, for what all of them share."""
        self.severities = dict.fromkeys(SEVERITIES, 0)
        """How many findings."""
        self.gaps = Gaps()
        self.lost = First(MOST_NOTES)
        self.decisions = First(MOST_NOTES)

    def add(self, number: int, host: HostReport) -> None:
        """See a host."""
        where = _plain.name(host.target)
        if host.state != "scanned":
            self.lost.add(lambda: f"{where}: {_plain.lost(host)}")
        for result in host.results:
            self.rules[result.check] = result
            if result.status == "manual":
                self.decisions.add(partial(_decision, where, result))
        for _, finding in _plain.failures(host):
            self.severities[finding.severity] += 1


def _decision(where: str, result: Result) -> str:
    what = f"{_plain.name(result.check)}: {_plain.name(result.message)}"
    return f"{where}: to be decided: {what}"


def _kept(counts: dict[SeverityName, int]) -> tuple[set[str], int]:
    """The severities that fit, worst first, and how many findings do not."""
    kept: set[str] = set()
    total = 0
    for severity in SEVERITIES:
        if total + counts[severity] > MOST:
            break
        total += counts[severity]
        kept.add(severity)
    return kept, sum(counts.values()) - total


def _rule(result: Result) -> dict[str, Any]:
    title = _plain.name(result.title) or _plain.name(result.check)
    tags = ["security", "docker", *_plain.references(result)]
    text = _plain.prose(f"{result.rationale}\n\n{result.remediation}".strip())
    return {
        "id": _plain.name(result.check),
        "name": "".join(part.capitalize() for part in _plain.name(result.check).split("-")),
        "shortDescription": {"text": title},
        "fullDescription": {"text": _plain.prose(result.rationale) or title},
        "help": {"text": text or title},
        "defaultConfiguration": {"level": _LEVELS[result.severity]},
        "properties": {"tags": tags[:MOST_TAGS], "security-severity": _SCORES[result.severity]},
    }


def _result(
    host: HostReport, result: Result, finding: ReportedFinding, index: dict[str, int]
) -> dict[str, Any]:
    where = _plain.name(host.target)
    subject = _plain.subject(host, finding)
    lines = [f"{where}: {_plain.prose(finding.message)}", *_plain.evidence(finding)]
    waiver = _plain.waiver(result, finding)
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
    named = (host, *resource[: _plain.NAME].split("/")[:_PARTS])
    parts = [part for part in named if part.strip(".")]
    return "/".join(["hosts", *(quote(_plain.name(part), safe="") for part in parts)])


def _invocation(report: Report, seen: _Seen, left_out: int) -> dict[str, Any]:
    return {
        "executionSuccessful": report.summary.exit_code in (0, 1),
        "startTimeUtc": _plain.rfc3339(report.started),
        "endTimeUtc": _plain.rfc3339(report.finished),
        "exitCode": report.summary.exit_code,
        "exitCodeDescription": _plain.name(report.summary.rule),
        "toolExecutionNotifications": list(_notes(seen, left_out)),
    }


def _notes(seen: _Seen, left_out: int) -> Iterator[dict[str, Any]]:
    """What is no alert and must not be lost: gaps, decisions, and what did not fit."""
    if left_out:
        kind = "findings of the lowest severities"
        yield _note("warning", f"{left_out:,} {kind} were left out: GitHub takes {MOST:,}")
    gaps = seen.gaps.found()
    notes = (
        *(_note("error", text) for text in seen.lost.shown),
        *(_note("warning", _gap(gap)) for gap in gaps[:MOST_NOTES]),
        *(_note("note", text) for text in seen.decisions.shown),
    )
    yield from notes[:MOST_NOTES]
    more = seen.lost.count + len(gaps) + seen.decisions.count - MOST_NOTES
    if more > 0:
        yield _note("warning", f"... and {more:,} more notes; the JSON report has all of them")


def _gap(gap: Gap) -> str:
    hosts = _view.plural(len(gap.hosts), "host", "hosts")
    checks = ", ".join(map(_plain.name, islice(gap.checks, _plain.MANY)))
    return f"not assessed on {hosts}: {_plain.name(gap.reason)} ({checks})"


def _note(level: str, text: str) -> dict[str, Any]:
    return {"level": level, "message": {"text": text}}
