"""Waivers: a failure that somebody answers for, until a day. Waived checks still run.

A waiver is beside the finding that it is for; a result is waived where all its findings are. One
whose last day (UTC) is over counts for nothing but a line that says so.
"""

import datetime
from collections.abc import Collection, Iterable, Iterator, Sequence
from typing import Annotated, Literal

import msgspec
from msgspec import Meta, Struct

from dockeraudit.config.document import ConfigError, Document, problems, read
from dockeraudit.config.patterns import matches, names_of
from dockeraudit.lazily import changed
from dockeraudit.report import (
    IN_PART,
    SEVERITIES,
    HostReport,
    ReportedFinding,
    ReportedWaiver,
    Result,
    Waiver,
)
from dockeraudit.words import nearest

SOON = 30
"""Days before its end in which a waiver is called expiring."""

State = Literal["active", "expiring", "expired", "unused", "untested"]
Text = Annotated[str, Meta(min_length=1)]


class _Written(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """A `[[waiver]]` as it stands in the file."""

    check: Text
    target: Text
    resource: str = ""
    reason: Text
    owner: Text
    expires: datetime.date
    ticket: str = ""


class _File(Struct, frozen=True, forbid_unknown_fields=True):
    waiver: tuple[_Written, ...] = ()


class Entry(Struct, frozen=True):
    """A `[[waiver]]`: what it is for, who answers for it, until when."""

    check: str
    target: str
    """A pattern, as in groups of the configuration."""
    reason: str
    owner: str
    expires: datetime.date
    """Its last day, UTC."""
    resource: str = ""
    """A pattern; empty: every one."""
    ticket: str = ""
    source: str = ""
    """`file:line`."""

    def is_for(self, names: Iterable[str], check: str) -> bool:
        """Whether it is about this check of a target with these names."""
        return check == self.check and matches(self.target, names)

    def covers(self, finding: ReportedFinding) -> bool:
        """Whether it is about this finding of its check and target."""
        return not self.resource or matches(self.resource, (finding.resource,))

    def expired(self, today: datetime.date) -> bool:
        """Whether its last day is over."""
        return self.expires < today

    def expiring(self, today: datetime.date) -> bool:
        """Whether it ends within thirty days."""
        return not self.expired(today) and (self.expires - today).days <= SOON

    @property
    def waiver(self) -> Waiver:
        """As a report shows it beside a finding."""
        return Waiver(self.reason, self.owner, self.expires.isoformat(), self.ticket)


class Applied(Struct, frozen=True):
    """What the entries were good for, in their order."""

    waivers: tuple[ReportedWaiver, ...] = ()
    lapsed: frozenset[str] = frozenset()
    """Fingerprints of findings that only an expired entry is for."""

    def of(self, *states: State) -> tuple[ReportedWaiver, ...]:
        """The entries in some states."""
        return tuple(each for each in self.waivers if each.state in states)

    @property
    def active(self) -> tuple[ReportedWaiver, ...]:
        """Those that something is waived by; among them those that end soon."""
        return self.of("active", "expiring")

    @property
    def expired(self) -> tuple[ReportedWaiver, ...]:
        """Those whose last day is over."""
        return self.of("expired")

    @property
    def expiring(self) -> tuple[ReportedWaiver, ...]:
        """Those that end within thirty days."""
        return self.of("expiring")

    @property
    def unused(self) -> tuple[ReportedWaiver, ...]:
        """Those whose hosts were judged, with nothing to waive."""
        return self.of("unused")


def load(path: str, checks: Collection[str]) -> tuple[Entry, ...]:
    """The entries of a file of waivers.

    Raises:
        ConfigError: every mistake in it: keys, dates, check ids, what is there twice.
    """
    return entries(read(path), checks)


def entries(document: Document, checks: Collection[str]) -> tuple[Entry, ...]:
    """The entries of a file that was read.

    Raises:
        ConfigError: as `load`.
    """
    wrong = [*_shape(document)]
    if wrong:
        raise ConfigError(wrong)
    found: list[Entry] = []
    seen: dict[tuple[str, str, str], str] = {}
    for number, written in enumerate(msgspec.convert(document.table, _File).waiver):
        place = ("waiver", number)
        for key in ("check", "target", "reason", "owner"):
            if not getattr(written, key).strip():
                wrong.append(f"{document.at((*place, key))}: {key} is blank")
        if written.check not in checks:
            known = nearest(written.check, checks) or " `dockeraudit list` shows them all."
            wrong.append(f"{document.at((*place, 'check'))}: no check {written.check!r}.{known}")
        same = (written.check, written.target, written.resource)
        if same in seen:
            wrong.append(
                f"{document.at(place)}: the waiver of {written.check} for {written.target} is "
                f"there twice: {seen[same]}"
            )
        seen.setdefault(same, document.at(place))
        entry = Entry(
            check=written.check,
            target=written.target,
            reason=written.reason.strip(),
            owner=written.owner.strip(),
            expires=written.expires,
            resource=written.resource,
            ticket=written.ticket.strip(),
            source=document.at(place),
        )
        found.append(entry)
    if wrong:
        raise ConfigError(wrong)
    return tuple(found)


def day(text: str) -> datetime.date | None:
    """A date written as YYYY-MM-DD, and in no other way."""
    try:
        date = datetime.date.fromisoformat(text)
    except ValueError:
        return None
    return date if date.isoformat() == text else None


def _shape(document: Document) -> Iterator[str]:
    """What is wrong with keys and types; a date with a time of day is no day."""
    table = document.table.get("waiver", [])
    for key in document.table:
        if key != "waiver":
            hint = " Did you mean 'waiver'?" if key.lower().startswith("waiver") else ""
            yield f"{document.at((key,))}: unknown key {key}.{hint or ' There is: [[waiver]].'}"
    if not isinstance(table, list):
        yield f"{document.at(('waiver',))}: write [[waiver]], with two brackets"
        return
    for number, one in enumerate(table):
        place = ("waiver", number)
        if isinstance(one, dict) and isinstance(one.get("expires"), datetime.datetime):
            at = document.at((*place, "expires"))
            yield f"{at}: expires: a day has no time of day; write it as YYYY-MM-DD"
        else:
            yield from problems(document, _Written, place)


def apply(
    hosts: Sequence[HostReport], waivers: tuple[Entry, ...], today: datetime.date
) -> tuple[Sequence[HostReport], Applied]:
    """The hosts' reports with waivers beside what they are for, and what each was good for."""
    book = _Book(waivers, today)
    judged = changed(hosts, book.host)
    if not isinstance(judged, tuple):
        for _ in judged:
            pass
        # Whoever reads them later counts in another book.
        judged = changed(hosts, _Book(waivers, today).host)
    return judged, book.applied()


class _Book:
    """Counts what each entry is used for."""

    def __init__(self, waivers: tuple[Entry, ...], today: datetime.date) -> None:
        self._waivers = waivers
        self._today = today
        self._used = [0] * len(waivers)
        self._tested = [False] * len(waivers)
        self._told = [True] * len(waivers)
        self._lapsed: set[str] = set()

    def host(self, host: HostReport) -> HostReport:
        names = names_of(host.target, host.hostname)
        there = [(n, each) for n, each in enumerate(self._waivers) if matches(each.target, names)]
        if not there or host.state == "unreachable":
            return host
        results = tuple(
            self._result(result, [(n, each) for n, each in there if each.check == result.check])
            for result in host.results
        )
        return msgspec.structs.replace(host, results=results)

    def _result(self, result: Result, there: list[tuple[int, Entry]]) -> Result:
        for number, _ in there:
            self._tested[number] = True
            if result.status in ("unknown", "manual") or IN_PART in result.message:
                self._told[number] = False
        if result.status != "fail" or not there:
            return result
        findings = tuple(self._finding(finding, there) for finding in result.findings)
        return waived(result, findings)

    def _finding(self, finding: ReportedFinding, there: list[tuple[int, Entry]]) -> ReportedFinding:
        covering = [(number, each) for number, each in there if each.covers(finding)]
        valid = [(number, each) for number, each in covering if not each.expired(self._today)]
        for number, _ in valid or covering:
            self._used[number] += 1
        if not valid:
            if covering:
                self._lapsed.add(finding.fingerprint)
            return finding
        _, longest = max(valid, key=lambda each: each[1].expires)
        return msgspec.structs.replace(finding, waiver=longest.waiver)

    def applied(self) -> Applied:
        return Applied(
            tuple(
                ReportedWaiver(
                    check=each.check,
                    target=each.target,
                    resource=each.resource,
                    reason=each.reason,
                    owner=each.owner,
                    expires=each.expires.isoformat(),
                    ticket=each.ticket,
                    source=each.source,
                    state=self._state(number, each),
                    findings=self._used[number],
                )
                for number, each in enumerate(self._waivers)
            ),
            frozenset(self._lapsed),
        )

    def _state(self, number: int, entry: Entry) -> State:
        if entry.expired(self._today):
            return "expired"
        if not self._used[number]:
            return "unused" if self._tested[number] and self._told[number] else "untested"
        return "expiring" if entry.expiring(self._today) else "active"


def waived(result: Result, findings: tuple[ReportedFinding, ...]) -> Result:
    """A failure whose findings have their waivers: it is waived where all of them are.

    Else it counts with its worst finding that is left, and its message names what is waived.
    """
    covered = [finding for finding in findings if finding.waiver is not None]
    if not covered:
        return result
    left = [finding for finding in findings if finding.waiver is None]
    if not left:
        waivers = [each.waiver for each in covered if each.waiver is not None]
        first = min(waivers, key=lambda each: each.expires or "9999-12-31")
        return msgspec.structs.replace(result, findings=findings, waiver=first)
    worst = min(left, key=lambda each: SEVERITIES.index(each.severity))
    more = f" (and {len(left) - 1} more)" if len(left) > 1 else ""
    names = [each.resource or "the host" for each in covered]
    listed = ", ".join(names[:3]) + (f" and {len(names) - 3} more" if len(names) > 3 else "")
    _, gap, reason = result.message.partition(IN_PART)
    return msgspec.structs.replace(
        result,
        findings=findings,
        severity=worst.severity,
        message=f"{worst.message}{more}; waived, and not counted: {listed}{gap}{reason}",
    )
