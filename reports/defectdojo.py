"""DefectDojo's «Generic Findings Import»: a finding for each one that fails.

Its parser (dojo/tools/generic/json_parser.py) refuses a key that it doesn't know, and hashes the
description: so there is no time in it. Import with «reimport», so that what is fixed is closed; a
waived finding is a risk accepted. DefectDojo would close what a scan could not see as well: so a
host that was not reached, what could not be assessed on one and what a person has to decide there
are findings of severity Info, each one a host.
"""

import re
from collections.abc import Iterator
from typing import Any

from dockeraudit.report import HostReport, Report, ReportedFinding, Result

from . import _plain

EXTENSION = "defectdojo.json"

_BEGINNING = '{"name": "dockeraudit", "type": "dockeraudit", '
_TITLE, _SERVICE, _VERSION, _TAG = 500, 190, 90, 50
"""Columns of its data base: 511, 200, 100."""
_HOST = re.compile(r"(?:[^@\s]+@)?([A-Za-z0-9](?:[A-Za-z0-9.-]{0,250}[A-Za-z0-9])?)(?::[0-9]+)?")
_PORT = re.compile(r".*:([0-9]{1,5})")
_FIX = "Give the scan the access that it lacks, and scan again."


def recognises(head: bytes) -> bool:
    """Whether a file that begins so is one of ours."""
    return head.startswith(_BEGINNING.encode())


def render(report: Report) -> Iterator[str]:
    """The envelope, then finding by finding."""
    about = {
        "version": _plain.name(report.tool.version),
        "description": _plain.prose(f"Profile {report.profile}: {report.summary.rule}"),
    }
    yield f'{_BEGINNING}{_plain.encoded(about)[1:-1]}, "findings": ['
    comma = ""
    for host in report.hosts:
        for record in _records(report, host):
            yield f"{comma}\n{_plain.encoded(record)}"
            comma = ","
    yield "\n]}\n"


def _records(report: Report, host: HostReport) -> Iterator[dict[str, Any]]:
    for result, finding in _plain.failures(host):
        yield _finding(report, host, result, finding)
    if host.state == "unreachable":
        reason = [_plain.code(line) for line in _plain.lost(host).splitlines()]
        yield _open(report, host, "The host was not reached", reason, _FIX)
        return
    for status, title, fix in (
        ("unknown", "Could not be assessed", _FIX),
        ("manual", "For a person to decide", "Look at each, and decide."),
    ):
        lines = [
            f"{_plain.code(each.check)}: {_plain.code(each.message)}"
            for each in host.results
            if each.status == status
        ]
        if lines:
            yield _open(report, host, title, lines, fix)


def _finding(
    report: Report, host: HostReport, result: Result, finding: ReportedFinding
) -> dict[str, Any]:
    waiver, head = _plain.waiver(result, finding), _plain.head(result)
    record = {
        **_common(report, host, f"{head.title}: {_plain.subject(host, finding)}"),
        "severity": finding.severity.capitalize(),
        "description": _description(host, result, finding),
        "mitigation": head.remediation,
        "impact": head.rationale,
        "references": "\n".join(head.references),
        "active": waiver is None,
        "risk_accepted": waiver is not None,
        "unique_id_from_tool": finding.fingerprint,
        "vuln_id_from_tool": head.check,
        "component_name": _plain.name(finding.engine) or "docker",
        "tags": ["docker", _tag(result.check)],
    }
    version = next((each.version for each in host.engines if each.name == finding.engine), "")
    if version:
        record["component_version"] = _plain.name(version)[:_VERSION]
    if finding.resource.startswith("/"):
        record["file_path"] = _plain.name(finding.resource)
    name, port = _HOST.fullmatch(host.target), _PORT.fullmatch(finding.resource[: _plain.NAME])
    if name and port:
        record["endpoints"] = [f"tcp://{name[1]}:{port[1]}"]
    return record


def _open(
    report: Report, host: HostReport, title: str, lines: list[str], fix: str
) -> dict[str, Any]:
    """What a scan leaves open on a host."""
    return {
        **_common(report, host, title),
        "severity": "Info",
        "description": "\n".join(_listed(lines)),
        "mitigation": fix,
        "active": True,
        "unique_id_from_tool": _plain.identity(host.target, title),
        "vuln_id_from_tool": title.lower().replace(" ", "-"),
        "tags": ["docker", "not-assessed"],
    }


def _listed(lines: list[str]) -> Iterator[str]:
    """A list as far as it fits; a code span that is cut in two would be none."""
    left = _plain.TEXT
    for number, line in enumerate(lines):
        left -= len(line)
        if left < 0 and number:
            yield f"* ... and {len(lines) - number} more"
            return
        yield f"* {line}"


def _common(report: Report, host: HostReport, title: str) -> dict[str, Any]:
    where = _plain.name(host.target)
    return {
        "title": f"{where}: {title}"[:_TITLE],
        "date": _plain.rfc3339(host.collected_at or report.finished)[:10],
        "static_finding": False,
        "dynamic_finding": True,
        "service": where[:_SERVICE],
    }


def _tag(check: str) -> str:
    family = check.partition("-")[0]
    return family[:_TAG] if family.isascii() and family.isalnum() else "check"


def _description(host: HostReport, result: Result, finding: ReportedFinding) -> str:
    """Markdown; what comes from the host is code, a line at a time."""
    message = _plain.prose(finding.message).splitlines() or [""]
    parts = ["\n".join(_plain.code(line, _plain.TEXT) for line in message)]
    parts.append(f"Host: {_plain.code(host.target)}")
    quoted = [f"    {line}" for each in _plain.evidence(finding) for line in each.splitlines()]
    if quoted:
        parts += ["Evidence:", "\n".join(quoted)]
    waiver = _plain.waiver(result, finding)
    if waiver is not None:
        parts.append(_plain.code(waiver.sentence))
    return "\n\n".join(parts)
