"""JSON lines for syslog, the journal and SIEM: a record for the scan, each host and each finding.

Each line stands alone: it says of which scan and host it is. A record is at most 8,000 bytes, since
syslog daemons cut longer ones (rsyslog at 8 KiB), and JSON that was cut is lost. What passes or
does not apply has no record; hosts have their counts. Times are RFC 3339, UTC.
"""

from collections.abc import Iterator
from typing import Any

import msgspec

from dockeraudit.output import clipped, visible
from dockeraudit.report import STATUSES, HostReport, Report, ReportedFinding, Result

from ._view import worst_findings

EXTENSION = "jsonl"

MAX_BYTES = 8000

_LEVELS = {"critical": 2, "high": 3, "medium": 4, "low": 5, "info": 6}
"""syslog's: 2 critical, 3 error, 4 warning, 5 notice, 6 informational."""
_NAME = 200
_MESSAGE = 500
_PROOFS = 4


def recognises(head: bytes) -> bool:
    """Whether a file that begins so is one of ours."""
    return head.startswith(b'{"time":"') and b'"program":"dockeraudit","scan":"' in head[:90]


def render(report: Report) -> Iterator[str]:
    """The scan first, then host by host."""
    yield _line(_scan(report))
    for host in report.hosts:
        yield _line(_host(report, host))
        for result in host.results:
            for record in _records(host, result):
                yield _line({**_head(report, host.collected_at), **record})


def _head(report: Report, time: str | None) -> dict[str, Any]:
    return {"time": time or report.finished, "program": "dockeraudit", "scan": report.started}


def _scan(report: Report) -> dict[str, Any]:
    summary = report.summary
    return {
        **_head(report, report.finished),
        "type": "scan",
        "level": _LEVELS["info"] if summary.exit_code == 0 else _LEVELS["medium"],
        "message": _text(summary.rule, _MESSAGE),
        "version": _text(report.tool.version, _NAME),
        "started": report.started,
        "finished": report.finished,
        "profile": _text(report.profile, _NAME),
        "fail_on": report.fail_on,
        "exit_code": summary.exit_code,
        "hosts": msgspec.to_builtins(summary.hosts),
        "results": summary.results,
        "by_severity": summary.by_severity,
    }


def _host(report: Report, host: HostReport) -> dict[str, Any]:
    return {
        **_head(report, host.collected_at),
        "type": "host",
        "level": _LEVELS["info"] if host.state == "scanned" else _LEVELS["medium"],
        **_where(host),
        "message": _text(host.error.message if host.error else host.state, _MESSAGE),
        "state": host.state,
        "error": _text(host.error.kind, _NAME) if host.error else None,
        "address": _text(host.address, _NAME),
        "engines": [
            {"name": _text(engine.name, _NAME), "version": _text(engine.version, _NAME)}
            for engine in host.engines[:_PROOFS]
        ],
        "duration_s": host.duration_s,
        "results": {
            status: sum(result.status == status for result in host.results) for status in STATUSES
        },
    }


def _where(host: HostReport) -> dict[str, str]:
    return {"host": _text(host.target, _NAME), "hostname": _text(host.hostname, _NAME)}


def _records(host: HostReport, result: Result) -> Iterator[dict[str, Any]]:
    """One for each finding; what is unknown is one too: a gap in sight is news as well."""
    if result.status not in ("fail", "manual", "unknown"):
        return
    findings: tuple[ReportedFinding | None, ...] = tuple(worst_findings(result)) or (None,)
    for finding in findings:
        severity = finding.severity if finding else result.severity
        waiver = (finding.waiver if finding else None) or result.waiver
        counts = result.status == "fail" and waiver is None
        yield {
            "type": "finding" if result.status == "fail" else result.status,
            "level": _LEVELS[severity] if counts else _LEVELS["info"],
            **_where(host),
            "message": _text(finding.message if finding else result.message, _MESSAGE),
            "check": _text(result.check, _NAME),
            "title": _text(result.title, _NAME),
            "status": result.status,
            "severity": severity,
            "counts": counts,
            "engine": _text(finding.engine, _NAME) if finding else "",
            "resource": _text(finding.resource, _NAME) if finding else "",
            "fingerprint": finding.fingerprint if finding else None,
            "references": [
                _text(f"{rule.framework} {rule.id}", _NAME) for rule in result.references[:8]
            ],
            "waiver": None
            if waiver is None
            else {
                "owner": _text(waiver.owner, _NAME),
                "expires": _text(waiver.expires, _NAME),
                "ticket": _text(waiver.ticket, _NAME),
                "reason": _text(waiver.reason, _NAME),
            },
            "evidence": [
                {"source": _text(proof.source, _NAME), "detail": _text(proof.detail, _MESSAGE)}
                for proof in (finding.evidence[:_PROOFS] if finding else ())
            ],
        }


def _text(text: str, limit: int) -> str:
    """Text that a log viewer shows as it is: one line, no escapes, no lone surrogates."""
    return visible(clipped(text, limit))


def _line(record: dict[str, Any]) -> str:
    """One line, and never a longer one than is kept whole; evidence goes first."""
    data = msgspec.json.encode(record)
    while len(data) > MAX_BYTES and record.get("evidence"):
        record = {**record, "evidence": record["evidence"][:-1], "evidence_cut": True}
        data = msgspec.json.encode(record)
    if len(data) > MAX_BYTES:
        short = {
            key: clipped(value, 60) if isinstance(value, str) and len(value) > 60 else value
            for key, value in record.items()
            if key not in ("waiver", "references", "engines")
        }
        data = msgspec.json.encode({**short, "cut": True})
    return data.decode() + "\n"
