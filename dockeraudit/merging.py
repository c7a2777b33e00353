"""Saved reports become one: pure, and nothing is judged anew but the exit code.

A host that is in several of them is taken from where it was seen last: by the time of its facts, so
that a report in which it was not reached never takes the place of one in which it was. Its own
profile and `fail_on` stay with it where reports differ. A finding keeps the waiver it has; the list
of waivers is counted again over the hosts that are left. A baseline and a trend speak of one run,
and are left out of a merge.
"""

from collections import Counter
from collections.abc import Iterator, Sequence
from typing import Literal

import msgspec
from msgspec import Struct

from dockeraudit.exits import CLEAN, FINDINGS, INCOMPLETE
from dockeraudit.lazily import Lazily
from dockeraudit.policy import summarize
from dockeraudit.report import FailOnName, HostReport, Report, ReportedWaiver, Waiver


class Named(Struct, frozen=True):
    """A saved report, and what it is called."""

    name: str
    report: Report


class Superseded(Struct, frozen=True):
    """A host's report that is older than the one that was taken."""

    target: str
    name: str
    """The report that it is in."""
    collected_at: str | None
    kept: str
    """The report that it was taken from."""


class Merged(Struct, frozen=True):
    """One report, and what people should know of it."""

    report: Report
    superseded: tuple[Superseded, ...] = ()
    notes: tuple[str, ...] = ()


class _Seen(Struct, frozen=True):
    """A host in one of the reports, as far as it tells which one to take."""

    target: str
    hostname: str
    collected_at: str | None
    source: int
    number: int


def merge(given: Sequence[Named], fail_on: FailOnName | None = None) -> Merged:
    """One report of all hosts. With `fail_on`, that level counts instead of the reports' own.

    Raises:
        ValueError: there is nothing to merge.
    """
    if not given:
        raise ValueError("no report to merge")
    newest = max((each.report for each in given), key=lambda report: report.finished)
    level = fail_on or given[0].report.fail_on
    profile = given[0].report.profile
    one = len(given) == 1
    kept, superseded = _kept(given)
    places = [(each.source, each.number) for each in kept]

    def host(at: int) -> HostReport:
        source, number = places[at]
        report = given[source].report
        return _as_it_was(report.hosts[number], report, profile, level, own=fail_on is None)

    hosts: Sequence[HostReport] = Lazily(len(places), host)
    if all(isinstance(each.report.hosts, tuple) for each in given):
        hosts = tuple(hosts)
    sources = sorted({source for source, _ in places}) or range(len(given))
    report = Report(
        schema_version=newest.schema_version,
        tool=newest.tool,
        started=min(each.report.started for each in given),
        finished=newest.finished,
        profile=profile,
        fail_on=level,
        summary=summarize(hosts, level),
        waivers=given[0].report.waivers if one else tuple(_waivers(given, hosts)),
        baseline=given[0].report.baseline if one else None,
        trend=given[0].report.trend if one else None,
        hosts=hosts,
    )
    report = _incomplete(report, [given[source] for source in sources])
    return Merged(report, superseded, () if one else tuple(_notes(given)))


def _kept(given: Sequence[Named]) -> tuple[list[_Seen], tuple[Superseded, ...]]:
    """Each host once, in the order in which they are first named; and what was older."""
    seen = [
        _Seen(host.target, host.hostname, host.collected_at, source, number)
        for source, each in enumerate(given)
        for number, host in enumerate(each.report.hosts)
    ]
    if len(given) == 1:
        return seen, ()
    groups: list[list[_Seen]] = []
    named: dict[str, list[list[_Seen]]] = {}
    for host in seen:
        known = named.setdefault(host.target, [])
        group = next((group for group in known if _same(group, host)), None)
        if group is None:
            group = []
            known.append(group)
            groups.append(group)
        group.append(host)
    kept = []
    superseded = []
    for group in groups:
        best = max(group, key=lambda each: _when(each, given))
        kept.append(best)
        superseded += [
            Superseded(
                target=each.target,
                name=given[each.source].name,
                collected_at=each.collected_at,
                kept=given[best.source].name,
            )
            for each in group
            if each is not best
        ]
    return kept, tuple(superseded)


