"""What changed between two looks at the same hosts: pure, and never a guess.

A finding is one thing wrong, by its fingerprint. It is fixed only where somebody looked and it was
gone: a host that was not reached or was seen in part, a check that was not selected or could not
tell, show nothing. Used by `dockeraudit diff`, the baseline, the history and notifications.
"""

from collections import Counter
from collections.abc import Iterable, Iterator, Mapping
from typing import Literal

from msgspec import Struct
from msgspec.structs import replace

from dockeraudit.report import IN_PART, SEVERITIES, HostReport, Report, Result, SeverityName

Kind = Literal["new", "worse", "fixed", "better", "still", "unreachable", "unassessed"]
KINDS: tuple[Kind, ...] = ("new", "worse", "unreachable", "unassessed", "fixed", "better", "still")
"""In the order in which people are shown them."""

RANK: dict[SeverityName, int] = {severity: rank for rank, severity in enumerate(SEVERITIES)}


class Seen(Struct, frozen=True):
    """A finding as it was seen."""

    check: str
    engine: str
    resource: str
    message: str
    severity: SeverityName
    waived: bool = False


class Gap(Struct, frozen=True):
    """Why a check's findings are not, or not all, known."""

    status: Literal["unknown", "manual", "fail"]
    """`fail`: some was found, and not all could be read."""
    severity: SeverityName
    reason: str


class HostView(Struct, frozen=True):
    """A host in one run: what was found, and what could not be told."""

    target: str
    state: Literal["scanned", "partial", "unreachable"]
    reason: str = ""
    """Why it was not reached, or only seen in part."""
    checks: frozenset[str] = frozenset()
    """Every check that gave a result."""
    gaps: dict[str, Gap] = {}
    """By check."""
    findings: dict[str, Seen] = {}
    """By fingerprint."""


View = Mapping[str, HostView]
"""Hosts by the name that they are told apart by."""


class Change(Struct, frozen=True):
    """What became of one finding, or of one check that can't tell any more."""

    kind: Kind
    host: str
    check: str
    engine: str
    resource: str
    message: str
    """Of the last sight."""
    severity: SeverityName
    """Of the last sight."""
    before: SeverityName | None
    """The earlier severity; null: it was not seen before."""
    fingerprint: str
    """Empty for a check that was clean and can't tell any more."""
    waived: bool = False
    reason: str = ""
    """Why it can't be told; of a new one: why it could not have been seen before."""


class HostChange(Struct, frozen=True):
    """A host that can't be compared, or only in part."""

    kind: Literal["added", "removed", "unreachable", "partial"]
    """`removed`: it was not scanned this time."""
    host: str
    reason: str
    findings: int
    """Of the earlier look, that nothing can be said of for this reason."""


class Drift(Struct, frozen=True):
    """Everything that changed, and what could not be told, in a stable order."""

    changes: tuple[Change, ...]
    hosts: tuple[HostChange, ...]

    def of(self, *kinds: Kind) -> tuple[Change, ...]:
        """The changes of some kinds."""
        return tuple(change for change in self.changes if change.kind in kinds)

    def count(self, kind: Kind) -> int:
        """How many findings; checks that can't tell any more are no findings."""
        return sum(change.kind == kind and bool(change.fingerprint) for change in self.changes)

    @property
    def regressions(self) -> tuple[Change, ...]:
        """New and worse findings that nobody waived."""
        return tuple(change for change in self.of("new", "worse") if not change.waived)

    @property
    def complete(self) -> bool:
        """Whether all that was known before could be looked at again."""
        gone = any(host.kind in ("removed", "unreachable") for host in self.hosts)
        return not gone and not self.of("unreachable", "unassessed")


def names(report: Report) -> tuple[str, ...]:
    """The name that each host is told apart by: its target.

    Targets of one name (`local` of several machines) are told apart by their hostnames, and taken
    for one host where these are the same (a host's facts of two days).
    """
    seen = [(host.target, host.hostname) for host in report.hosts]
    named = Counter(target for target, _ in seen)
    return tuple(
        f"{target} ({hostname})" if named[target] > 1 and hostname else target
        for target, hostname in seen
    )


def view(report: Report) -> dict[str, HostView]:
    """What a report says of its hosts."""
    return {each.target: each for each in views(report, report.hosts)}


def views(report: Report, hosts: Iterable[HostReport]) -> Iterator[HostView]:
    """What a report says of each of its hosts, one at a time.

    `hosts` are the report's: whoever looks at them as well reads them only once.
    """
    called = names(report)
    number = Counter(called)
    parts: dict[str, HostView] = {}
    selections: dict[frozenset[str], frozenset[str]] = {}
    for name, host in zip(called, hosts, strict=True):
        seen = host_view(host, name)
        # Kept once: most hosts have the same, and each set takes more than all of a host's texts.
        same = selections.setdefault(seen.checks, seen.checks)
        seen = replace(seen, checks=same)
        if name in parts:
            seen = _merged(parts[name], seen)
        number[name] -= 1
        if number[name]:
            parts[name] = seen
        else:
            yield seen


def host_view(host: HostReport, name: str) -> HostView:
    """What is said of one host."""
    gaps: dict[str, Gap] = {}
    findings: dict[str, Seen] = {}
    for result in host.results:
        gap = _gap(result)
        if gap:
            gaps[result.check] = gap
        if result.status != "fail":
            continue
        for each in result.findings:
            other = findings.get(each.fingerprint)
            if other is None or RANK[each.severity] < RANK[other.severity]:
                waived = each.waiver is not None or result.waiver is not None
                findings[each.fingerprint] = Seen(
                    result.check, each.engine, each.resource, each.message, each.severity, waived
                )
    return HostView(
        target=name,
        state=host.state,
        reason=f"{host.error.kind}: {host.error.message}" if host.error else "",
        checks=frozenset(result.check for result in host.results),
        gaps=gaps,
        findings=findings,
    )


