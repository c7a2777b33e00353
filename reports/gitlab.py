"""GitLab's code quality report: what a merge request adds or repairs, in its widget.

The security reports do not fit: each belongs to one kind of scanner, none of them audits hosts, and
the widget needs a paid tier. GitLab's reader (lib/gitlab/ci/parsers/codequality) stops at the first
entry that its schema refuses, keeps one entry of a fingerprint, and shows description, severity and
location. It calls repaired what has no entry any more: so a host that was not reached and what
could not be assessed are entries of severity info. Waived findings have none: they don't count.
"""

from collections.abc import Iterator
from typing import Any

from dockeraudit.report import HostReport, Report

from . import _plain
from .sarif import uri

EXTENSION = "gitlab.json"

_SEVERITIES = {
    "critical": "blocker",
    "high": "critical",
    "medium": "major",
    "low": "minor",
    "info": "info",
}


def recognises(head: bytes) -> bool:
    """Whether a file that begins so is one of ours."""
    return head.startswith((b'[\n{"type":"issue","engine_name":"dockeraudit"', b"[\n]\n"))


def render(report: Report) -> Iterator[str]:
    """An array, entry by entry; each fingerprint once."""
    yield "["
    taken: set[str] = set()
    for host in report.hosts:
        for entry in _entries(host):
            if entry["fingerprint"] not in taken:
                yield f"{',' if taken else ''}\n{_plain.encoded(entry)}"
                taken.add(entry["fingerprint"])
    yield "\n]\n"


def _entries(host: HostReport) -> Iterator[dict[str, Any]]:
    if host.state == "unreachable":
        key = _plain.identity(host.target, "unreachable")
        yield _entry(host, "host", f"not reached: {_plain.lost(host)}", "info", key, "")
    for result, finding in _plain.failures(host):
        if _plain.waiver(result, finding) is None:
            severity = _SEVERITIES[finding.severity]
            key = finding.fingerprint
            yield _entry(host, result.check, finding.message, severity, key, finding.resource)
    for result in host.results:
        if result.status in ("unknown", "manual"):
            said = "not assessed" if result.status == "unknown" else "for a person to decide"
            key = _plain.identity(host.target, result.check, result.status)
            yield _entry(host, result.check, f"{said}: {result.message}", "info", key, "")


def _entry(
    host: HostReport, check: str, message: str, severity: str, key: str, resource: str
) -> dict[str, Any]:
    return {
        "type": "issue",
        "engine_name": "dockeraudit",
        "check_name": _plain.name(check),
        "description": f"{_plain.name(host.target)}: {_plain.name(message)}",
        "categories": ["Security"],
        "severity": severity,
        "fingerprint": key,
        "location": {"path": uri(host.target, resource), "lines": {"begin": 1}},
    }
