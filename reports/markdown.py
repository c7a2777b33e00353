"""Markdown for a comment on a merge request, in GitHub's and GitLab's flavour.

At most 60,000 characters: GitHub refuses a comment of more than 65,536. First the verdict and a
table of hosts, then the worst findings, the details folded; what did not fit is counted in the last
line. All text from hosts is code: in a code span neither flavour makes links, mentions, references,
emoji or HTML of it.
"""

import re
from collections.abc import Iterator
from functools import partial
from itertools import islice

from dockeraudit.language import counted, gettext
from dockeraudit.output import visible
from dockeraudit.report import SEVERITIES, HostReport, Report, ReportedFinding, Result
from dockeraudit.sentences import reason

from . import _plain, _rule
from ._gathered import Exposures, Failing, First, Gap, Gaps, Group, Standing, read
from ._view import Tally, blocks, excuse, severity, state, tags, tally, told, worst_findings

EXTENSION = "md"
FOR_PEOPLE = True

MOST = 60_000
_RESERVE = 400
"""For the lines that say what was left out."""
_HOSTS = 50
_FINDINGS = 5
_CASES = 10
_TAGS = 6
_TEXT = 1_000
_MARK = "<!-- dockeraudit -->\n"
_TONES = {"bad": "❌", "incomplete": "⚠️", "good": "✅", "empty": "⚠️"}
_WORD = re.compile(r"\(?[^\W_]+(?:(?:[.,'/·-]|(?<=[가-힣])\(|\)(?=[가-힣]))[^\W_]+)*[.,:;)?!]*")
"""A harmless word. Korean sets brackets without a blank before them, and particles behind them."""
_PARTICLES = re.compile(r"((?:[가-힣]+[(·])?)(.*?)((?:\)?[가-힣]+[.,:;)?!]*)?)", re.DOTALL)
_MORE = re.compile(r"www\.|\bgh-?[0-9]|\b[0-9a-f]{7,40}\b|^[0-9]+[.)]", re.IGNORECASE)
"""A link, a reference to an issue or a commit, an item of a list."""
_Badness = tuple[bool, tuple[int, ...]]


def recognises(head: bytes) -> bool:
    """Whether a file that begins so is one of ours."""
    return head.startswith(_MARK.encode())


def render(report: Report) -> Iterator[str]:
    """The comment, block by block, as long as they fit."""
    left = MOST - _RESERVE
    lost = 0
    seen = _Seen()
    read(report.hosts, seen, seen.standing, seen.exposures, seen.failing, seen.gaps)
    for block in _head(report, seen):
        left -= len(block)
        yield block
    lost_groups = 0
    for group in seen.failing.groups():
        block = _group(report, group) if left > 0 else ""
        if block and len(block) <= left:
            left -= len(block)
            yield block
        else:
            lost_groups += 1
            lost += group.count
    for block in _foot(seen):
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


class _Seen:
    """What is gathered of all hosts before the first block is written."""

    def __init__(self) -> None:
        self.standing, self.exposures = Standing(), Exposures()
        self.failing, self.gaps = Failing(), Gaps()
        self.unassessed, self.manual, self.waived = First(_HOSTS), First(_HOSTS), First(_HOSTS)
        self._rows: list[tuple[_Badness, int, str]] = []

    def add(self, number: int, host: HostReport) -> None:
        """See a host."""
        counts = tally(host)
        self._rows.append((_badness(host, counts), number, _row(host, counts)))
        if len(self._rows) >= 2 * _HOSTS:
            self._rows = self.rows()
        if host.state != "scanned" and not host.same_as:
            self.unassessed.add(lambda: _unassessed(host))
        for result in host.results:
            if result.status == "manual":
                self.manual.add(partial(_item, host, result, told(result)))
            elif result.status == "fail" and result.waiver is not None:
                self.waived.add(partial(_item, host, result, result.waiver.sentence))

    def rows(self) -> list[tuple[_Badness, int, str]]:
        """Of the worst hosts: how bad, the host's number, and its line of the table."""
        return sorted(self._rows)[:_HOSTS]


def _run(report: Report) -> str:
    version = _words(f"dockeraudit {report.tool.version}")
    text = gettext("{version}, profile {profile}, {start} to {end}")
    return text.format(
        version=version,
        profile=_words(report.profile),
        start=_plain.rfc3339(report.started),
        end=_plain.rfc3339(report.finished),
    )


