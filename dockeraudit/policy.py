"""What a scan's results mean for the exit code, and the one sentence that says why."""

from collections.abc import Iterable

from dockeraudit.exits import CLEAN, FINDINGS, INCOMPLETE
from dockeraudit.report import (
    SEVERITIES,
    STATUSES,
    FailOnName,
    HostCounts,
    HostReport,
    Result,
    SeverityName,
    Summary,
)

FailOn = FailOnName


def summarize(hosts: Iterable[HostReport], fail_on: FailOn) -> Summary:
    """Counts over all hosts, the exit code and its rule."""
    hosts = tuple(hosts)
    states = [host.state for host in hosts if not host.same_as]
    results = [result for host in hosts for result in host.results]
    by_status: dict[str, int] = {
        status: sum(each.status == status for each in results) for status in STATUSES
    }
    counted = [each for each in results if each.counts]
    code, rule = decide(hosts, fail_on)
    return Summary(
        hosts=HostCounts(
            scanned=states.count("scanned"),
            partial=states.count("partial"),
            unreachable=states.count("unreachable"),
            repeated=len(hosts) - len(states),
        ),
        results={**by_status, "waived": sum(each.waiver is not None for each in results)},
        by_severity={name: sum(r.severity == name for r in counted) for name in SEVERITIES},
        exit_code=code,
        rule=rule,
    )


def at_or_above(severity: SeverityName, fail_on: FailOn) -> bool:
    """Whether a severity is bad enough to count."""
    return fail_on != "none" and SEVERITIES.index(severity) <= SEVERITIES.index(fail_on)


def decide(hosts: tuple[HostReport, ...], fail_on: FailOn) -> tuple[int, str]:
    """The exit code by DESIGN's contract, and the sentence that says which rule gave it."""
    failed = [
        result
        for host in hosts
        for result in host.results
        if result.counts and at_or_above(result.severity, host.fail_on or fail_on)
    ]
    missing = tuple(_missing(hosts, fail_on))
    grouped = any(host.fail_on not in (None, fail_on) for host in hosts)
    level = f"--fail-on {fail_on}{' or its own of a group' if grouped else ''}"
    if failed:
        code, rule = FINDINGS, f"{_counts(failed)} at or above {level}"
    elif missing:
        code, rule = INCOMPLETE, "the scan is incomplete"
    elif fail_on == "none" and not grouped:
        code, rule = CLEAN, "--fail-on none: findings do not count"
    else:
        code, rule = CLEAN, f"no finding at or above {level}"
    own = [host for host in hosts if not host.same_as]
    bare = sum(host.state != "unreachable" and not host.engines for host in own)
    notes = (*missing, f"no Docker engine on {_number(bare, 'host')}") if bare else missing
    if len(own) < len(hosts):
        notes = (*notes, f"{_number(len(hosts) - len(own), 'target')} named a host once more")
    return code, "; ".join((rule, *notes))


def _missing(hosts: tuple[HostReport, ...], fail_on: FailOn) -> Iterable[str]:
    if not hosts:
        yield "nothing was scanned"
    unreachable = [host for host in hosts if host.state == "unreachable"]
    if unreachable:
        yield f"{_number(len(unreachable), 'host')} not reached"
    unknown = [
        result
        for host in hosts
        for result in host.results
        if result.untold and at_or_above(result.severity, host.fail_on or fail_on)
    ]
    if unknown:
        yield f"{_number(len(unknown), 'result')} unknown at or above --fail-on {fail_on}"
    idle = [
        host
        for host in hosts
        if host.engines and not host.same_as and not any(_applied(r) for r in host.results)
    ]
    if idle:
        yield f"not one check applied on {_number(len(idle), 'host')} with an engine"


def _applied(result: Result) -> bool:
    return result.status != "not-applicable"


def _counts(failed: list[Result]) -> str:
    parts = [
        f"{number} {name}"
        for name in SEVERITIES
        if (number := sum(result.severity == name for result in failed))
    ]
    return ", ".join(parts)


def _number(count: int, noun: str) -> str:
    return f"{count} {noun}" if count == 1 else f"{count} {noun}s"
