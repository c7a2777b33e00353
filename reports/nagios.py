"""A Nagios plug-in's output: the state, one line, performance data, then the worst findings.

The rules are the Monitoring Plugins guidelines'. Everything before the first `|` is text, so none
may be in it; Nagios takes 8 KiB, NRPE of old 1 KiB, so what matters comes first. Text from hosts
reaches notification commands by way of `$SERVICEOUTPUT$`, which is put into a shell's line: the
characters that Nagios calls illegal in macros are spelled out or replaced.

The exit codes that Nagios wants (`exit_code`) are not those of `dockeraudit scan`: the wrapper in
docs/how-to/monitoring.md reads the state from the line.
"""

from collections.abc import Iterator
from itertools import islice
from typing import Literal

from dockeraudit.output import clipped, visible
from dockeraudit.policy import at_or_above
from dockeraudit.report import SEVERITIES, HostReport, Report

from ._gathered import Failing, First, read
from ._view import plural

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
    seen, failing = _Seen(report), Failing()
    read(report.hosts, seen, failing)
    figures = " ".join(_figures(report, seen.duration))
    yield f"DOCKERAUDIT {_state(report, seen)} - {_summary(report)} | {figures}\n"
    lines = [*seen.unreached.shown, *islice(_wrong(report, failing), _LINES)]
    for line in lines[:_LINES]:
        yield f"{line}\n"
    more = seen.unreached.count + len(failing.groups()) - _LINES
    if more > 0:
        yield f"and {more} more: the other reports have them all\n"


class _Seen:
    """What is gathered of all hosts."""

    def __init__(self, report: Report) -> None:
        self.duration = 0.0
        self.grave = False
        """Whether a critical or high finding counts."""
        self.unreached = First(_LINES)
        self._report = report

    def add(self, number: int, host: HostReport) -> None:
        """See a host."""
        self.duration += host.duration_s
        self.grave = self.grave or _grave(host, self._report)
        if host.state == "unreachable":
            self.unreached.add(lambda: _unreached(host))


def state(report: Report) -> State:
    """By the exit code; of findings that count, critical and high ones are critical."""
    seen = _Seen(report)
    read(report.hosts, seen)
    return _state(report, seen)


def _state(report: Report, seen: _Seen) -> State:
    code = report.summary.exit_code
    if code == 0:
        return "OK"
    if code != 1:
        return "UNKNOWN"
    return "CRITICAL" if seen.grave else "WARNING"


def _grave(host: HostReport, report: Report) -> bool:
    return any(
        result.counts
        and result.severity in ("critical", "high")
        and at_or_above(result.severity, host.fail_on or report.fail_on)
        for result in host.results
    )


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


def _figures(report: Report, duration: float) -> Iterator[str]:
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
    yield f"time={duration:.3f}s;;;0"


def _unreached(host: HostReport) -> str:
    kind = host.error.kind if host.error else "no answer"
    return f"UNREACHABLE {_text(host.target, _NAME)}: {_text(kind, _NAME)}"


def _wrong(report: Report, failing: Failing) -> Iterator[str]:
    for group in failing.groups():
        host, result = next(group.cases(report))
        more = f" and {group.count - 1} more" if group.count > 1 else ""
        where = f"{_text(host.target, _NAME)}{more}"
        message = _text(result.message, _WIDTH)
        yield f"{group.severity.upper()} {_text(group.check, _NAME)} on {where}: {message}"


def _text(text: str, limit: int) -> str:
    """Text from a host that stays text in a status line, a web page and a shell's line."""
    return visible(clipped(text, limit)).translate(_SPELLED)
