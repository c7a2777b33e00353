"""OSCAL assessment results 1.1.3, for an auditor's GRC system (FedRAMP, NIST SP 800-53).

One result for the scan. Every check of every host is an observation, with its evidence; what passes
or fails is a finding as well, since a finding's state is `satisfied` or `not-satisfied` and nothing
else: what is unknown, manual or not applicable is an observation only, and so is a host that was
not reached. A finding's target is the check, as an objective of ours, and never a NIST control: one
check that passes does not satisfy a control. The controls that a check speaks to are listed as
reviewed, and in its properties. A failure has a risk; a waived one's is `deviation-approved` until
its day. UUIDs are version 5, so the same report gives the same file.
pages.nist.gov/OSCAL, assessment results, JSON format.
"""

import re
from collections.abc import Callable, Iterator
from functools import lru_cache
from hashlib import sha1
from typing import Any
from uuid import NAMESPACE_URL, uuid5

from msgspec import Raw

from dockeraudit.report import (
    FrameworkRule,
    HostReport,
    Report,
    ReportedFinding,
    Result,
    Waiver,
)

from . import _plain
from ._gathered import read

EXTENSION = "oscal.json"
VERSION = "1.1.3"

_NAMESPACE = "urn:dockeraudit:oscal"
_ROOT = uuid5(NAMESPACE_URL, _NAMESPACE)
_BEGINNING = '{"assessment-results": {"metadata": {"title": "dockeraudit", '
_TOKEN = re.compile(r"[^A-Za-z0-9._-]")
_CONTROL = re.compile(r"([A-Z]{2})-([0-9]{1,2})(?:\(([0-9]{1,2})\))?")
_DAY = re.compile(r"[0-9]{4}-[0-9]{2}-[0-9]{2}")
_NO_PLAN = (
    "There was no assessment plan: dockeraudit ran the checks of a profile, and this document "
    "says what they found."
)
_Identify = Callable[..., str]


def recognises(head: bytes) -> bool:
    """Whether a file that begins so is one of ours."""
    return head.startswith(_BEGINNING.encode())


def render(report: Report) -> Iterator[str]:
    """The document's head, then observations, risks and findings, each host by host."""
    seen = _Seen()
    read(report.hosts, seen)
    identify = _identifier(report, seen)
    end = _plain.rfc3339(report.finished)
    metadata = {
        "last-modified": end,
        "version": _plain.name(report.tool.version).strip() or "0",
        "oscal-version": VERSION,
    }
    yield f"{_BEGINNING}{_plain.encoded(metadata)[1:]},\n"
    yield f'"uuid": "{identify("document")}",\n'
    yield f'"import-ap": {{"href": "#{identify("plan")}"}},\n"results": ['
    yield f"{_plain.encoded(_head(report, seen, identify))[:-1]}"
    if report.hosts:
        yield ',\n"local-definitions": {"inventory-items": ['
        for number, host in enumerate(report.hosts):
            yield f"{',' if number else ''}\n{_plain.encoded(_item(number, host, identify))}"
        yield "\n]}"
    yield from _list("observations", _observations(report, identify))
    yield from _list("risks", _risks(report, identify))
    yield from _list("findings", _findings(report, identify))
    plan = {"uuid": identify("plan"), "title": "No assessment plan", "description": _NO_PLAN}
    yield f'}}],\n"back-matter": {{"resources": [{_plain.encoded(plan)}]}}}}}}\n'


class _Seen:
    """What is gathered of all hosts before the head is written."""

    def __init__(self) -> None:
        self.targets: list[str] = []
        """With the times of their facts."""
        self.checks: dict[str, Result] = {}
        """Of each check one result, the last, for what all of them share."""

    def add(self, number: int, host: HostReport) -> None:
        """See a host."""
        self.targets.append(f"{host.target}\0{host.collected_at}")
        for result in host.results:
            self.checks[result.check] = result


def _identifier(report: Report, seen: _Seen) -> _Identify:
    """UUIDs of what is in this report: of another scan they are others."""
    times = f"{report.started} {report.finished}"
    base = uuid5(_ROOT, _plain.identity(times, "\0".join(seen.targets))).bytes

    def identify(*parts: object) -> str:
        """As `uuid5` of the standard library, for which this is the better part of its time."""
        name = _plain.identity(*map(str, parts))
        text = sha1(base + name.encode(), usedforsecurity=False).hexdigest()
        variant = "89ab"[int(text[16], 16) & 3]
        return f"{text[:8]}-{text[8:12]}-5{text[13:16]}-{variant}{text[17:20]}-{text[20:32]}"

    return identify


