"""JUnit XML: a suite for each host, a case for each check.

Read by Jenkins, GitLab, Azure DevOps and GitHub actions; there is no specification, so Jenkins'
junit-10.xsd is what it is held to, and reference/formats.md says what each one really shows.
GitLab shows `classname` and the text of a failure but not its message attribute: hence the host in
the one and the message again in the other. What is unknown or unreachable is an `<error>`, never a
pass.

The model is junit-xml's; its own serialiser is not used, because it writes a `disabled` attribute
and times that the schema refuses, and ends on lone surrogates.
"""

import re
from collections.abc import Iterator
from typing import Any
from xml.etree import ElementTree

from junit_xml import TestCase, TestSuite  # type: ignore[import-untyped]

from dockeraudit.output import clipped, visible
from dockeraudit.report import HostReport, Report, Result

from ._view import RANK, blocks, engine_name, excuse

EXTENSION = "xml"

_PROLOGUE = "<?xml version='1.0' encoding='utf-8'?>\n"
_EVIDENCE = 8 * 1024
_MESSAGE = 1000


def recognises(head: bytes) -> bool:
    """Whether a file that begins so is one of ours."""
    return head.startswith(f'{_PROLOGUE}<testsuites name="dockeraudit" '.encode())


def render(report: Report) -> Iterator[str]:
    """The report suite by suite, so that memory holds one host's tree at a time."""
    yield _PROLOGUE
    root = ElementTree.tostring(_root(report), encoding="unicode", short_empty_elements=False)
    opening, closing, _ = root.partition("</")
    yield opening + "\n"
    taken: set[str] = set()
    for number, host in enumerate(report.hosts, 1):
        suite = _suite(report, host, str(number), _class_prefix(host, taken))
        yield _serialised(suite, host.duration_s) + "\n"
    yield closing + "testsuites>\n"


def _root(report: Report) -> ElementTree.Element:
    """The outermost element with the counts of all suites, known before the first is built."""
    tests = failures = errors = 0
    duration = 0.0
    for host in report.hosts:
        synthetic = host.state == "unreachable"
        tests += len(host.results) + synthetic
        errors += synthetic + sum(result.status == "unknown" for result in host.results)
        failures += sum(result.counts for result in host.results)
        duration += host.duration_s
    return ElementTree.Element(
        "testsuites",
        name="dockeraudit",
        tests=str(tests),
        failures=str(failures),
        errors=str(errors),
        time=f"{duration:.3f}",
    )


def _class_prefix(host: HostReport, taken: set[str]) -> str:
    """The host as a class name's first part: dots would make packages; never twice the same.

    GitLab drops a case whose class and name it has seen, without a word.
    """
    name = _short(host.target).replace(".", "_") or "host"
    unique = name
    number = 2
    while unique in taken:
        unique = f"{name}~{number}"
        number += 1
    taken.add(unique)
    return unique


def _suite(report: Report, host: HostReport, number: str, prefix: str) -> TestSuite:
    cases = [_case(result, prefix) for result in host.results]
    if host.state == "unreachable":
        cases.insert(0, _connect(host, prefix))
    return TestSuite(
        name=_short(host.target),
        test_cases=cases,
        hostname=_short(host.hostname or host.target),
        id=number,
        timestamp=host.collected_at or report.started,
        properties=dict(_properties(report, host)),
    )


def _properties(report: Report, host: HostReport) -> Iterator[tuple[str, str]]:
    yield "tool", f"{_short(report.tool.name)} {_short(report.tool.version)}"
    yield "profile", _short(report.profile)
    yield "state", host.state
    yield "address", _short(host.address)
    yield "engines", _short(", ".join(engine_name(engine) for engine in host.engines)) or "none"
    for key, value in sorted(host.os.items()):
        yield f"os.{_short(key)}", _short(value)
    if host.error:
        yield "error", f"{_short(host.error.kind)}: {_short(host.error.message)}"
        yield "hint", _short(host.error.hint)
    waived = [result for result in host.results if result.counts != (result.status == "fail")]
    yield "waivers", str(len(waived))
    for result in waived:
        yield f"waiver.{_short(result.check)}", _waiver(result)


