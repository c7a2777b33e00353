"""Markdown for a comment on a merge request, in GitHub's and GitLab's flavour.

At most 60,000 characters: GitHub refuses a comment of more than 65,536. First the verdict and a
table of hosts, then the worst findings, the details folded; what did not fit is counted in the last
line. All text from hosts is code: in a code span neither flavour makes links, mentions, references,
emoji or HTML of it.
"""

import re
from collections.abc import Iterable, Iterator

from dockeraudit.language import counted, gettext
from dockeraudit.output import visible
from dockeraudit.report import SEVERITIES, HostReport, Report, ReportedFinding, Result

from . import _plain, _rule
from ._view import (
    Group,
    blocks,
    excuse,
    exposures,
    failing,
    gaps,
    severity,
    state,
    tally,
    verdict,
    worst_findings,
)

EXTENSION = "md"
FOR_PEOPLE = True

MOST = 60_000
_RESERVE = 400
"""For the lines that say what was left out."""
_HOSTS = 50
_FINDINGS = 5
_CASES = 10
_TEXT = 1_000
_MARK = "<!-- dockeraudit -->\n"
_TONES = {"bad": "❌", "incomplete": "⚠️", "good": "✅", "empty": "⚠️"}
_WORD = re.compile(r"\(?[^\W_]+(?:(?:[.,'/·-]|(?<=[가-힣])\(|\)(?=[가-힣]))[^\W_]+)*[.,:;)?!]*")
"""A harmless word. Korean sets brackets without a blank before them, and particles behind them."""
_PARTICLES = re.compile(r"((?:[가-힣]+[(·])?)(.*?)((?:\)?[가-힣]+[.,:;)?!]*)?)", re.DOTALL)
_MORE = re.compile(r"www\.|\bgh-?[0-9]|\b[0-9a-f]{7,40}\b|^[0-9]+[.)]", re.IGNORECASE)
"""A link, a reference to an issue or a commit, an item of a list."""


def recognises(head: bytes) -> bool:
    """Whether a file that begins so is one of ours."""
    return head.startswith(_MARK.encode())


def render(report: Report) -> Iterator[str]:
    """The comment, block by block, as long as they fit."""
    left = MOST - _RESERVE
    lost = 0
    for block in _head(report):
        left -= len(block)
        yield block
    lost_groups = 0
    for group in failing(report):
        block = _group(group)
        if len(block) <= left:
            left -= len(block)
            yield block
        else:
            lost_groups += 1
            lost += len(group.cases)
    for block in _foot(report):
        if len(block) <= left:
            left -= len(block)
            yield block
        else:
            lost_groups += 1
    if lost_groups:
        parts = counted(lost_groups, "{n} part", "{n} parts")
        if lost:
            failed = counted(lost, "{n} failed result", "{n} failed results")
            parts = gettext("{parts} with {results}").format(parts=parts, results=failed)
        text = gettext("{parts} did not fit here; the JSON or HTML report has all.")
        yield f"\n**{text.format(parts=parts)}**\n"
    yield f"\n<sub>{_run(report)}</sub>\n"


def _run(report: Report) -> str:
    version = _words(f"dockeraudit {report.tool.version}")
    text = gettext("{version}, profile {profile}, {start} to {end}")
    return text.format(
        version=version,
        profile=_words(report.profile),
        start=_plain.rfc3339(report.started),
        end=_plain.rfc3339(report.finished),
    )


def _head(report: Report) -> Iterator[str]:
    said = verdict(report)
    yield f"{_MARK}### {_TONES[said.tone]} dockeraudit: {said.sentence}\n\n"
    yield "".join(f"* {line}\n" for line in (*said.missing, *said.open))
    code = gettext("exit code {code}").format(code=report.summary.exit_code)
    yield f"* {_words(_rule.rule(report.summary.rule))} ({code})\n"
    exposed = exposures(report)
    for each in exposed[:_FINDINGS]:
        text = gettext("{address} on {host} gives the engine away").format(
            address=_plain.code(each.listener.address), host=_plain.code(each.host.target)
        )
        yield f"* **{each.listener.now}**: {text}\n"
    if len(exposed) > _FINDINGS:
        more = counted(
            len(exposed) - _FINDINGS,
            "... and {n} address more like these",
            "... and {n} addresses more like these",
        )
        yield f"* {more}\n"
    yield from _table(report)


def _table(report: Report) -> Iterator[str]:
    if not report.hosts:
        return
    heads = (
        *(gettext("host"), gettext("state")),
        *(severity(name) for name in SEVERITIES),
        *(gettext("unknown"), gettext("manual"), gettext("waived")),
    )
    yield f"\n| {' | '.join(heads)} |\n"
    yield "|---|---|--:|--:|--:|--:|--:|--:|--:|--:|\n"
    shown = sorted(report.hosts, key=_badness)[:_HOSTS]
    for host in shown:
        counts = tally(host)
        cells = [
            _plain.code(host.target, 80),
            state(host.state),
            *(cell.text for cell in counts.severities.values()),
            *(counts.count(each) for each in (counts.unknown, counts.manual, counts.waived)),
        ]
        yield f"| {' | '.join(cells)} |\n"
    if len(report.hosts) > len(shown):
        more = len(report.hosts) - len(shown)
        yield f"\n{counted(more, '{n} host more, no worse.', '{n} hosts more, no worse.')}\n"
    yield f"\n{gettext('`-` was not assessed; `?` not all of it was.')}\n"


def _badness(host: HostReport) -> tuple[bool, tuple[int, ...]]:
    """Those with the worst failures first, then those that nobody could look at."""
    failed = tuple(-cell.failed for cell in tally(host).severities.values())
    return (not any(failed), (*failed, -(host.state == "unreachable"), -(host.state == "partial")))


