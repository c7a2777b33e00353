"""Small reports: hosts in a line each, for histories and comparisons."""

from datetime import UTC, datetime
from typing import Any

from dockeraudit.judge import fingerprint
from dockeraudit.policy import summarize
from dockeraudit.report import (
    HostError,
    HostReport,
    Proof,
    Report,
    ReportedCertificate,
    ReportedFinding,
    Result,
    SeverityName,
    Status,
    Tool,
    Waiver,
)

START = 1_795_000_000
DAY = 86400
WAIVER = Waiver("known", "ops", "2027-01-01")


def certificate(path: str, not_after: int, subject: str = "CN=web") -> ReportedCertificate:
    """A daemon's certificate."""
    return ReportedCertificate(path, 1, "daemon", "docker", subject, not_after)


def moment(day: float) -> str:
    return datetime.fromtimestamp(START + day * DAY, UTC).strftime("%Y-%m-%dT%H:%M:%SZ")


def found(
    host: str,
    check: str,
    *resources: str,
    severity: SeverityName = "high",
    message: str = "",
    **changes: Any,
) -> Result:
    """A failure with a finding for each resource."""
    findings = tuple(
        ReportedFinding(
            engine="docker",
            resource=resource,
            message=f"{resource} is wrong",
            severity=severity,
            fingerprint=fingerprint(host, check, "docker", resource),
            evidence=changes.pop("evidence", (Proof(resource, "wrong"),)),
        )
        for resource in resources
    )
    return Result(
        check=check,
        title="Something is wrong",
        status="fail",
        severity=severity,
        message=message or (findings[0].message if findings else "it failed"),
        findings=findings,
        remediation="Mend it.",
        references=(),
        waiver=changes.get("waiver"),
    )


def other(check: str, status: Status = "pass", message: str = "nothing found") -> Result:
    """A result without findings."""
    return Result(check, "Something is wrong", status, "medium", message, (), "Mend it.", ())


def scanned(target: str, *results: Result, **changes: Any) -> HostReport:
    """A host that was reached."""
    named: dict[str, Any] = {"hostname": target, "address": "192.0.2.1", "state": "scanned"}
    named |= {"error": None, **changes}
    return HostReport(target, results=results, **named)


def partial(target: str, *results: Result, **changes: Any) -> HostReport:
    """A host that was seen without root."""
    error = HostError("privilege", "seen as ops without root", "scan as root")
    return scanned(target, *results, state="partial", error=error, **changes)


def lost(target: str, kind: str = "timeout") -> HostReport:
    """A host that was not reached."""
    return HostReport(target, "", "", "unreachable", HostError(kind, "no answer", ""))


def report(*hosts: HostReport, day: float = 0, **changes: Any) -> Report:
    """A scan of that day, in which hosts that were reached were collected."""
    collected = tuple(
        host
        if host.state == "unreachable" or host.collected_at
        else HostReport(
            **{name: getattr(host, name) for name in host.__struct_fields__}
            | {"collected_at": moment(day)}
        )
        for host in hosts
    )
    return Report(
        schema_version="1",
        tool=Tool("dockeraudit", "0.1.0"),
        started=moment(day),
        finished=changes.get("finished", moment(day)),
        profile="daemon",
        fail_on="low",
        summary=summarize(collected, "low"),
        hosts=collected,
    )
