"""What an item says in pytest's output, in the words and the shape of the terminal report.

Text from hosts is hostile: it gets no line of its own that a terminal or a CI runner obeys.
"""

import re
from collections.abc import Iterator
from textwrap import wrap

from dockeraudit.output import clipped, visible
from dockeraudit.report import HostReport, ReportedFinding, Result

_WIDTH = 100
_MARGIN = " " * 10
_MESSAGE = 300
_REASON = 2000
_FINDINGS = 20
_COMMAND = re.compile(r"#(#\w*\[)")


def explained(result: Result) -> str:
    """Everything that a person needs who sees nothing else: found, evidence, why, fix."""
    return "\n".join(_inert(line) for line in _explained(result))


def headline(result: Result) -> str:
    """A failure in one line."""
    return said(f"{result.severity}: {result.message}")


def unassessed(result: Result, host: HostReport) -> str:
    """Why a check could not tell, and what to do about it where that is known."""
    lines = [
        *_entry(result.severity.upper(), result.check),
        *_entry("", result.title),
        *_entry("  unknown", f"not assessed: {clipped(result.message, _REASON)}"),
    ]
    if host.error:
        lines += _entry("  because", host.error.message)
        lines += _entry("  hint", host.error.hint)
    return "\n".join(_inert(line) for line in lines)


def said(text: str) -> str:
    """Text from a host or a check as one line."""
    return _inert(visible(clipped(text, _MESSAGE)))


def waived(result: Result) -> str:
    """Who lives with a finding, until when and why; then what it is."""
    assert result.waiver
    return f"{said(result.waiver.sentence)}; {headline(result)}"


def _explained(result: Result) -> Iterator[str]:
    yield from _entry(result.severity.upper(), result.check)
    yield from _entry("", result.title)
    for finding in result.findings[:_FINDINGS]:
        yield from _found(finding)
    if not result.findings:
        yield from _entry("  found", clipped(result.message, _REASON))
    if len(result.findings) > _FINDINGS:
        yield from _entry("", f"... {len(result.findings) - _FINDINGS} more like this")
    yield from _advice("  why", result.rationale)
    yield from _advice("  fix", result.remediation)
    rules = ", ".join(f"{rule.framework} {rule.id}" for rule in result.references)
    if rules:
        yield from _entry("  rules", rules)
    yield from _entry("  more", f"dockeraudit explain {result.check}")


def _found(finding: ReportedFinding) -> Iterator[str]:
    yield from _entry("  found", clipped(finding.message, _MESSAGE))
    if finding.waiver is not None:
        yield from _entry("", f"({clipped(finding.waiver.sentence, _MESSAGE)})")
    for proof in finding.evidence:
        text = f"{clipped(proof.source, _MESSAGE)}: {clipped(proof.detail, _MESSAGE)}"
        yield from _wrapped(text, f"{_MARGIN}| ", f"{_MARGIN}|   ")


def _advice(label: str, text: str) -> Iterator[str]:
    """A check's own text: its paragraphs wrapped anew, its commands (indented) as they are."""
    prose: list[str] = []
    for line in (*text.strip().splitlines(), ""):
        command = line.startswith((" ", "\t"))
        if prose and (command or not line or prose[-1].endswith((".", ":"))):
            yield from _entry(label, " ".join(prose))
            label, prose = "", []
        if command:
            yield f"{label:10}{visible(line)}".rstrip()
            label = ""
        elif line:
            prose.append(line)


def _entry(label: str, text: str) -> Iterator[str]:
    yield from _wrapped(text, f"{label:10}", _MARGIN)


def _wrapped(text: str, first: str, further: str) -> Iterator[str]:
    lines = wrap(
        visible(text),
        _WIDTH,
        initial_indent=first,
        subsequent_indent=further,
        break_on_hyphens=False,
        replace_whitespace=False,
    )
    yield from lines or [first.rstrip()]


def _inert(line: str) -> str:
    """The line, which a CI runner must not take for a command (`::error::`, `##vso[…]`)."""
    line = _COMMAND.sub(r"\\x23\1", line)
    if line.lstrip().startswith("::"):
        return line.replace("::", r"\x3a:", 1)
    return line