def _group(group: Group) -> str:
    """One check that fails, on all of its hosts."""
    first = group.cases[0][1]
    hosts = counted(len(group.cases), "{n} host", "{n} hosts")
    head = f"<b>{severity(group.severity)}</b> {_summary(gettext(first.title))} ({hosts})"
    lines = [f"\n<details><summary>{head}</summary>\n\n"]
    for host, result in group.cases[:_CASES]:
        lines += _case(host, result)
    if len(group.cases) > _CASES:
        more = gettext("... and on {n} more").format(n=f"{len(group.cases) - _CASES:,}")
        lines.append(f"* {more}\n")
    lines += _advice(first)
    lines.append("\n</details>\n")
    return "".join(lines)


def _case(host: HostReport, result: Result) -> Iterator[str]:
    yield f"* {_plain.code(host.target)}: {_plain.code(result.message)}\n"
    findings = worst_findings(result)
    for finding in findings[:_FINDINGS]:
        note = excuse(result, finding)
        yield f"  * {_plain.code(finding.resource)}{note}{_proof(finding)}\n"
    if len(findings) > _FINDINGS:
        yield f"  * {_more(len(findings) - _FINDINGS)}\n"


def _proof(finding: ReportedFinding) -> str:
    """The first piece of evidence; the others are in the full reports."""
    if not finding.evidence:
        return ""
    proof = finding.evidence[0]
    text = gettext("{source} says {detail}")
    return ": " + text.format(source=_plain.code(proof.source), detail=_plain.code(proof.detail))


def _more(number: int) -> str:
    return gettext("... and {n} more").format(n=f"{number:,}")


def _advice(result: Result) -> Iterator[str]:
    if result.rationale:
        why = " ".join(text for _, text in blocks(result.rationale))
        yield f"\n**{gettext('Why')}** {_words(' '.join(why.split()))}\n"
    yield f"\n**{gettext('What to do')}**\n"
    for kind, text in blocks(_plain.prose(result.remediation)):
        yield f"\n{_block(text) if kind == 'command' else _words(text)}\n"
    references = ", ".join(_plain.code(each) for each in _plain.references(result))
    check = _plain.code(f"dockeraudit explain {result.check}")
    yield f"\n{check}{f' · {references}' if references else ''}\n"


def _foot(report: Report) -> Iterator[str]:
    yield from _folded(
        gettext("not assessed"),
        (
            f"* {_plain.code(host.target)}: {state(host.state)}: {_plain.code(_plain.lost(host))}\n"
            for host in report.hosts
            if host.state != "scanned"
        ),
        (
            f"* {_plain.code(gap.reason)}: {_cost(len(gap.checks), len(gap.hosts))}\n"
            for gap in gaps(report.hosts)
        ),
    )
    yield from _folded(gettext("for a person to decide"), _of(report, "manual"))
    yield from _folded(gettext("waived"), _waived(report))


def _cost(checks: int, hosts: int) -> str:
    where = counted(hosts, "{n} host", "{n} hosts")
    return counted(checks, "{n} check on {hosts}", "{n} checks on {hosts}", hosts=where)


def _folded(title: str, *parts: Iterable[str]) -> Iterator[str]:
    """A folded list; of a long one the beginning, and how much is missing."""
    lines = [line for part in parts for line in part]
    if not lines:
        return
    shown = lines[:_HOSTS]
    if len(lines) > len(shown):
        shown.append(f"* {_more(len(lines) - len(shown))}\n")
    count = f"{len(lines):,}"
    head = f"{title} ({count})"
    yield f"\n<details><summary>{head}</summary>\n\n{''.join(shown)}\n</details>\n"


def _of(report: Report, status: str) -> Iterator[str]:
    for host in report.hosts:
        for result in host.results:
            if result.status == status:
                where = f"{_plain.code(host.target)}: {_plain.code(result.check)}"
                yield f"* {where}: {_plain.code(result.message)}\n"


def _waived(report: Report) -> Iterator[str]:
    for host in report.hosts:
        for result in host.results:
            if result.status == "fail" and result.waiver is not None:
                where = f"{_plain.code(host.target)}: {_plain.code(result.check)}"
                yield f"* {where}: {_plain.code(result.waiver.sentence)}\n"


def _words(text: str) -> str:
    """Our own words as they are; among them what could be more than a word is code."""
    shown = _plain.name(text) if len(text) <= _plain.NAME else visible(text[:_TEXT], keep="\n")
    return " ".join(_word(word) for word in shown.split())


def _word(word: str) -> str:
    """A word, as code unless it is no more than a word; a Korean particle at it stays outside."""
    if _harmless(word):
        return word
    match = _PARTICLES.fullmatch(word)
    assert match
    before, core, after = match.groups()
    return f"{before}{_plain.code(core)}{after}" if core else _plain.code(word)


def _harmless(word: str) -> bool:
    return _WORD.fullmatch(word) is not None and _MORE.search(word) is None


def _summary(title: str) -> str:
    """A title inside HTML, where code spans are none: entities, and no mention or link."""
    shown = _plain.name(title)
    if all(_harmless(word) for word in shown.split()):
        return shown
    return f"<code>{''.join(map(_entity, shown))}</code>"


def _entity(char: str) -> str:
    return char if char.isalnum() or char == " " else f"&#{ord(char)};"


def _block(text: str) -> str:
    """Commands as an indented block, which nothing inside can end."""
    return "".join(f"    {line}\n" for line in text.splitlines()).rstrip("\n")
