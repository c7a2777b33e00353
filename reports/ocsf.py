"""OCSF Compliance Findings (class 2003), JSON lines, for a SIEM or a security data lake.

An event for each finding that fails, and one for each other result, passed ones too: consumers
count compliance from both. What is unknown, and a host that was not reached, is a Warning, which
the schema calls «no result, due to missing information»; what a person has to decide, or does not
apply, is Other. A waived finding is Suppressed. Version 1.3.0, the first with `resources`, and one
that data lakes take.
schema.ocsf.io/1.3.0/classes/compliance_finding
"""

from collections.abc import Iterator
from functools import lru_cache
from typing import Any

from dockeraudit.report import FrameworkRule, HostReport, Report, ReportedFinding, Result

from . import _plain

EXTENSION = "ocsf.jsonl"
VERSION = "1.3.0"

_BEGINNING = '{"class_uid":2003,"class_name":"Compliance Finding",'
_SEVERITIES = {
    "critical": (5, "Critical"),
    "high": (4, "High"),
    "medium": (3, "Medium"),
    "low": (2, "Low"),
    "info": (1, "Informational"),
}
_COMPLIANCE = {
    "pass": (1, "Pass"),
    "unknown": (2, "Warning"),
    "fail": (3, "Fail"),
    "manual": (99, "Manual"),
    "not-applicable": (99, "Not Applicable"),
}
_NEW, _SUPPRESSED = (1, "New"), (3, "Suppressed")


def recognises(head: bytes) -> bool:
    """Whether a file that begins so is one of ours."""
    return head.startswith(_BEGINNING.encode())


def render(report: Report) -> Iterator[str]:
    """Host by host."""
    for host in report.hosts:
        about = _about(report, host)
        if host.state == "unreachable":
            yield f"{_plain.encoded(_unreached(about, host))}\n"
        for result in host.results:
            findings: tuple[ReportedFinding | None, ...] = result.findings or (None,)
            for finding in findings:
                yield f"{_plain.encoded(_of(about, host, result, finding))}\n"


def _of(
    about: dict[str, Any], host: HostReport, result: Result, finding: ReportedFinding | None
) -> dict[str, Any]:
    head = _plain.head(result)
    severity = finding.severity if finding else result.severity
    waiver = _plain.waiver(result, finding) if result.status == "fail" else None
    message = finding.message if finding else result.message
    event = _event(
        about,
        uid=finding.fingerprint if finding else _plain.identity(host.target, result.check),
        title=head.title or head.check,
        severity=_SEVERITIES[severity if result.status == "fail" else "info"],
        message=_plain.prose(message),
        status=_SUPPRESSED if waiver else _NEW,
    )
    compliance = _COMPLIANCE[result.status]
    event["compliance"] = {
        "control": head.check,
        "requirements": head.references,
        "standards": _standards(result.references),
        "status": compliance[1],
        "status_id": compliance[0],
        "status_detail": _plain.name(result.message),
    }
    if finding:
        event["resources"] = (_resource(host, finding), *event["resources"])
    if result.remediation:
        event["remediation"] = {"desc": head.remediation}
    if waiver:
        event["comment"] = _plain.name(waiver.sentence)
    event["unmapped"] = {
        "status": result.status,
        "severity": severity,
        "evidence": _plain.evidence(finding) if finding else [],
        "rationale": head.rationale,
    }
    return event


def _unreached(about: dict[str, Any], host: HostReport) -> dict[str, Any]:
    said = _plain.lost(host)
    event = _event(
        about,
        uid=_plain.identity(host.target, "unreachable"),
        title="The host was not reached",
        severity=_SEVERITIES["info"],
        message=said,
        status=_NEW,
    )
    event["compliance"] = {
        "control": "host-reached",
        "standards": ["dockeraudit"],
        "status": "Warning",
        "status_id": 2,
        "status_detail": said,
    }
    return event


def _about(report: Report, host: HostReport) -> dict[str, Any]:
    """What all events of a host have, with room in its place for what each has of its own; the
    first keys are what a file is recognised by."""
    return {
        "class_uid": 2003,
        "class_name": "Compliance Finding",
        "category_uid": 2,
        "category_name": "Findings",
        "activity_id": 1,
        "activity_name": "Create",
        "type_uid": 200301,
        "type_name": "Compliance Finding: Create",
        "time": _plain.milliseconds(host.collected_at or report.finished),
        "start_time": _plain.milliseconds(report.started),
        "end_time": _plain.milliseconds(report.finished),
        **dict.fromkeys(("severity_id", "severity", "status_id", "status", "message")),
        "metadata": {
            "version": VERSION,
            "product": {
                "name": "dockeraudit",
                "vendor_name": "dockeraudit",
                "version": _plain.name(report.tool.version),
            },
            "log_name": "dockeraudit",
            "labels": [_plain.name(f"profile:{host.profile or report.profile}")],
        },
        "finding_info": None,
        "resources": (
            {
                "uid": _plain.name(host.target) or "host",
                "name": _plain.name(host.hostname or host.target) or "host",
                "type": "host",
                "labels": [_plain.name(host.address)] if host.address else [],
            },
        ),
    }


def _event(
    about: dict[str, Any],
    *,
    uid: str,
    title: str,
    severity: tuple[int, str],
    message: str,
    status: tuple[int, str],
) -> dict[str, Any]:
    return {
        **about,
        "severity_id": severity[0],
        "severity": severity[1],
        "status_id": status[0],
        "status": status[1],
        "message": message,
        "finding_info": {"uid": uid, "title": title, "types": ["Compliance"]},
    }


def _resource(host: HostReport, finding: ReportedFinding) -> dict[str, Any]:
    engine = next((each for each in host.engines if each.name == finding.engine), None)
    where = _plain.name(finding.resource) or _plain.name(finding.engine) or "host"
    found = {
        "uid": f"{_plain.name(host.target)}/{where}",
        "name": where,
        "type": "docker",
        "namespace": _plain.name(host.target),
    }
    if engine is not None and engine.version:
        found["version"] = _plain.name(engine.version)
    return found


@lru_cache(maxsize=1024)
def _standards(references: tuple[FrameworkRule, ...]) -> tuple[str, ...]:
    names = dict.fromkeys(_plain.name(each.framework) for each in references)
    return tuple(names) or ("dockeraudit",)
