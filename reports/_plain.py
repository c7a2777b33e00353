"""Text from hosts for formats that machines read: whole characters, no controls, bounded."""

import re
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from functools import lru_cache
from hashlib import sha256
from typing import Any

import msgspec
from msgspec import Struct

from dockeraudit.output import clipped, visible
from dockeraudit.report import FrameworkRule, HostReport, Report, ReportedFinding, Result, Waiver
from dockeraudit.sentences import failure

NAME = 300
TEXT = 4000
MANY = 20
"""Pieces of evidence of one finding that are worth a reader's time."""

_BACKTICKS = re.compile("`+")
_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)


def name(text: str) -> str:
    """A name on one line."""
    return visible(clipped(text, NAME))


def prose(text: str) -> str:
    """A text that may have lines."""
    return visible(clipped(text, TEXT), keep="\n")


def code(text: str, limit: int = NAME) -> str:
    """A text as a Markdown code span, in which nothing is a link, a mention, an emoji or markup.

    The fence is longer than any run of backticks inside. `|` is spelled out, since a table ends its
    cell there even in a code span.
    """
    shown = visible(clipped(text, limit)).replace("|", r"\x7c")
    if len(shown) > 2 * limit:
        shown = f"{shown[: 2 * limit]}…"
    if not shown.strip():
        return "` `" if shown else ""
    longest = max((len(run) for run in _BACKTICKS.findall(shown)), default=0)
    fence = "`" * (longest + 1)
    blank = " " if shown[0] in "` " or shown[-1] in "` " else ""
    return f"{fence}{blank}{shown}{blank}{fence}"


class Head(Struct, frozen=True):
    """What a check's results have in common, as it may be written."""

    check: str
    title: str
    remediation: str
    rationale: str
    references: tuple[str, ...]
    """`cis-1.8 2.8`, … ."""


def head(result: Result) -> Head:
    """A result's head: the same object for most results of one check."""
    return _head(
        result.check, result.title, result.remediation, result.rationale, result.references
    )


@lru_cache(maxsize=1024)
def _head(
    check: str,
    title: str,
    remediation: str,
    rationale: str,
    references: tuple[FrameworkRule, ...],
) -> Head:
    return Head(
        check=name(check),
        title=name(title),
        remediation=prose(remediation),
        rationale=prose(rationale),
        references=tuple(name(f"{each.framework} {each.id}") for each in references),
    )


def encoded(value: Any) -> str:
    """A value as JSON on one line."""
    return msgspec.json.encode(value).decode()


def failures(host: HostReport) -> Iterator[tuple[Result, ReportedFinding]]:
    """What fails on a host, waived or not, finding by finding; a failure without one as well."""
    for result in host.results:
        if result.status == "fail":
            for finding in result.findings or (_itself(host, result),):
                yield result, finding


def _itself(host: HostReport, result: Result) -> ReportedFinding:
    """A failure that names no finding, as one: no format may lose it."""
    key = identity(host.target, result.check)
    return ReportedFinding("", result.check, result.message, result.severity, key, ())


def waiver(result: Result, finding: ReportedFinding | None) -> Waiver | None:
    """Why a finding does not count."""
    return (finding.waiver if finding else None) or result.waiver


def subject(host: HostReport, finding: ReportedFinding) -> str:
    """What is at fault, with the engine where a host may have several."""
    engine = f"{finding.engine}: " if finding.engine and len(host.engines) > 1 else ""
    return name(f"{engine}{finding.resource}")


def by_check(report: Report) -> dict[str, Result]:
    """One result of each check, for what all of them share: title, rationale, references."""
    return {result.check: result for host in report.hosts for result in host.results}


def evidence(finding: ReportedFinding) -> list[str]:
    """The evidence as lines `source: detail`; of very much only the beginning."""
    lines = [f"{name(each.source)}: {prose(each.detail)}" for each in finding.evidence[:MANY]]
    if len(finding.evidence) > MANY:
        lines.append(f"… [{len(finding.evidence):,} pieces of evidence in all]")
    return lines


def references(result: Result) -> list[str]:
    """`cis-1.8 2.8`, … ."""
    return [name(f"{each.framework} {each.id}") for each in result.references]


def lost(host: HostReport) -> str:
    """Why a host was not seen, or only in part; empty where it was."""
    if host.error is not None:
        hint = f"; {failure(host.error.hint)}" if host.error.hint else ""
        return prose(f"{failure(host.error.message)}{hint}") or host.state
    return "" if host.state == "scanned" else host.state


def identity(*parts: str) -> str:
    """32 hex digits that stand for these texts, from run to run."""
    data = "\0".join(parts).encode("utf-8", "backslashreplace")
    return sha256(b"dockeraudit\0" + data).hexdigest()[:32]


def milliseconds(time: str | None) -> int:
    """A report's time in milliseconds since 1970; 0 for one that is no date of the calendar."""
    try:
        moment = datetime.fromisoformat(time or "")
    except ValueError:
        return 0
    return (moment - _EPOCH) // timedelta(milliseconds=1) if moment.tzinfo else 0


def rfc3339(time: str | None) -> str:
    """A report's time; the epoch's for one that is no date of the calendar."""
    return time if time and milliseconds(time) else "1970-01-01T00:00:00Z"
