"""CSV for spreadsheets: a row for each finding, and for what is unknown or for a person.

RFC 4180 in UTF-8 with a byte order mark, without which Excel takes it for the local code page. A
cell that a spreadsheet would take for a formula gets an apostrophe before it, so it stays text:
`=`, `+`, `-`, `@`, the full-width ones too, at its beginning or after a `;`, which separates cells
in half of Europe (OWASP, «CSV injection»). Passed and not applicable checks have no row. A host
that was not reached, or seen in part, has one with the state as its status.
"""

import csv
import io
import re
from collections.abc import Iterator

from dockeraudit.report import HostReport, Report, Result

from . import _plain

EXTENSION = "csv"
HEAD = (
    *("host", "hostname", "address", "engine", "check", "title", "status", "severity", "counts"),
    *("resource", "message", "evidence", "remediation", "references", "waiver", "fingerprint"),
)
MOST = 32_000
"""Excel keeps 32,767 characters of a cell."""

_BOM = "\ufeff"
_WIDE = "\uff1d\uff0b\uff0d\uff20"
_FORMULA = re.compile(rf"^[ ']*[=+\-@|%\t\r{_WIDE}]|;[ '\"]*[=+\-@{_WIDE}]")


def recognises(head: bytes) -> bool:
    """Whether a file that begins so is one of ours."""
    return head.startswith((_BOM + ",".join(HEAD)).encode())


def render(report: Report) -> Iterator[str]:
    """The head, then host by host."""
    yield _BOM + _row(HEAD)
    for host in report.hosts:
        if host.state != "scanned" or host.error is not None:
            yield _row(_lost(host))
        for result in host.results:
            if result.status in ("fail", "manual", "unknown"):
                yield from (_row(each) for each in _rows(host, result))


def _rows(host: HostReport, result: Result) -> Iterator[tuple[str, ...]]:
    advice = _plain.prose(result.remediation)
    references = ", ".join(_plain.references(result))
    for finding in result.findings or (None,):
        waiver = _plain.waiver(result, finding)
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
    said = ("", "", "", host.state, "", "no", "", _plain.lost(host))
    row = (*_where(host), *said)
    return row + ("",) * (len(HEAD) - len(row))


def _where(host: HostReport) -> tuple[str, ...]:
    return (_plain.name(host.target), _plain.name(host.hostname), _plain.name(host.address))


def _row(cells: tuple[str, ...]) -> str:
    buffer = io.StringIO()
    csv.writer(buffer).writerow([_inert(cell[:MOST]) for cell in cells])
    return buffer.getvalue()


def _inert(cell: str) -> str:
    return _FORMULA.sub(_quoted, cell)


def _quoted(match: re.Match[str]) -> str:
    return f"{match[0][:-1]}'{match[0][-1]}" if match[0][0] == ";" else f"'{match[0]}"
