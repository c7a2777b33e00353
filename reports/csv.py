"""CSV for spreadsheets: a row for each finding, and for what is unknown or for a person.

RFC 4180. A cell that a spreadsheet would take for a formula (`=`, `+`, `-`, `@`, tab, carriage
return at its beginning; OWASP, «CSV injection») gets an apostrophe before it, so it stays text.
"""

import csv
import io
from collections.abc import Iterator

from dockeraudit.report import HostReport, Report, Result

from . import _plain

EXTENSION = "csv"
HEAD = (
    *("host", "hostname", "address", "engine", "check", "title", "status", "severity", "counts"),
    *("resource", "message", "evidence", "remediation", "references", "waiver", "fingerprint"),
)
_FORMULA = ("=", "+", "-", "@", "\t", "\r", "|", "%")


def render(report: Report) -> Iterator[str]:
    """The head, then host by host."""
    yield _row(HEAD)
    for host in report.hosts:
        if host.error is not None:
            yield _row(_lost(host))
        for result in host.results:
            if result.status in ("fail", "manual", "unknown"):
                yield from (_row(each) for each in _rows(host, result))


def _rows(host: HostReport, result: Result) -> Iterator[tuple[str, ...]]:
    advice = _plain.prose(result.remediation)
    references = ", ".join(_plain.references(result))
    for finding in result.findings or (None,):
        waiver = (finding.waiver if finding else None) or result.waiver
        yield (
            *_where(host),
            _plain.name(finding.engine) if finding else "",
            _plain.name(result.check),
            _plain.name(result.title),
            result.status,
            finding.severity if finding else result.severity,
            "yes" if result.status == "fail" and waiver is None else "no",
            _plain.name(finding.resource) if finding else "",
            _plain.prose(finding.message if finding else result.message),
            "\n".join(_plain.evidence(finding)) if finding else "",
            advice,
            references,
            _plain.name(waiver.sentence) if waiver else "",
            finding.fingerprint if finding else "",
        )


def _lost(host: HostReport) -> tuple[str, ...]:
    error = host.error
    said = f"{error.message}; {error.hint}" if error else ""
    empty = ("",) * 6
    return (*_where(host), "", "", "", host.state, "", "no", "", _plain.prose(said), *empty[:5])


def _where(host: HostReport) -> tuple[str, ...]:
    return (_plain.name(host.target), _plain.name(host.hostname), _plain.name(host.address))


def _row(cells: tuple[str, ...]) -> str:
    buffer = io.StringIO()
    csv.writer(buffer).writerow([_inert(cell) for cell in cells])
    return buffer.getvalue()


def _inert(cell: str) -> str:
    return f"'{cell}" if cell.lstrip(" ").startswith(_FORMULA) else cell