def _list(name: str, items: Iterator[dict[str, Any]]) -> Iterator[str]:
    """A field with a list, item by item; OSCAL has no empty lists."""
    opening = f',\n"{name}": [\n'
    for item in items:
        yield f"{opening}{_plain.encoded(item)}"
        opening = ",\n"
    if opening == ",\n":
        yield "\n]"


def _head(report: Report, seen: _Seen, identify: _Identify) -> dict[str, Any]:
    summary = report.summary
    counts = {f"hosts-{state}": getattr(summary.hosts, state) for state in _STATES}
    return {
        "uuid": identify("result"),
        "title": "dockeraudit scan",
        "description": _words(f"Profile {report.profile}: {summary.rule}"),
        "start": _plain.rfc3339(report.started),
        "end": _plain.rfc3339(report.finished),
        "props": [
            _property("exit-code", str(summary.exit_code)),
            *(
                _property(name, str(number))
                for name, number in {**counts, **summary.results}.items()
            ),
        ],
        "reviewed-controls": _reviewed(seen.checks),
    }


_STATES = ("scanned", "partial", "unreachable")


def _item(number: int, host: HostReport, identify: _Identify) -> dict[str, Any]:
    """A host; `number` tells two of one name apart."""
    facts = {
        "target": host.target,
        "hostname": host.hostname,
        "address": host.address,
        "state": host.state,
        "os": host.os.get("name", ""),
    }
    engines = [f"{each.name} {each.version}".strip() for each in host.engines]
    return {
        "uuid": identify("host", number),
        "description": _words(f"Docker host {host.target}"),
        "props": [
            *(_property(name, text) for name, text in facts.items() if text.strip()),
            *(_property("engine", engine) for engine in engines if engine),
        ],
    }


def _reviewed(checks: dict[str, Result]) -> dict[str, Any]:
    """The checks that were run, and the NIST controls that they speak to."""
    controls = sorted({name for result in checks.values() for name in _controls(result)})
    selection = {
        "description": "Controls that checks of the profile speak to; none is assessed whole.",
        "include-controls": [{"control-id": each} for each in controls or ["none"]],
    }
    reviewed: dict[str, Any] = {"control-selections": [selection]}
    if checks:
        objectives = list(dict.fromkeys(_token(check) for check in checks))
        reviewed["control-objective-selections"] = [
            {
                "description": "The checks of dockeraudit that were run.",
                "include-objectives": [{"objective-id": each} for each in objectives],
            }
        ]
    return reviewed


def _controls(result: Result) -> Iterator[str]:
    """`AC-17(2)` is `ac-17.2` in NIST's catalogue."""
    for each in result.references:
        match = _CONTROL.fullmatch(each.id) if each.framework == "nist-800-53" else None
        if match:
            enhancement = f".{int(match[3])}" if match[3] else ""
            yield f"{match[1].lower()}-{int(match[2])}{enhancement}"


def _observations(report: Report, identify: _Identify) -> Iterator[dict[str, Any]]:
    for number, host in enumerate(report.hosts):
        time = _plain.rfc3339(host.collected_at or report.finished)
        subject = {"subject-uuid": identify("host", number), "type": "inventory-item"}
        if host.state == "unreachable":
            yield {
                "uuid": identify("unreached", number),
                "title": "The host was not reached",
                "description": _words(_plain.lost(host)),
                "props": [_property("status", "unreachable")],
                "methods": ["TEST"],
                "subjects": [subject],
                "collected": time,
            }
        for at, result in enumerate(host.results):
            proofs = [proof for each in result.findings for proof in _proofs(each)]
            observation: dict[str, Any] = {
                "uuid": identify("observation", number, at),
                "title": _title(result.title, result.check),
                "description": _words(result.message) or result.status,
                "props": _properties(result),
                "methods": ["TEST"],
                "subjects": [subject],
                "collected": time,
            }
            if proofs:
                observation["relevant-evidence"] = proofs[:_MOST_PROOFS]
            yield observation


_MOST_PROOFS = 200


def _proofs(finding: ReportedFinding) -> Iterator[dict[str, Any]]:
    said = _plain.prose(finding.message).splitlines() or ["-"]
    lines = [*said, *(line for each in _plain.evidence(finding) for line in each.splitlines())]
    yield {
        "description": "\n".join(f"    {line}" for line in lines),
        "props": [
            _property("resource", finding.resource),
            _property("severity", finding.severity),
            _property("fingerprint", finding.fingerprint),
        ],
    }


