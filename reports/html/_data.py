"""The findings as the page holds them: JSON in pieces, each text once, read by `store.js`.

A text stands in the table of strings the first time and is a number afterwards; the table is
bounded, and what no longer fits stands where it is used. A pass is only the number of its check.
"""

from collections.abc import Callable, Iterator
from datetime import UTC, datetime, timedelta
from typing import Any

import msgspec
from markupsafe import Markup

from dockeraudit import sentences
from dockeraudit.language import SOURCE, current, gettext
from dockeraudit.output import clipped, visible
from dockeraudit.report import HostReport, Report, ReportedFinding, Result, Waiver
from dockeraudit.words import blocks as _source_blocks

from .. import _view  # noqa: TID252 - the installed name of this package is another
from ._standing import Head, Standing, short_title

TEXT = 8 * 1024
"""Characters of one text that are shown."""

_ROOM = 8_000_000
_PIECE = 128 * 1024
_STATES = ("scanned", "partial", "unreachable")
_STATUSES = {"fail": 0, "unknown": 1, "manual": 2}
_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)

Text = int | str
"""The number of a string in the table, or the string itself."""


def cleaned(text: str, limit: int = TEXT) -> str:
    """A text as it may be shown: bounded, and what hides or reorders text is spelled out."""
    return visible(clipped(text, limit), keep="\n")


def catalogue(standing: Standing, words: dict[str, Any]) -> Iterator[Markup]:
    """What is said once: the words of the page, and every check."""
    yield _open("words")
    yield _encoded(words)
    yield _close()
    for head in standing.heads:
        yield _open("check")
        yield _encoded(_head(head, standing))
        yield _close()


def hosts(report: Report, standing: Standing, day: Callable[[str | None], str]) -> Iterator[Markup]:
    """Every host with its results, some of them a piece."""
    strings = _Strings()
    lines: list[Markup] = []
    size = 0
    for host in report.hosts:
        line = _encoded(_host(host, strings, standing, day))
        lines.append(line)
        size += len(line)
        if size > _PIECE:
            yield _piece(strings, lines)
            lines, size = [], 0
    if lines:
        yield _piece(strings, lines)


def _piece(strings: "_Strings", lines: list[Markup]) -> Markup:
    body = Markup(",\n").join(lines)
    fresh = _encoded(strings.taken())
    return _open("data") + Markup('{"s":') + fresh + Markup(',"h":[\n') + body + "]}" + _close()


def _open(kind: str) -> Markup:
    return Markup(f'<script type="application/json" class="{kind}">')


def _close() -> Markup:
    return Markup("</script>\n")


def _encoded(value: Any) -> Markup:
    """JSON in which nothing can end the element that it stands in."""
    text = msgspec.json.encode(value).decode()
    for char in "<>&":
        text = text.replace(char, f"\\u{ord(char):04x}")
    return Markup(text)


class _Strings:
    """Hands out numbers for texts, until its room is used up."""

    def __init__(self) -> None:
        self._numbers: dict[str, int] = {}
        self._fresh: list[str] = []
        self._room = _ROOM

    def __call__(self, text: str) -> Text:
        text = clipped(text, TEXT)
        number = self._numbers.get(text)
        if number is not None:
            return number
        shown = visible(text, keep="\n")
        # A short text costs no more than its number; the rest is what an entry costs here.
        if len(shown) < 4 or self._room < len(shown):
            return shown
        self._room -= len(shown) + 100
        self._numbers[text] = number = len(self._numbers)
        self._fresh.append(shown)
        return number

    def taken(self) -> list[str]:
        """The texts that came since this was asked last."""
        fresh, self._fresh = self._fresh, []
        return fresh


def _head(head: Head, standing: Standing) -> list[Any]:
    english = _english(head)
    return [
        head.anchor,
        cleaned(head.check),
        cleaned(gettext(head.title)),
        _view.RANK[head.severity],
        list(parts(head.rationale)),
        list(parts(head.remediation)),
        [
            [
                cleaned(short_title(rule.framework)),
                cleaned(rule.id),
                standing.rule_anchor(rule),
            ]
            for rule in dict.fromkeys(head.references)
        ],
        *([english] if english else []),
    ]