def _connect(host: HostReport, prefix: str) -> TestCase:
    """The case that stands for everything that was not looked at on an unreachable host."""
    case = TestCase("connect", f"{prefix}.connect")
    if host.error is None:
        case.add_error_info("not reached", "not reached", "unreachable")
        return case
    message = _short(host.error.message) or "not reached"
    text = f"{message}\nhint: {_short(host.error.hint)}"
    case.add_error_info(message, text, _short(host.error.kind) or "unreachable")
    return case


def _case(result: Result, prefix: str) -> TestCase:
    check = _short(result.check)
    case = TestCase(check, f"{prefix}.{check.partition('-')[0]}")
    message = _short(result.message) or check
    if result.counts:
        case.add_failure_info(message, _explained(result), result.severity)
    elif result.status == "unknown":
        case.add_error_info(message, f"not assessed: {message}", "unknown")
    elif result.status == "fail":
        case.add_skipped_info(_waiver(result), _explained(result))
    elif result.status == "manual":
        case.add_skipped_info(f"for a person to decide: {message}", _explained(result))
    elif result.status == "not-applicable":
        case.add_skipped_info(f"not applicable: {message}")
    return case


def _waiver(result: Result) -> str:
    if result.waiver is None:
        return "waived"
    waiver = result.waiver
    if not waiver.expires:
        return _short(waiver.reason)
    ticket = f" ({_short(waiver.ticket)})" if waiver.ticket else ""
    until = f"waived until {_short(waiver.expires)} by {_short(waiver.owner)}{ticket}"
    return f"{until}: {_short(waiver.reason)}"


def _explained(result: Result) -> str:
    """The text of a failure: everything that a person needs who sees nothing else."""
    head = [f"{result.severity}: {_short(result.title)}", _short(result.message), ""]
    foot = [""]
    if result.rationale:
        foot.append(f"why: {_advice(result.rationale)}")
    foot.append(f"fix: {_advice(result.remediation)}")
    rules = ", ".join(_short(f"{rule.framework} {rule.id}") for rule in result.references)
    if rules:
        foot.append(f"references: {rules}")
    return "\n".join((*head, *_within(_EVIDENCE, _evidence(result)), *foot))


def _advice(text: str) -> str:
    """A check's text: a paragraph a line, commands indented."""
    return "\n".join(
        _short(f"  {line}" if kind == "command" else line)
        for kind, block in blocks(clipped(text, _EVIDENCE))
        for line in block.splitlines()
    )


def _evidence(result: Result) -> Iterator[str]:
    """Each finding with what says so, a line each."""
    for finding in sorted(result.findings, key=lambda finding: RANK[finding.severity]):
        note = excuse(result, finding)
        yield f"found: {_short(finding.message)} [{_short(finding.resource)}]{note}"
        for proof in finding.evidence:
            detail = visible(clipped(proof.detail, _EVIDENCE))
            yield f"  {_short(proof.source)}: {detail}"


def _within(limit: int, lines: Iterator[str]) -> Iterator[str]:
    """The lines up to that many bytes, the last one cut, and a word on what was left out."""
    left = limit
    for line in lines:
        data = line.encode()
        if len(data) > left:
            yield data[:left].decode(errors="ignore") + "…"
            yield f"[evidence cut at {limit:,} bytes: the JSON report has it all]"
            return
        yield line
        left -= len(data)


def _short(text: str) -> str:
    """A line that any XML 1.0 reader takes: `visible` leaves no control character in it."""
    return visible(clipped(text, _MESSAGE))


def _serialised(suite: TestSuite, duration: float) -> str:
    """The suite as text that junit-10.xsd accepts; ElementTree escapes `]]>`, quotes, markup."""
    element: Any = suite.build_xml_doc()
    del element.attrib["disabled"]
    element.set("time", f"{duration:.3f}")
    for case in element.iterfind("testcase"):
        case.set("time", "0.000")
    ElementTree.indent(element)
    return _XML_ILLEGAL.sub("\ufffd", ElementTree.tostring(element, encoding="unicode"))


# Printable characters are all legal in XML 1.0; this holds for a Unicode version to come as well.
_XML_ILLEGAL = re.compile("[^\t\n\r\x20-\ud7ff\ue000-\ufffd\U00010000-\U0010ffff]")