def _head(report: Report, seen: _Seen) -> Iterator[str]:
    said = seen.standing.verdict(report)
    yield f"{_MARK}### {_TONES[said.tone]} dockeraudit: {said.sentence}\n\n"
    yield "".join(f"* {line}\n" for line in (*said.missing, *said.open))
    code = gettext("exit code {code}").format(code=report.summary.exit_code)
    yield f"* {_words(_rule.rule(report.summary.rule))} ({code})\n"
    exposed = seen.exposures.found()
    for target, listener in exposed[:_FINDINGS]:
        text = gettext("{address} on {host} gives the engine away").format(
            address=_plain.code(listener.address), host=_plain.code(target)
        )
        yield f"* **{listener.now}**: {text}\n"
    if len(exposed) > _FINDINGS:
        more = counted(
            len(exposed) - _FINDINGS,
            "... and {n} address more like these",
            "... and {n} addresses more like these",
        )
        yield f"* {more}\n"
    yield from _table(report, seen)


def _table(report: Report, seen: _Seen) -> Iterator[str]:
    if not report.hosts:
        return
    heads = (
        *(gettext("host"), gettext("state")),
        *(severity(name) for name in SEVERITIES),
        *(gettext("unknown"), gettext("manual"), gettext("waived")),
    )
    yield f"\n| {' | '.join(heads)} |\n"
    yield "|---|---|--:|--:|--:|--:|--:|--:|--:|--:|\n"
    rows = seen.rows()
    for _, _, row in rows:
        yield row
    if len(report.hosts) > len(rows):
        more = len(report.hosts) - len(rows)
        yield f"\n{counted(more, '{n} host more, no worse.', '{n} hosts more, no worse.')}\n"
    yield f"\n{gettext('`-` was not assessed; `?` not all of it was.')}\n"


def _row(host: HostReport, counts: Tally) -> str:
    where = state(host.state)
    if host.same_as:
        text = gettext("the same host as {target}, which has its results")
        where = text.format(target=_plain.code(host.same_as, 80))
    cells = [
        _plain.code(host.target, 80) + _among(host),
        where,
        *(cell.text for cell in counts.severities.values()),
        *(counts.count(each) for each in (counts.unknown, counts.manual, counts.waived)),
    ]
    return f"| {' | '.join(cells)} |\n"


def _among(host: HostReport) -> str:
    """Where the inventory has a host."""
    found = tags(host)
    if not found:
        return ""
    shown = ", ".join(_plain.code(each, 60) for each in found[:_TAGS])
    return f" ({shown}, …)" if len(found) > _TAGS else f" ({shown})"


def _badness(host: HostReport, counts: Tally) -> _Badness:
    """Those with the worst failures first, then those that nobody could look at."""
    failed = tuple(-cell.failed for cell in counts.severities.values())
    return (not any(failed), (*failed, -(host.state == "unreachable"), -(host.state == "partial")))


def _group(report: Report, group: Group) -> str:
    """One check that fails, on all of its hosts."""
    cases = [*islice(group.cases(report), _CASES)]
    first = cases[0][1]
    hosts = counted(group.count, "{n} host", "{n} hosts")
    head = f"<b>{severity(group.severity)}</b> {_summary(gettext(first.title))} ({hosts})"
    lines = [f"\n<details><summary>{head}</summary>\n\n"]
    for host, result in cases:
        lines += _case(host, result)
    if group.count > _CASES:
        more = gettext("... and on {n} more").format(n=f"{group.count - _CASES:,}")
        lines.append(f"* {more}\n")
    lines += _advice(first)
    lines.append("\n</details>\n")
    return "".join(lines)


def _case(host: HostReport, result: Result) -> Iterator[str]:
    yield f"* {_plain.code(host.target)}: {_plain.code(told(result))}\n"
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


def _foot(seen: _Seen) -> Iterator[str]:
    gaps = seen.gaps.found()
    unassessed = [*seen.unassessed.shown, *map(_gap, gaps[:_HOSTS])]
    yield from _folded(gettext("not assessed"), unassessed, seen.unassessed.count + len(gaps))
    yield from _folded(gettext("for a person to decide"), seen.manual.shown, seen.manual.count)
    yield from _folded(gettext("waived"), seen.waived.shown, seen.waived.count)


def _unassessed(host: HostReport) -> str:
    return f"* {_plain.code(host.target)}: {state(host.state)}: {_plain.code(_plain.lost(host))}\n"


def _gap(gap: Gap) -> str:
    hosts = counted(len(gap.hosts), "{n} host", "{n} hosts")
    cost = counted(len(gap.checks), "{n} check on {hosts}", "{n} checks on {hosts}", hosts=hosts)
    return f"* {_plain.code(reason(gap.reason))}: {cost}\n"


def _folded(title: str, lines: list[str], count: int) -> Iterator[str]:
    """A folded list; of a long one the beginning, and how much is missing."""
    if not count:
        return
    shown = lines[:_HOSTS]
    if count > len(shown):
        shown.append(f"* {_more(count - len(shown))}\n")
    head = f"{title} ({count:,})"
    yield f"\n<details><summary>{head}</summary>\n\n{''.join(shown)}\n</details>\n"


def _item(host: HostReport, result: Result, text: str) -> str:
    return f"* {_plain.code(host.target)}: {_plain.code(result.check)}: {_plain.code(text)}\n"


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
