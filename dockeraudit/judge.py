"""Runs checks over a host's facts and makes one result of each: pure, and never an exception."""

import hashlib
from collections.abc import Iterable, Iterator
from functools import lru_cache
from typing import Any, TypeVar

from msgspec import Struct
from msgspec.structs import replace

from dockeraudit.check import (
    Check,
    Finding,
    Manual,
    MissingEvidence,
    NotApplicable,
    Severity,
    no_engine,
)
from dockeraudit.exemptions import exemption
from dockeraudit.facts import Evidence, Unread
from dockeraudit.host import Daemon, Engine, Host
from dockeraudit.host.contents import Content, NotThere, contents
from dockeraudit.report import (
    SEVERITIES,
    FrameworkRule,
    Proof,
    ReportedFinding,
    Result,
    Status,
)
from dockeraudit.settings import Settings

Subject = Host | Daemon | Engine | Content
Named = TypeVar("Named", Finding, Manual)
_BY_RANK = tuple(Severity)
_LONG = 300
"""Characters of a message above which it is that of one host, and not worth keeping."""


class _Asked(Struct, frozen=True):
    """A subject that checks of one kind are called with, or why there is none."""

    engine: str
    subject: Subject | None
    gone: Unread | NotApplicable | None = None
    lowered: bool = False
    """Whether what is wrong with it counts a severity less."""


class _Said(Struct):
    """What a check said of a host, by kind; findings with the engine that they are said of."""

    findings: list[tuple[str, Finding]] = []
    manual: list[tuple[str, Manual]] = []
    unread: dict[str, None] = {}
    """Each reason once, in the order they were given; so for the other reasons."""
    nothing: dict[str, None] = {}
    """Why it does not apply, or does not count."""
    excepted: dict[str, None] = {}
    """Why it does not count: the user excepts a subject from the check."""
    passed: bool = False
    """Whether nothing was found in some subject."""

    def add(self, engine: str, item: object) -> None:
        """Put an item to those of its kind: what a check gives by mistake is never a pass.

        Raises:
            TypeError: it is none, or its parts aren't what they have to be.
        """
        if isinstance(item, NotApplicable):
            self.nothing[_text(item, item.reason)] = None
        elif isinstance(item, Finding):
            self.findings.append((engine, _sound(item)))
        elif isinstance(item, Unread):
            self.unread[_text(item, item.reason)] = None
        elif isinstance(item, Manual):
            self.manual.append((engine, _sound(item)))
        else:
            raise TypeError(f"it gave {item!r}, which is no outcome")

    def take(self, other: "_Said", check: Check[Any], lowered: bool, excepted: str) -> None:
        """Put what was said of a subject that counts less, or not at all."""
        if not excepted:
            for engine, item in other.findings:
                self.findings.append((engine, _lowered(item, check) if lowered else item))
            self.manual += other.manual
            self.unread |= other.unread
        elif other.findings or other.manual or other.unread:
            self.nothing[excepted] = self.excepted[excepted] = None
        self.nothing |= other.nothing


def judge(host: Host, checks: Iterable[Check[Any]], settings: Settings) -> tuple[Result, ...]:
    """One result for each check, in the order given.

    A failure outweighs missing evidence, which outweighs what a person has to decide, which
    outweighs a pass; not-applicable is left where nothing applied. What a check would have said
    of a subject that the user excepts from it does not count, and every message tells of it.
    Where processes could not be seen, engines may run that nobody knows of: a check of engines
    or of what they keep can then fail, and nothing else is known.
    """
    subjects: dict[type[Any], tuple[_Asked, ...]] = {}
    results: list[Result] = []
    for check in checks:
        if check.over not in subjects:
            subjects[check.over] = tuple(_subjects(host, check.over))
        said = _Said()
        for asked in subjects[check.over]:
            items = _heard(check, asked, settings)
            if items:
                _take(check, asked, settings, items, said)
            else:
                said.passed = True
        results.append(_result(host, check, said))
    return tuple(results)


def _subjects(host: Host, over: type[Any]) -> Iterator[_Asked]:
    if over is Host:
        yield _Asked("", host)
        return
    if host.unseen is not None or not host.engines:
        yield _Asked("", None, no_engine(host))
    for engine in host.engines:
        if over is Engine:
            yield _Asked(engine.name, engine)
        elif over is Daemon:
            yield _Asked(engine.name, Daemon(host, engine))
        else:
            yield from (_content(engine, each) for each in contents(host, engine, over))


def _content(engine: Engine, each: Content | Unread | NotThere) -> _Asked:
    if isinstance(each, NotThere):
        return _Asked(engine.name, None, NotApplicable(each.reason))
    if isinstance(each, Unread):
        return _Asked(engine.name, None, each)
    return _Asked(engine.name, each, lowered=each.lowered)


def _heard(check: Check[Any], asked: _Asked, settings: Settings) -> list[object]:
    """What a check says of a subject; a mistake of its own costs its verdict and nothing else."""
    if asked.gone is not None:
        return [asked.gone]
    items: list[object] = []
    try:
        items.extend(check.function(asked.subject, settings))
    except MissingEvidence as missing:
        items.append(missing.unread)
    except Exception as error:
        items.append(Unread(_mistake(error)))
    return items


