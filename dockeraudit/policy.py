"""What a scan's results mean for the exit code, and the one sentence that says why."""

from collections import Counter
from collections.abc import Iterable, Iterator

from dockeraudit.exits import CLEAN, FINDINGS, INCOMPLETE
from dockeraudit.report import (
    SEVERITIES,
    STATUSES,
    FailOnName,
    HostCounts,
    HostReport,
    SeverityName,
    Summary,
)

FailOn = FailOnName


def summarize(hosts: Iterable[HostReport], fail_on: FailOn) -> Summary:
    """Counts over all hosts, the exit code and its rule."""
    counts = _Counts(fail_on)
    for host in hosts:
        counts.add(host)
    code, rule = counts.decided()
    return Summary(
        hosts=HostCounts(
            scanned=counts.states["scanned"],
            partial=counts.states["partial"],
            unreachable=counts.states["unreachable"],
            repeated=counts.repeated,
        ),
        results={**{name: counts.statuses[name] for name in STATUSES}, "waived": counts.waived},
        by_severity={name: counts.severities[name] for name in SEVERITIES},
        exit_code=code,
        rule=rule,
    )


def at_or_above(severity: SeverityName, fail_on: FailOn) -> bool:
    """Whether a severity is bad enough to count."""
    return fail_on != "none" and SEVERITIES.index(severity) <= SEVERITIES.index(fail_on)


def decide(hosts: Iterable[HostReport], fail_on: FailOn) -> tuple[int, str]:
    """The exit code by DESIGN's contract, and the sentence that says which rule gave it."""
    summary = summarize(hosts, fail_on)
    return summary.exit_code, summary.rule


_QUIET = ("pass", "not-applicable", "manual")
"""Without a waiver they neither count nor leave anything untold; most results are such."""


class _Counts:
    """What is counted of hosts while they are read once."""

    def __init__(self, fail_on: FailOn) -> None:
        self.states = Counter[str]()
        self.repeated = 0
        self.statuses = Counter[str]()
        self.waived = 0
        self.severities = Counter[str]()
        """Of failures that count."""
        self._fail_on = fail_on
        self._grouped = False
        """Whether a host has a level of its own."""
        self._failed = Counter[str]()
        """Failures at or above the level, by severity."""
        self._unknown = 0
        """Results that could be such failures."""
        self._unreached = 0
        self._bare = 0
        self._idle = 0

    def add(self, host: HostReport) -> None:
        """Count a host in."""
        if host.same_as:
            self.repeated += 1
        else:
            self.states[host.state] += 1
            self._bare += host.state != "unreachable" and not host.engines
        self._unreached += host.state == "unreachable"
        level = host.fail_on or self._fail_on
        self._grouped |= level != self._fail_on
        grave = {name for name in SEVERITIES if at_or_above(name, level)}
        applied = False
        for result in host.results:
            self.statuses[result.status] += 1
            applied = applied or result.status != "not-applicable"
            if result.waiver is not None:
                self.waived += 1
            elif result.status in _QUIET:
                continue
            if result.counts:
                self.severities[result.severity] += 1
                if result.severity in grave:
                    self._failed[result.severity] += 1
            if result.untold and result.severity in grave:
                self._unknown += 1
        self._idle += bool(host.engines) and not host.same_as and not applied

    def decided(self) -> tuple[int, str]:
        """The exit code and the sentence that says why."""
        missing = tuple(self._missing())
        level = f"--fail-on {self._fail_on}{' or its own of a group' if self._grouped else ''}"
        if self._failed:
            parts = (f"{self._failed[name]} {name}" for name in SEVERITIES if self._failed[name])
            code, rule = FINDINGS, f"{', '.join(parts)} at or above {level}"
        elif missing:
            code, rule = INCOMPLETE, "the scan is incomplete"
        elif self._fail_on == "none" and not self._grouped:
            code, rule = CLEAN, "--fail-on none: findings do not count"
        else:
            code, rule = CLEAN, f"no finding at or above {level}"
        return code, "; ".join((rule, *missing, *self._notes()))

    def _missing(self) -> Iterator[str]:
        if not (self.repeated or self.states):
            yield "nothing was scanned"
        if self._unreached:
            yield f"{_number(self._unreached, 'host')} not reached"
        if self._unknown:
            unknown = _number(self._unknown, "result")
            yield f"{unknown} unknown at or above --fail-on {self._fail_on}"
        if self._idle:
            yield f"not one check applied on {_number(self._idle, 'host')} with an engine"

    def _notes(self) -> Iterator[str]:
        if self._bare:
            yield f"no Docker engine on {_number(self._bare, 'host')}"
        if self.repeated:
            yield f"{_number(self.repeated, 'target')} named a host once more"


def _number(count: int, noun: str) -> str:
    return f"{count} {noun}" if count == 1 else f"{count} {noun}s"