def _same(group: list[_Seen], host: _Seen) -> bool:
    """Whether a host is one that was seen before under its name.

    `local` of two machines is told apart by their hostnames; a host that was not reached has none.
    """
    known = {each.hostname for each in group if each.hostname}
    return not host.hostname or not known or host.hostname in known


def _when(seen: _Seen, given: Sequence[Named]) -> tuple[bool, str, str, int]:
    """What was seen is worth more than what was not; then the later look, the later report."""
    time = seen.collected_at
    return (time is not None, time or "", given[seen.source].report.finished, seen.source)


def _as_it_was(
    host: HostReport, source: Report, profile: str, level: FailOnName, *, own: bool
) -> HostReport:
    """A host with what its report said of all its hosts, where the merged one says otherwise."""
    its_profile = host.profile or source.profile
    its_level = (host.fail_on or source.fail_on) if own else level
    return msgspec.structs.replace(
        host,
        profile="" if its_profile == profile else its_profile,
        fail_on=None if its_level == level else its_level,
    )


def _incomplete(report: Report, sources: Sequence[Named]) -> Report:
    """A report whose exit code says more than its results do, such as of checks that were left out,
    is not complete; and so no merge with it is clean."""
    told = [each for each in sources if _says_more(each.report, one=len(sources) == 1)]
    if not told:
        return report
    rules = "; ".join(f"{each.name}: {each.report.summary.rule}" for each in told)
    summary = report.summary
    code = INCOMPLETE if summary.exit_code == CLEAN else summary.exit_code
    rule = f"{summary.rule}; not complete: {rules}"
    return msgspec.structs.replace(
        report, summary=msgspec.structs.replace(summary, exit_code=code, rule=rule)
    )


def _says_more(report: Report, *, one: bool) -> bool:
    """Of several reports, what one could not reach another may have: that its hosts tell."""
    ended = report.summary.exit_code
    if ended in (CLEAN, FINDINGS):
        return False
    counted = summarize(report.hosts, report.fail_on).exit_code
    return counted == CLEAN or (one and counted != ended)


def _waivers(given: Sequence[Named], hosts: Sequence[HostReport]) -> Iterator[ReportedWaiver]:
    """Every waiver of every report once, with how many findings are its own now."""
    states: dict[ReportedWaiver, list[ReportedWaiver]] = {}
    for named in given:
        for each in named.report.waivers:
            same = msgspec.structs.replace(each, state="unused", findings=0)
            states.setdefault(same, []).append(each)
    counts = _counted(hosts) if states else {}
    for same, seen in states.items():
        if any(each.state == "expired" for each in seen):
            again = max(each.findings for each in seen if each.state == "expired")
            yield msgspec.structs.replace(same, state="expired", findings=again)
            continue
        own = Waiver(same.reason, same.owner, same.expires, same.ticket)
        count = counts.get((same.check, own), 0)
        yield msgspec.structs.replace(same, state=_state(seen, count), findings=count)


def _counted(hosts: Sequence[HostReport]) -> Counter[tuple[str, Waiver]]:
    """How many findings of a check have a waiver."""
    return Counter(
        (result.check, finding.waiver)
        for host in hosts
        for result in host.results
        for finding in result.findings
        if finding.waiver is not None
    )


def _state(
    seen: list[ReportedWaiver], count: int
) -> Literal["active", "expiring", "unused", "untested"]:
    if count:
        return "expiring" if any(each.state == "expiring" for each in seen) else "active"
    return "unused" if all(each.state == "unused" for each in seen) else "untested"


def _notes(given: Sequence[Named]) -> Iterator[str]:
    profiles = list(dict.fromkeys(each.report.profile for each in given))
    levels = list(dict.fromkeys(each.report.fail_on for each in given))
    if len(profiles) > 1:
        yield f"the profiles differ: {', '.join(profiles)}; each host keeps its own"
    if len(levels) > 1:
        yield f"--fail-on differs: {', '.join(levels)}; each host keeps its own"
    for what in ("baseline", "trend"):
        if any(getattr(each.report, what) is not None for each in given):
            yield f"the {what} of single reports is left out; what was known in one stays marked"
