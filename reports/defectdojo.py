"""DefectDojo's «Generic Findings Import»: a finding for each one that fails.

Its parser (dojo/tools/generic/json_parser.py) refuses a key that it doesn't know, and hashes the
description: so there is no time in it. Import with «reimport», so that what is fixed is closed;
a waived finding is a risk accepted.
"""

from collections.abc import Iterator
from typing import Any

from dockeraudit.report import HostReport, Report, ReportedFinding, Result

from . import _plain

EXTENSION = "defectdojo.json"
_TITLE = 500


def render(report: Report) -> Iterator[str]:
    """The envelope, then finding by finding."""
    yield '{"name": "dockeraudit", "type": "dockeraudit", "findings": ['
    comma = ""
    for host in report.hosts:
        for result, finding in _plain.failures(host):
            record = _plain.encoded(_finding(report, host, result, finding))
            yield f"{comma}\n{record}"
            comma = ","
    yield "\n]}\n"


def _finding(
    report: Report, host: HostReport, result: Result, finding: ReportedFinding
) -> dict[str, Any]:
    waiver = finding.waiver or result.waiver
    where = _plain.name(host.target)
    subject = _plain.subject(host, finding)
    record: dict[str, Any] = {
        "title": f"{where}: {_plain.name(result.title)}: {subject}"[:_TITLE],
        "severity": finding.severity.capitalize(),
        "description": _description(host, result, finding),
        "date": (host.collected_at or report.finished)[:10],
        "mitigation": _plain.prose(result.remediation),
        "impact": _plain.prose(result.rationale),
        "references": "\n".join(_plain.references(result)),
        "active": waiver is None,
        "verified": True,
        "risk_accepted": waiver is not None,
        "static_finding": False,
        "dynamic_finding": True,
        "unique_id_from_tool": finding.fingerprint,
        "vuln_id_from_tool": _plain.name(result.check),
        "component_name": _plain.name(finding.engine) or "docker",
        "service": where,
        "tags": ["docker", _plain.name(result.check).partition("-")[0]],
    }
    version = next((e.version for e in host.engines if e.name == finding.engine), "")
    if version:
        record["component_version"] = _plain.name(version)
    if finding.resource.startswith("/"):
        record["file_path"] = _plain.name(finding.resource)
    return record


def _description(host: HostReport, result: Result, finding: ReportedFinding) -> str:
    quoted = [f"    {line}" for each in _plain.evidence(finding) for line in each.splitlines()]
    parts = [_plain.prose(finding.message), "Host: " + _plain.name(host.target)]
    if quoted:
        parts += ["Evidence:", "\n".join(quoted)]
    waiver = finding.waiver or result.waiver
    if waiver is not None:
        parts.append(_plain.name(waiver.sentence))
    return "\n\n".join(parts)