def _take(
    check: Check[Any], asked: _Asked, settings: Settings, items: list[object], said: _Said
) -> None:
    """Put what was heard to what the check said before; less of it where it counts less."""
    excepted = exemption(settings, check.id, asked.subject) if settings.exceptions else ""
    own = _Said() if excepted or asked.lowered else said
    for item in items:
        try:
            own.add(asked.engine, item)
        except Exception as error:  # what a check gives may be anything, down to its repr()
            own.add(asked.engine, Unread(_mistake(error)))
    if own is not said:
        said.take(own, check, asked.lowered, excepted)


def _mistake(error: Exception) -> str:
    at = error.__traceback__
    while at is not None and at.tb_next is not None:
        at = at.tb_next
    line = f" (line {at.tb_lineno} of {at.tb_frame.f_code.co_name})" if at else ""
    return f"the check ended in an error: {type(error).__name__}: {error}{line}"


def _text(item: object, text: object) -> str:
    if not isinstance(text, str):
        raise TypeError(f"it gave {item!r}, whose texts are no texts")
    return text


def _sound(item: Named) -> Named:
    """The item, if its texts are texts and its evidence is evidence."""
    _text(item, item.resource)
    _text(item, item.message)
    evidence: tuple[object, ...] = item.evidence
    for each in evidence:
        if not isinstance(each, Evidence):
            raise TypeError(f"it gave evidence that is none: {evidence!r}")
    return item


def _lowered(finding: Finding, check: Check[Any]) -> Finding:
    """The finding, a severity less; none falls below low."""
    severity = finding.severity or check.severity
    less = min(severity.rank + 1, max(severity.rank, Severity.LOW.rank))
    return replace(finding, severity=_BY_RANK[less])


def _result(host: Host, check: Check[Any], said: _Said) -> Result:
    if said.findings:
        findings = _reported(host, check, said.findings)
        message = findings[0].message
        if len(findings) > 1:
            message += f" (and {len(findings) - 1} more)"
        if said.unread:
            message += f"; not all could be read: {next(iter(said.unread))}"
        message = "; ".join((message, *said.excepted))
        return replace(
            _passed(check),
            status="fail",
            severity=findings[0].severity,
            message=message,
            findings=findings,
        )
    if said.unread:
        return _without_findings(check, "unknown", (*said.unread, *said.excepted))
    if said.manual:
        matters = _reported(host, check, said.manual)
        message = "; ".join((matters[0].message, *said.excepted))
        return replace(_passed(check), status="manual", message=message, findings=matters)
    if said.nothing and not said.passed:
        return _without_findings(check, "not-applicable", said.nothing)
    if said.excepted:
        return _without_findings(check, "pass", (_passed(check).message, *said.excepted))
    return _passed(check)


@lru_cache(maxsize=1024)
def _passed(check: Check[Any]) -> Result:
    """The result of a check that found nothing."""
    return _shared(check, "pass", f"not found: {check.title}")


def _without_findings(check: Check[Any], status: Status, messages: Iterable[str]) -> Result:
    message = "; ".join(messages)
    if len(message) > _LONG:
        return replace(_passed(check), status=status, message=message)
    return _shared(check, status, message)


@lru_cache(maxsize=4096)
def _shared(check: Check[Any], status: Status, message: str) -> Result:
    """A result without findings; hosts of a fleet have most of them in common."""
    return Result(
        check=check.id,
        title=check.title,
        status=status,
        severity=check.severity.value,
        message=message,
        findings=(),
        remediation=check.remediation,
        references=tuple(FrameworkRule(each.framework, each.id) for each in check.references),
        rationale=check.rationale,
    )


def _reported(
    host: Host, check: Check[Any], said: Iterable[tuple[str, Finding | Manual]]
) -> tuple[ReportedFinding, ...]:
    """The findings, or the matters for a person, worst first."""
    found = [_one(host, check, engine, item) for engine, item in said]
    if len(found) > 1:
        found.sort(key=lambda finding: SEVERITIES.index(finding.severity))
    return tuple(found)


def _one(host: Host, check: Check[Any], engine: str, item: Finding | Manual) -> ReportedFinding:
    severity = item.severity if isinstance(item, Finding) and item.severity else check.severity
    return ReportedFinding(
        engine=engine,
        resource=item.resource,
        message=item.message,
        severity=severity.value,
        fingerprint=fingerprint(host.facts.target, check.id, engine, item.resource),
        evidence=tuple([Proof(each.source, _cut(each.detail)) for each in item.evidence[:20]]),
    )


def _cut(detail: str) -> str:
    """What evidence says, short enough to be read; hosts can say megabytes."""
    return detail if len(detail) <= 2000 else detail[:2000] + " […]"


def fingerprint(target: str, check: str, engine: str, resource: str) -> str:
    """The same while the same thing is wrong: messages, values and times are not in it."""
    text = "\0".join((target, check, engine, resource))
    return hashlib.sha256(text.encode("utf-8", "surrogatepass")).hexdigest()[:32]
