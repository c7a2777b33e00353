"""A Nagios plug-in's output: the state, one line, performance data, then the worst findings.

The rules are the Monitoring Plugins guidelines'. Everything before the first `|` is text, so none
may be in it; Nagios takes 8 KiB, NRPE of old 1 KiB, so what matters comes first. Text from hosts
reaches notification commands by way of `$SERVICEOUTPUT$`, which is put into a shell's line: the
characters that Nagios calls illegal in macros are spelled out or replaced.

The exit codes that Nagios wants (`exit_code`) are not those of `dockeraudit scan`: the wrapper in
docs/how-to/monitoring.md reads the state from the line.
"""

from collections.abc import Iterator
from typing import Literal

from dockeraudit.output import clipped, visible
from dockeraudit.policy import at_or_above
from dockeraudit.report import SEVERITIES, Report

from ._view import failing, plural

EXTENSION = "txt"

State = Literal["OK", "WARNING", "CRITICAL", "UNKNOWN"]
_EXIT_CODES: dict[State, int] = {"OK": 0, "WARNING": 1, "CRITICAL": 2, "UNKNOWN": 3}

_LINES = 20
_WIDTH = 160
_NAME = 60

_SPELLED = str.maketrans(
    {**{char: f"\\x{ord(char):02x}" for char in "`~$&|<>"}, "'": "\u2019", '"': "\u201d"}
)


def recognises(head: bytes) -> bool:
    """Whether a file that begins so is one of ours."""
    return head.startswith(b"DOCKERAUDIT ")


def render(report: Report) -> Iterator[str]:
    """One line with the state, then what is wrong, worst first."""
    yield f"DOCKERAUDIT {state(report)} - {_summary(report)} | {' '.join(_figures(report))}\n"
    lines = [*_unreached(report), *_wrong(report)]
    for line in lines[:_LINES]:
        yield f"{line}\n"
    if len(lines) > _LINES:
        yield f"and {len(lines) - _LINES} more: the other reports have them all\n"


def state(report: Report) -> State:
    """By the exit code; of findings that count, critical and high ones are critical."""
    code = report.summary.exit_code
    if code == 0:
        return "OK"
    if code != 1:
        return "UNKNOWN"
    grave = any(
        result.counts
        and result.severity in ("critical", "high")
        and at_or_above(result.severity, host.fail_on or report.fail_on)
        for host in report.hosts
        for result in host.results
    )
    return "CRITICAL" if grave else "WARNING"


def exit_code(report: Report) -> int:
    """What a plug-in that prints this report has to end with."""
    return _EXIT_CODES[state(report)]


def _summary(report: Report) -> str:
    counts = report.summary.hosts
    total = len(report.hosts)
    if not total:
        return "nothing was scanned"
    found = [
        f"{number} {name}"
        for name in SEVERITIES
        if (number := report.summary.by_severity.get(name, 0))
    ]
    missing = []
    if counts.unreachable:
        missing.append(f"{plural(counts.unreachable, 'host', 'hosts')} not reached")
    if unknown := report.summary.results.get("unknown", 0):
        missing.append(f"{plural(unknown, 'result', 'results')} unknown")
    if waived := report.summary.results.get("waived", 0):
        missing.append(f"{waived} waived")
    if report.summary.exit_code > 128:
        missing.append("interrupted")
    what = f"{', '.join(found) or 'no findings'} on {plural(total, 'host', 'hosts')}"
    return "; ".join((what, *missing))


def _figures(report: Report) -> Iterator[str]:
    """Performance data: `label=value;warn;crit;min;max`. A threshold of 0 means: above 0."""
    counted = report.summary.by_severity
    for name in SEVERITIES:
        limit = ""
        if at_or_above(name, report.fail_on):
            limit = ";0" if name in ("critical", "high") else "0;"
        yield f"{name}={counted.get(name, 0)};{limit or ';'};0"
    hosts = report.summary.hosts
    yield f"unknown={report.summary.results.get('unknown', 0)};;;0"
    yield f"waived={report.summary.results.get('waived', 0)};;;0"
    yield f"hosts={len(report.hosts)};;;0"
    yield f"unreachable={hosts.unreachable};;;0;{len(report.hosts)}"
    yield f"time={sum(host.duration_s for host in report.hosts):.3f}s;;;0"


def _unreached(report: Report) -> Iterator[str]:
    for host in report.hosts:
        if host.state == "unreachable":
            kind = host.error.kind if host.error else "no answer"
            yield f"UNREACHABLE {_text(host.target, _NAME)}: {_text(kind, _NAME)}"


def _wrong(report: Report) -> Iterator[str]:
    for group in failing(report):
        host, result = group.cases[0]
        more = f" and {len(group.cases) - 1} more" if len(group.cases) > 1 else ""
        where = f"{_text(host.target, _NAME)}{more}"
        message = _text(result.message, _WIDTH)
        yield f"{group.severity.upper()} {_text(group.check, _NAME)} on {where}: {message}"


def _text(text: str, limit: int) -> str:
    """Text from a host that stays text in a status line, a web page and a shell's line."""
    return visible(clipped(text, limit)).translate(_SPELLED)