def _english(head: Head) -> list[str]:
    """Which of a check's texts stand in English on a page of another language."""
    if current() == SOURCE:
        return []
    given = {"title": head.title, "why": head.rationale, "fix": head.remediation}
    return [
        name
        for name, text in given.items()
        if any(kind == "prose" and gettext(block) == block for kind, block in _source_blocks(text))
    ]


def parts(text: str) -> Iterator[str | list[str]]:
    """A check's text: commands as text, prose as text and code in turn."""
    for kind, block in _view.blocks(cleaned(text)):
        yield block if kind == "command" else block.split("`")


def _host(
    host: HostReport, text: _Strings, standing: Standing, day: Callable[[str | None], str]
) -> list[Any]:
    passed: list[str] = []
    unasked: dict[str, list[str]] = {}
    told = []
    for result in host.results:
        number = standing.head(result).number
        if result.status == "pass":
            passed.append(str(number))
        elif result.status == "not-applicable":
            unasked.setdefault(sentences.reason(result.message), []).append(str(number))
        else:
            told.append(_result(result, number, text))
    system = host.os.get("name") or host.os.get("id") or ""
    kernel = host.os.get("kernel", "")
    return [
        cleaned(host.target),
        cleaned(host.hostname) if host.hostname != host.target else 0,
        cleaned(host.address),
        _STATES.index(host.state),
        [
            text(host.error.kind),
            text(sentences.failure(host.error.message)),
            text(sentences.failure(host.error.hint)),
        ]
        if host.error
        else 0,
        [
            [text(one.name), text(one.version), text(one.api_version), *_told(one, text)]
            for one in host.engines
        ],
        [text(system), text(kernel)],
        text(day(host.collected_at)) if host.collected_at else 0,
        _view.seconds(host.duration_s),
        [
            [
                text(one.engine),
                text(one.address),
                *(text(each) for each in (one.reach, one.configured, one.running, one.observed)),
            ]
            for one in _view.addresses(host.listeners)
        ],
        [
            [text(one.resource), text(one.role), text(one.engine), text(one.subject), _day(one)]
            for one in host.certificates or ()
        ],
        told,
        text(",".join(passed)),
        [[text(reason), text(",".join(numbers))] for reason, numbers in unasked.items()],
        *_inventory(host, text),
    ]


def _inventory(host: HostReport, text: _Strings) -> list[Any]:
    """What the inventory says of a host, and of whom it is a second name; mostly nothing."""
    if not (host.groups or host.labels or host.same_as):
        return []
    labels = [[text(name), text(value)] for name, value in host.labels.items()]
    return [[[text(name) for name in host.groups], labels, cleaned(host.same_as)]]


def _told(engine: Any, text: _Strings) -> tuple[int, Text]:
    return int(engine.rootless), text(engine.managed_by)


def _day(certificate: Any) -> str:
    return (_EPOCH + timedelta(seconds=certificate.not_after)).date().isoformat()


def _result(result: Result, number: int, text: _Strings) -> list[Any]:
    found: list[Any] = [
        number,
        _STATUSES[result.status],
        _view.RANK[result.severity],
        text(_view.told(result)),
    ]
    if result.findings or result.waiver:
        found.append([_finding(one, result, text) for one in _view.worst_findings(result)])
    if result.waiver:
        found.append(_waiver(result.waiver, text))
    return found


def _finding(finding: ReportedFinding, result: Result, text: _Strings) -> list[Any]:
    found: list[Any] = [
        text(finding.engine),
        text(finding.resource),
        text(sentences.message(result.check, finding.message)),
        _view.RANK[finding.severity],
        cleaned(finding.fingerprint),
        [part for proof in finding.evidence for part in (text(proof.source), text(proof.detail))],
    ]
    if finding.waiver and not result.waiver:
        found.append(_waiver(finding.waiver, text))
    return found


def _waiver(waiver: Waiver, text: _Strings) -> list[Text]:
    return [text(one) for one in (waiver.expires, waiver.owner, waiver.ticket, waiver.reason)]