def unseen(host: HostView | None, check: str) -> str:
    """Why a look at a host could not have shown a finding of a check; empty: it would have."""
    if host is None:
        return "the host was not scanned"
    if host.state == "unreachable":
        return f"not reached: {host.reason}" if host.reason else "the host was not reached"
    gap = host.gaps.get(check)
    if gap:
        return gap.reason
    if check not in host.checks:
        return "the check was not selected"
    if host.state == "partial":
        return f"the host was seen only in part: {host.reason}"
    return ""


def compare(before: View, after: View) -> Drift:
    """What became of every finding of either look, worst first within each kind."""
    changes: list[Change] = []
    hosts: list[HostChange] = []
    for name in before.keys() | after.keys():
        changes += compare_host(name, before.get(name), after.get(name))
        change = _host(name, before.get(name), after.get(name))
        if change:
            hosts.append(change)
    changes.sort(key=order)
    hosts.sort(key=lambda each: (each.host, each.kind))
    return Drift(tuple(changes), tuple(hosts))


def compare_host(name: str, before: HostView | None, after: HostView | None) -> Iterator[Change]:
    """What became of one host's findings, in no order."""
    old = before.findings if before else {}
    new = after.findings if after else {}
    for fingerprint, seen in new.items():
        earlier = old.get(fingerprint)
        if earlier is None:
            reason = unseen(before, seen.check)
            yield _change("new", name, fingerprint, seen, None, reason)
        else:
            kind = _direction(earlier.severity, seen.severity)
            yield _change(kind, name, fingerprint, seen, earlier.severity)
    gone: Kind = "unassessed" if after and after.state != "unreachable" else "unreachable"
    for fingerprint, seen in old.items():
        if fingerprint not in new:
            reason = unseen(after, seen.check)
            yield _change(
                gone if reason else "fixed", name, fingerprint, seen, seen.severity, reason
            )
    if before and after and gone == "unassessed":
        yield from _lost(name, before, after)


def complete(name: str, before: HostView | None, after: HostView) -> bool:
    """Whether all that was known of one host could be looked at again."""
    return after.state != "unreachable" and not any(
        change.kind in ("unreachable", "unassessed") for change in compare_host(name, before, after)
    )


def _lost(name: str, before: HostView, after: HostView) -> Iterator[Change]:
    """Checks that found nothing before and can't tell now."""
    failed = {seen.check for seen in before.findings.values()}
    for check, gap in after.gaps.items():
        clean = check in before.checks and check not in before.gaps and check not in failed
        if clean and gap.status == "unknown":
            yield Change(
                kind="unassessed",
                host=name,
                check=check,
                engine="",
                resource="",
                message="nothing was found before",
                severity=gap.severity,
                before=None,
                fingerprint="",
                reason=gap.reason,
            )


def _host(name: str, before: HostView | None, after: HostView | None) -> HostChange | None:
    known = before.findings if before else {}
    if after is None:
        return HostChange("removed", name, "the host was not scanned", len(known))
    if after.state == "unreachable":
        return HostChange("unreachable", name, after.reason, len(known))
    if after.state == "partial":
        missing = sum(
            fingerprint not in after.findings and bool(unseen(after, seen.check))
            for fingerprint, seen in known.items()
        )
        return HostChange("partial", name, after.reason, missing)
    return HostChange("added", name, "it was not scanned before", 0) if before is None else None


def _change(
    kind: Kind,
    host: str,
    fingerprint: str,
    seen: Seen,
    before: SeverityName | None,
    reason: str = "",
) -> Change:
    return Change(
        kind,
        host,
        seen.check,
        seen.engine,
        seen.resource,
        seen.message,
        seen.severity,
        before,
        fingerprint,
        seen.waived,
        reason,
    )


def _direction(before: SeverityName, after: SeverityName) -> Kind:
    if RANK[after] == RANK[before]:
        return "still"
    return "worse" if RANK[after] < RANK[before] else "better"


_KIND_RANK = {kind: rank for rank, kind in enumerate(KINDS)}


def order(change: Change) -> tuple[int, int, str, str, str, str, str]:
    """Sorts changes by their kind, worst first within each."""
    return (
        _KIND_RANK[change.kind],
        RANK[change.severity],
        change.host,
        change.check,
        change.engine,
        change.resource,
        change.fingerprint,
    )


def _gap(result: Result) -> Gap | None:
    """Why a result does not say all."""
    if result.status in ("unknown", "manual"):
        status: Literal["unknown", "manual"] = "unknown" if result.status == "unknown" else "manual"
        decide = "a person has to decide: " if status == "manual" else ""
        return Gap(status, result.severity, decide + result.message)
    if result.status == "fail":
        _, missing, reason = result.message.partition(IN_PART)
        if missing:
            return Gap("fail", result.severity, f"not all could be read: {reason}")
        if not result.findings:
            return Gap("fail", result.severity, f"it failed without a finding: {result.message}")
    return None


def _merged(one: HostView, other: HostView) -> HostView:
    """Two looks at one host in one report: what either found, and what either could not tell."""
    states = (one.state, other.state)
    if states == ("unreachable", "unreachable"):
        return one
    whole = states == ("scanned", "scanned")
    findings = dict(one.findings)
    for fingerprint, seen in other.findings.items():
        known = findings.get(fingerprint)
        if known is None or RANK[seen.severity] < RANK[known.severity]:
            findings[fingerprint] = seen
    return HostView(
        target=one.target,
        state="scanned" if whole else "partial",
        reason=one.reason or other.reason,
        checks=one.checks | other.checks,
        gaps=one.gaps | other.gaps,
        findings=findings,
    )