def _properties(result: Result) -> Raw:
    return _encoded_properties(result.check, result.status, result.severity, result.references)


@lru_cache(maxsize=4096)
def _encoded_properties(
    check: str, status: str, severity: str, references: tuple[FrameworkRule, ...]
) -> Raw:
    """A third of the document, and the same for every host."""
    found = (
        _property("check", check),
        _property("status", status),
        _property("severity", severity),
        *(_property(_token(each.framework), each.id) for each in references),
    )
    return Raw(_plain.encoded(found))


@lru_cache(maxsize=1024)
def _title(title: str, check: str) -> str:
    return _words(title) or _token(check)


@lru_cache(maxsize=1024)
def _statement(rationale: str, title: str) -> str:
    return _words(rationale) or _words(title) or "-"


@lru_cache(maxsize=1024)
def _advice(remediation: str) -> str:
    return "\n".join(f"    {line}" for line in _plain.prose(remediation).splitlines())


def _risks(report: Report, identify: _Identify) -> Iterator[dict[str, Any]]:
    for number, host in enumerate(report.hosts):
        for at, result in enumerate(host.results):
            if result.status == "fail":
                yield _risk(host, result, identify, number, at)


def _risk(
    host: HostReport, result: Result, identify: _Identify, number: int, at: int
) -> dict[str, Any]:
    risk: dict[str, Any] = {
        "uuid": identify("risk", number, at),
        "title": _title(result.title, result.check),
        "description": _words(f"{host.target}: {result.message}"),
        "statement": _statement(result.rationale, result.title),
        "props": [_property("severity", result.severity)],
        "status": "deviation-approved" if result.waiver is not None else "open",
        "related-observations": [{"observation-uuid": identify("observation", number, at)}],
    }
    waivers = [waiver for waiver in (result.waiver, *_each(result)) if waiver is not None]
    if waivers:
        risk["props"] += [_property("waiver", each.sentence) for each in dict.fromkeys(waivers)]
    if result.waiver is not None and _DAY.fullmatch(result.waiver.expires):
        deadline = f"{result.waiver.expires}T23:59:59Z"
        if _plain.milliseconds(deadline):
            risk["deadline"] = deadline
    if result.remediation.strip():
        risk["remediations"] = [
            {
                "uuid": identify("remediation", number, at),
                "lifecycle": "recommendation",
                "title": "What to do",
                "description": _advice(result.remediation),
            }
        ]
    return risk


def _each(result: Result) -> Iterator[Waiver | None]:
    return (finding.waiver for finding in result.findings)


def _findings(report: Report, identify: _Identify) -> Iterator[dict[str, Any]]:
    for number, host in enumerate(report.hosts):
        for at, result in enumerate(host.results):
            if result.status not in ("pass", "fail"):
                continue
            passed = result.status == "pass"
            finding: dict[str, Any] = {
                "uuid": identify("finding", number, at),
                "title": _title(result.title, result.check),
                "description": _words(f"{host.target}: {result.message}"),
                "props": _properties(result),
                "target": {
                    "type": "objective-id",
                    "target-id": _objective(result.check),
                    "status": {
                        "state": "satisfied" if passed else "not-satisfied",
                        "reason": "pass" if passed else "fail",
                    },
                },
                "related-observations": [{"observation-uuid": identify("observation", number, at)}],
            }
            if not passed:
                finding["related-risks"] = [{"risk-uuid": identify("risk", number, at)}]
            yield finding


def _property(name: str, value: str) -> dict[str, str]:
    return {"name": _token(name), "ns": _NAMESPACE, "value": _plain.name(value).strip() or "-"}


@lru_cache(maxsize=1024)
def _objective(check: str) -> str:
    return _token(check)


def _token(text: str) -> str:
    """A text as an XML name, which ids and names of properties have to be."""
    token = _TOKEN.sub("_", _plain.name(text))
    return token if token[:1].isalpha() else f"_{token}"


_MARKUP = re.compile(r"([\\`*_{}\[\]<>#|~&!])")


def _words(text: str) -> str:
    """A text as a line of OSCAL's Markdown, in which it is nothing but text."""
    return _often(text) if len(text) <= _plain.NAME else _escaped(text)


@lru_cache(maxsize=4096)
def _often(text: str) -> str:
    """What passes says the same on every host."""
    return _escaped(text)


def _escaped(text: str) -> str:
    return _MARKUP.sub(r"\\\1", _plain.name(" ".join(text.split())))
