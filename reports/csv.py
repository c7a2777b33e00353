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
from collections.abc import Iterable, Iterator
from functools import lru_cache

from dockeraudit.report import HostReport, Report

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
    yield _BOM + _text((HEAD,))
    for host in report.hosts:
        yield _text(_rows(host))


def _rows(host: HostReport) -> Iterator[tuple[str, ...]]:
    where = tuple(_inert(_plain.name(each)) for each in (host.target, host.hostname, host.address))
    if host.state != "scanned" or host.error is not None:
        said = ("", "", "", host.state, "", "no", "", _inert(_plain.lost(host)))
        yield (*where, *said, *("",) * (len(HEAD) - len(where) - len(said)))
    for result in host.results:
        if result.status in ("fail", "manual", "unknown"):
            check, title, advice, references = _of_check(_plain.head(result))
            for finding in result.findings or (None,):
                waiver = _plain.waiver(result, finding)
                yield (
                    *where,
                    _inert(_plain.name(finding.engine)) if finding else "",
                    check,
                    title,
                    result.status,
                    finding.severity if finding else result.severity,
                    "yes" if result.status == "fail" and waiver is None else "no",
                    _inert(_plain.name(finding.resource)) if finding else "",
                    _inert(_plain.prose(finding.message if finding else result.message)),
                    _inert("\n".join(_plain.evidence(finding))) if finding else "",
                    advice,
                    references,
                    _inert(_plain.name(waiver.sentence)) if waiver else "",
                    finding.fingerprint if finding else "",
                )


@lru_cache(maxsize=1024)
def _of_check(head: _plain.Head) -> tuple[str, str, str, str]:
    """The cells that all rows of a check have in common."""
    references = ", ".join(head.references)
    return _inert(head.check), _inert(head.title), _inert(head.remediation), _inert(references)


def _text(rows: Iterable[tuple[str, ...]]) -> str:
    buffer = io.StringIO()
    csv.writer(buffer).writerows(rows)
    return buffer.getvalue()


def _inert(cell: str) -> str:
    return _FORMULA.sub(_quoted, cell[:MOST])


def _quoted(match: re.Match[str]) -> str:
    return f"{match[0][:-1]}'{match[0][-1]}" if match[0][0] == ";" else f"'{match[0]}"
