"""Runs checks over a host's facts and makes one result of each: pure, and never an exception."""

import hashlib
from collections.abc import Iterable, Iterator
from functools import lru_cache
from typing import Any

from msgspec import Struct
from msgspec.structs import replace

from dockeraudit.check import (
    Check,
    Finding,
    Manual,
    MissingEvidence,
    NotApplicable,
    Reference,
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

Item = Finding | Manual | NotApplicable | Unread


class _Excepted(NotApplicable, frozen=True):
    """What a check would have said of a subject that the user excepts from it, and why not."""


class _Said(Struct, frozen=True):
    """One item that a check yielded, with the engine it was said of."""

    engine: str
    item: Item


def judge(host: Host, checks: Iterable[Check[Any]], settings: Settings) -> tuple[Result, ...]:
    """One result for each check, in the order given.

    A failure outweighs missing evidence, which outweighs what a person has to decide, which
    outweighs a pass; not-applicable is left where nothing applied. What a check would have said
    of a subject that the user excepts from it does not count, and every message tells of it.
    Where processes could not be seen, engines may run that nobody knows of: a check of engines
    or of what they keep can then fail, and nothing else is known.
    """
    return tuple(_result(host, check, tuple(_said(host, check, settings))) for check in checks)


def _said(host: Host, check: Check[Any], settings: Settings) -> Iterator[_Said]:
    if check.over is Host:
        yield from _run(check, host, "", settings)
        return
    if host.unseen is not None or not host.engines:
        yield _Said("", no_engine(host))
    for engine in host.engines:
        for subject in _subjects(host, engine, check):
            if isinstance(subject, NotThere):
                yield _Said(engine.name, NotApplicable(subject.reason))
            elif isinstance(subject, Unread):
                yield _Said(engine.name, subject)
            else:
                yield from _judged(check, subject, engine.name, settings)


def _subjects(
    host: Host, engine: Engine, check: Check[Any]
) -> Iterator[Engine | Daemon | Content | Unread | NotThere]:
    if check.over is Engine:
        yield engine
    elif check.over is Daemon:
        yield Daemon(host, engine)
    else:
        yield from contents(host, engine, check.over)


def _judged(
    check: Check[Any], subject: Engine | Daemon | Content, engine: str, settings: Settings
) -> Iterator[_Said]:
    applied = False
    lowered = not isinstance(subject, Engine | Daemon) and subject.lowered
    excepted = exemption(settings, check.id, subject)
    for said in _run(check, subject, engine, settings):
        applied = True
        if excepted and not isinstance(said.item, NotApplicable):
            yield _Said(engine, _Excepted(excepted))
        elif lowered and isinstance(said.item, Finding):
            yield _Said(engine, _lowered(said.item, check))
        else:
            yield said
    if not applied:
        yield _Said(engine, _PASSED)


def _lowered(finding: Finding, check: Check[Any]) -> Finding:
    """The finding, a severity less; none falls below low."""
    severity = finding.severity or check.severity
    less = min(severity.rank + 1, max(severity.rank, Severity.LOW.rank))
    return replace(finding, severity=list(Severity)[less])


_PASSED = Manual("", "")
"""Stands for a subject in which nothing was found; never leaves this module."""


def _run(
    check: Check[Any], subject: Host | Daemon | Engine | Content, engine: str, settings: Settings
) -> Iterator[_Said]:
    try:
        for item in check(subject, settings):
            yield _Said(engine, _sound(item))
    except MissingEvidence as missing:
        yield _Said(engine, missing.unread)
    except Exception as error:  # a check's own mistake costs its verdict and nothing else
        at = error.__traceback__
        while at is not None and at.tb_next is not None:
            at = at.tb_next
        line = f" (line {at.tb_lineno} of {at.tb_frame.f_code.co_name})" if at else ""
        yield _Said(
            engine, Unread(f"the check ended in an error: {type(error).__name__}: {error}{line}")
        )


def _sound(item: object) -> Item:
    """The item, if it is one: what a check gives by mistake is missing evidence, never a pass.

    Raises:
        TypeError: it is none, or its parts aren't what they have to be.
    """
    if isinstance(item, Finding | Manual):
        texts: tuple[object, ...] = (item.resource, item.message)
        evidence: tuple[object, ...] = item.evidence
    elif isinstance(item, NotApplicable | Unread):
        texts, evidence = (item.reason,), ()
    else:
        raise TypeError(f"it gave {item!r}, which is no outcome")
    if not all(isinstance(text, str) for text in texts):
        raise TypeError(f"it gave {item!r}, whose texts are no texts")
    if not all(isinstance(each, Evidence) for each in evidence):
        raise TypeError(f"it gave evidence that is none: {evidence!r}")
    return item


def _result(host: Host, check: Check[Any], said: tuple[_Said, ...]) -> Result:
    if all(each.item is _PASSED for each in said):
        return _made(check, "pass", f"not found: {check.title}")
    findings = _reported(host, check, said, Finding)
    reasons = _reasons(said, Unread)
    excepted = _reasons(said, _Excepted)
    if findings:
        message = findings[0].message
        if len(findings) > 1:
            message += f" (and {len(findings) - 1} more)"
        if reasons:
            message += f"; not all could be read: {reasons[0]}"
        return _made(check, "fail", "; ".join((message, *excepted)), findings)
    if reasons:
        return _made(check, "unknown", "; ".join((*reasons, *excepted)))
    manual = _reported(host, check, said, Manual)
    if manual:
        return _made(check, "manual", "; ".join((manual[0].message, *excepted)), manual)
    nothing = _reasons(said, NotApplicable)
    if nothing and all(isinstance(each.item, NotApplicable) for each in said):
        return _made(check, "not-applicable", "; ".join(nothing))
    return _made(check, "pass", "; ".join((f"not found: {check.title}", *excepted)))


def _reasons(
    said: Iterable[_Said], kind: type[Unread] | type[NotApplicable] | type[_Excepted]
) -> list[str]:
    """Each reason once, in the order they were given."""
    found = {each.item.reason: None for each in said if isinstance(each.item, kind)}
    return list(found)


def _made(
    check: Check[Any], status: Status, message: str, findings: tuple[ReportedFinding, ...] = ()
) -> Result:
    worst = findings[0].severity if status == "fail" else check.severity.value
    return Result(
        check=check.id,
        title=check.title,
        status=status,
        severity=worst,
        message=message,
        findings=findings,
        remediation=check.remediation,
        references=_references(check.references),
        rationale=check.rationale,
    )


@lru_cache(maxsize=1024)
def _references(references: tuple[Reference, ...]) -> tuple[FrameworkRule, ...]:
    return tuple(FrameworkRule(each.framework, each.id) for each in references)


def _reported(
    host: Host, check: Check[Any], said: tuple[_Said, ...], kind: type[Finding] | type[Manual]
) -> tuple[ReportedFinding, ...]:
    """The findings, or the matters for a person, worst first."""
    found = [
        _one(host, check, each.engine, each.item)
        for each in said
        if isinstance(each.item, kind) and each.item is not _PASSED
    ]
    return tuple(sorted(found, key=lambda finding: SEVERITIES.index(finding.severity)))


def _one(host: Host, check: Check[Any], engine: str, item: Finding | Manual) -> ReportedFinding:
    severity = item.severity if isinstance(item, Finding) and item.severity else check.severity
    return ReportedFinding(
        engine=engine,
        resource=item.resource,
        message=item.message,
        severity=severity.value,
        fingerprint=fingerprint(host.facts.target, check.id, engine, item.resource),
        evidence=tuple(Proof(each.source, each.detail) for each in _cut(item.evidence)),
    )


def fingerprint(target: str, check: str, engine: str, resource: str) -> str:
    """The same while the same thing is wrong: messages, values and times are not in it."""
    text = "\0".join((target, check, engine, resource))
    return hashlib.sha256(text.encode("utf-8", "surrogatepass")).hexdigest()[:32]


def _cut(evidence: tuple[Evidence, ...]) -> Iterator[Evidence]:
    """Evidence short enough to be read; hosts can say megabytes."""
    for each in evidence[:20]:
        detail = each.detail if len(each.detail) <= 2000 else each.detail[:2000] + " […]"
        yield Evidence(each.source, detail)
