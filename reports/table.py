"""The terminal report: the matrix first, then what is wrong, worst first, then what is not known.

Read by a person at 80 columns; colour only repeats what words say. Every text that came from a host
goes through `visible`, so it can neither end a line nor steer the terminal.
Plain formatting, not rich: importing `rich.table` costs 60 to 90 ms of a 200 ms scan, and it reads
`[…]` in host text as markup.
"""

from collections.abc import Iterator
from functools import partial
from itertools import islice

from msgspec import Struct

from dockeraudit.language import counted, gettext, marked, several
from dockeraudit.lines import cells, inert, pad, wrap
from dockeraudit.output import clipped, visible
from dockeraudit.report import SEVERITIES, HostReport, Proof, Report, Result, Waiver
from dockeraudit.sentences import failure, message, reason

from . import _rule, _view
from ._gathered import Failing, First, Gap, Gaps, Group, read

EXTENSION = "txt"
FOR_PEOPLE = True

_TITLES = (
    marked("CRIT"),
    marked("HIGH"),
    marked("MED"),
    marked("LOW"),
    marked("INFO"),
    marked("UNKN"),
    marked("MAN"),
    marked("WAIV"),
    marked("TIME"),
)
_NARROWEST = 66
"""The figures of the matrix and a name need as much."""
_WORST = 20
_ALIKE = 4
_GAPS = 8
_DETAIL = 300
_VERBOSE_DETAIL = 4000
_INDENT = " " * 10
_SGR = {
    "critical": "1;97;41",
    "high": "1;31",
    "medium": "1;33",
    "low": "1;36",
    "info": "1",
    "bold": "1",
    "dim": "2",
    "good": "32",
    "unknown": "35",
}


def recognises(head: bytes) -> bool:
    """Whether a file that begins so is one of ours."""
    return head.startswith(b"dockeraudit ") and head[12:13].isdigit()


def render(report: Report) -> Iterator[str]:
    """The report at 80 columns without colour."""
    return render_table(report, width=80, color=False, verbose=False)


def render_table(report: Report, *, width: int, color: bool, verbose: bool) -> Iterator[str]:
    """The report for a terminal of that width; `verbose` shows every result."""
    page = _Page(max(width, _NARROWEST), color, verbose)
    seen = _Seen(page)
    read(report.hosts, seen, seen.failing, seen.gaps)
    for part in (
        *(_title, _matrix, _failures, _waived, _not_assessed, _rest, _everything),
        *(_waivers, _baseline, _result),
    ):
        empty = True
        for line in part(page, report, seen):
            yield f"{inert(line)}\n"
            empty = False
        if not empty and part is not _result:
            yield "\n"


class _Row(Struct, frozen=True):
    """What the matrix says of a host."""

    name: str
    engines: tuple[str, ...]
    state: str
    figures: tuple[str, ...]
    error: tuple[str, str] | None
    """Kind and message."""
    same: str
    """Of which host it is another name."""

    @property
    def why(self) -> str:
        """Why it has no figures; empty where it has."""
        if self.same:
            text = gettext("the same host as {target}, which has its results")
            return text.format(target=self.same)
        if self.state != "unreachable":
            return ""
        why = _view.state("unreachable")
        return f"{why} - {': '.join(self.error)}" if self.error else why


class _Seen:
    """What is gathered of all hosts before the first line is printed."""

    def __init__(self, page: "_Page") -> None:
        self.rows: list[_Row] = []
        self.failing, self.gaps = Failing(), Gaps()
        self.waived = First(None if page.verbose else _GAPS)
        self.hints: dict[str, list[str]] = {}
        """Which hosts they are for."""

    def add(self, number: int, host: HostReport) -> None:
        """See a host."""
        name, error = _names(host.target, host.hostname), host.error
        same = _name(host.same_as)
        said = (visible(error.kind), _short(failure(error.message))) if error else None
        figures = tuple(_numbers(host))
        self.rows.append(_Row(name, tuple(_engines(host)), host.state, figures, said, same))
        if error and error.hint and not same:
            self.hints.setdefault(_short(failure(error.hint)), []).append(name)
        for result in host.results:
            if result.status == "fail" and result.waiver:
                self.waived.add(partial(_waiver, name, result, result.waiver))


class _Page:
    """The terminal: how wide it is, and whether it has colours."""

    def __init__(self, width: int, color: bool, verbose: bool) -> None:
        self.width = width
        self.color = color
        self.verbose = verbose

    def paint(self, text: str, style: str) -> str:
        return f"\x1b[{_SGR[style]}m{text}\x1b[0m" if self.color else text

    def entry(self, label: str, text: str, style: str = "dim") -> Iterator[str]:
        """A label in the margin, and a text that wraps beside it."""
        margin = self.paint(label, style) + " " * (len(_INDENT) - cells(label))
        for line in wrap(text, self.width - len(_INDENT)):
            yield (margin + line).rstrip()
            margin = _INDENT

    def hanging(self, lead: str, text: str, hang: str) -> Iterator[str]:
        """A text whose further lines stand under its beginning."""
        for index, line in enumerate(wrap(text, self.width - max(cells(lead), cells(hang)))):
            yield (hang if index else lead) + line


def _title(page: _Page, report: Report, seen: _Seen) -> Iterator[str]:
    distinct = len(report.hosts) - report.summary.hosts.repeated
    hosts = counted(distinct, "{n} host", "{n} hosts")
    tool = f"{visible(report.tool.name)} {visible(report.tool.version)}"
    fail_on = gettext("none") if report.fail_on == "none" else _view.severity(report.fail_on)
    text = gettext("profile {profile}, fail on {severity}, {hosts}").format(
        profile=visible(report.profile), severity=fail_on, hosts=hosts
    )
    yield from page.hanging("", f"{tool}: {text}", "")


def _matrix(page: _Page, report: Report, seen: _Seen) -> Iterator[str]:
    """A row a host; its engines stand beside its name, or below where there is no room."""
    rows = seen.rows
    if not rows:
        return
    heads = [gettext(title) for title in _TITLES]
    wide = [
        max(cells(head), *(cells(row.figures[at]) for row in rows)) for at, head in enumerate(heads)
    ]
    state = max(cells(text) for text in (gettext("STATE"), *map(_view.state, _SEEN)))
    room = page.width - sum(wide) - len(wide) - 1 - state
    longest = max(cells(gettext("HOST")), *(cells(row.name) for row in rows))
    engine = max(cells(gettext("ENGINE")), *(cells(text) for row in rows for text in row.engines))
    beside = longest + 1 + engine <= room
    name = longest if beside else max(min(room, max(longest, engine + 2, 13)), 14)
    lead = pad(gettext("HOST, ENGINE"), name)
    if beside:
        lead = pad(gettext("HOST"), name) + " " + pad(gettext("ENGINE"), engine)
    titles = "".join(" " + _right(head, size) for head, size in zip(heads, wide, strict=True))
    yield page.paint(f"{lead} {pad(gettext('STATE'), state)}{titles}", "bold")
    for row in rows:
        first, *below = _lead(row, name, engine if beside else 0)
        if row.why:
            yield from _without_figures(page, row, first, below)
            continue
        figures = "".join(
            " " + _figure(page, at, _right(text, size))
            for at, (text, size) in enumerate(zip(row.figures, wide, strict=True))
        )
        yield f"{first} {pad(_view.state(row.state), state)}{figures}"
        yield from below
    yield from _legend(page, rows)


_SEEN = ("scanned", "partial")
"""The states of hosts that have figures."""


def _right(text: str, width: int) -> str:
    """A text at the right end of its column."""
    return " " * (width - cells(text)) + text


def _lead(row: _Row, name: int, engine: int) -> Iterator[str]:
    """The row's left end, and what stands below it; `engine` 0: engines go below the name."""
    names, engines = wrap(row.name, name), row.engines
    if not engine:
        yield pad(names[0], name)
        yield from names[1:]
        if not row.why:
            yield from (f"  {line}" for text in engines for line in wrap(text, name - 2))
        return
    for at in range(max(len(names), len(engines))):
        left = pad(names[at] if at < len(names) else "", name)
        line = left + " " + pad(engines[at] if at < len(engines) else "", engine)
        yield line.rstrip() if at else line


def _without_figures(page: _Page, row: _Row, first: str, below: list[str]) -> Iterator[str]:
    """The row of a host that gave no evidence here: why, where the figures would be."""
    lines = wrap(row.why, page.width - cells(first) - 1)
    for at in range(max(len(lines), len(below) + 1)):
        left = first if not at else below[at - 1] if at <= len(below) else ""
        right = " " + page.paint(lines[at], "unknown") if at < len(lines) else ""
        yield pad(left, cells(first)) + right if right else left


def _names(target: str, hostname: str) -> str:
    if hostname and hostname != target and target == "local":
        return gettext("local ({name})").format(name=_name(hostname))
    return _name(target) or gettext("(no name)")


def _engines(host: HostReport) -> list[str]:
    if host.engines and not host.same_as:
        return [_name(_view.engine_name(engine)) for engine in host.engines]
    return ["-" if host.same_as or host.state == "unreachable" else gettext("none found")]


def _numbers(host: HostReport) -> list[str]:
    tally = _view.tally(host)
    return [
        *(tally.severities[name].text for name in SEVERITIES),
        *(tally.count(number) for number in (tally.unknown, tally.manual, tally.waived)),
        _view.seconds(host.duration_s).replace(" ", "") if host.duration_s else "-",
    ]


def _figure(page: _Page, column: int, text: str) -> str:
    if not text.strip(" 0-"):
        return page.paint(text, "dim")
    if column < len(SEVERITIES):
        return page.paint(text, SEVERITIES[column]) if text.strip(" 0?") else text
    return page.paint(text, "unknown") if column == len(SEVERITIES) else text


def _legend(page: _Page, rows: list[_Row]) -> Iterator[str]:
    figures = {text for row in rows for text in row.figures[:-1]}
    shown = {mark for text in figures for mark in "-?" if mark in text}
    words = {
        "-": gettext("- not assessed"),
        "?": gettext("? not all checks of that severity could be assessed"),
    }
    if shown:
        text = ", ".join(words[mark] for mark in "-?" if mark in shown)
        yield from (page.paint(line, "dim") for line in wrap(f"({text})", page.width))


def _failures(page: _Page, report: Report, seen: _Seen) -> Iterator[str]:
    groups = seen.failing.groups()
    several = len(report.hosts) > 1
    left = _WORST
    hidden = 0
    for group in groups:
        if left <= 0 and not page.verbose:
            hidden += group.findings
            continue
        if group is not groups[0]:
            yield ""
        _, first = next(group.cases(report))
        yield from _heading(page, first)
        most = group.findings if page.verbose else min(left, _ALIKE)
        entries = (
            entry
            for host, result in group.cases(report)
            for entry in _found(page, _names(host.target, host.hostname) if several else "", result)
        )
        for entry in islice(entries, most):
            yield from entry
        left -= min(group.findings, most)
        if group.findings > most:
            yield from page.entry("", _more_alike(group.findings - most, group))
        yield from _advice(page, first)
    if hidden:
        yield ""
        more = counted(
            hidden,
            "... and {n} more finding, none worse: -v shows all",
            "... and {n} more findings, none worse: -v shows all",
        )
        yield from page.hanging("", more, "")
    if groups:
        yield ""
        example = visible(groups[0].check)
        text = gettext("More about a check: {command}")
        text = text.format(command=f"dockeraudit explain {example}")
        yield from (page.paint(line, "dim") for line in wrap(text, page.width))


def _more_alike(number: int, group: Group) -> str:
    hosts = counted(group.count, "{n} host", "{n} hosts")
    text = gettext("... {n} more like this ({hosts} in all): -v shows all")
    return text.format(n=f"{number:,}", hosts=hosts)


def _heading(page: _Page, result: Result) -> Iterator[str]:
    """The severity in the margin, then the check and the defect."""
    label = _view.severity(result.severity).upper()
    yield from page.entry(label, visible(result.check), result.severity)
    for line in wrap(_short(gettext(result.title)), page.width - len(_INDENT)):
        yield _INDENT + page.paint(line, "bold")


def _found(page: _Page, host: str, result: Result) -> Iterator[list[str]]:
    """Each finding of a result as lines: what, then the evidence under it."""
    lead = f"{host}: " if host else ""
    for finding in _view.worst_findings(result):
        text = lead + _short(message(result.check, finding.message)) + _view.excuse(result, finding)
        yield [
            *page.entry("  " + gettext("found"), text),
            *(line for proof in finding.evidence for line in _proof(page, proof)),
        ]
    if not result.findings:
        yield list(page.entry("  " + gettext("found"), lead + _short(_view.told(result))))


def _proof(page: _Page, proof: Proof) -> Iterator[str]:
    limit = _VERBOSE_DETAIL if page.verbose else _DETAIL
    source = visible(clipped(proof.source, _DETAIL))
    detail = visible(clipped(proof.detail, limit))
    lead = _INDENT + "| "
    for line in page.hanging(lead, f"{source}: {detail}", lead + "  "):
        yield page.paint(line, "dim")


def _advice(page: _Page, result: Result) -> Iterator[str]:
    parts = ((gettext("why"), result.rationale), (gettext("fix"), result.remediation))
    for name, text in parts:
        label = f"  {name}"
        for kind, block in _view.blocks(clipped(text, _VERBOSE_DETAIL)):
            if kind == "prose":
                yield from page.entry(label, visible(block))
            else:
                yield from _commands(page, label, block)
            label = ""


def _commands(page: _Page, label: str, block: str) -> Iterator[str]:
    """Commands as they are typed, indented; what goes on in the next line stands deeper."""
    for line in block.splitlines():
        for at, piece in enumerate(wrap(visible(line), page.width - len(_INDENT) - 4)):
            yield from page.entry(label, ("    " if at else "  ") + piece)
            label = ""


def _waived(page: _Page, report: Report, seen: _Seen) -> Iterator[str]:
    for index, text in enumerate(seen.waived.shown):
        yield from page.entry("" if index else gettext("WAIVED"), text, "bold")
    more = seen.waived.count - len(seen.waived.shown)
    if more:
        yield from page.entry("", _more(more))


def _waiver(name: str, result: Result, waiver: Waiver) -> str:
    return (
        f"{name}: {visible(result.check)} ({_view.severity(result.severity)}), "
        f"{_until(waiver)}{_short(waiver.reason)}"
    )


def _until(waiver: Waiver) -> str:
    """What is in the baseline has neither an end nor somebody who answers for it."""
    if not waiver.expires:
        return ""
    text = gettext("until {day} by {owner}")
    return text.format(day=_short(waiver.expires), owner=_short(waiver.owner)) + ": "


def _more(number: int) -> str:
    return gettext("... and {n} more: -v shows all").format(n=f"{number:,}")


def _not_assessed(page: _Page, report: Report, seen: _Seen) -> Iterator[str]:
    """One line a reason, however many checks it cost, then what to do about it."""
    missed = [row for row in seen.rows if row.state == "unreachable" and not row.same]
    reasons = seen.gaps.found()
    if not missed and not reasons:
        return
    yield page.paint(gettext("NOT ASSESSED (which is not the same as clean)"), "bold")
    for row in missed:
        why = ": ".join(row.error) if row.error else "-"
        text = gettext("{host}, the whole host: {reason}").format(host=row.name, reason=why)
        yield from page.hanging("  ", text, "    ")
    for gap in reasons if page.verbose else reasons[:_GAPS]:
        yield from page.hanging("  ", _gap(page, gap, len(report.hosts)), "    ")
    if len(reasons) > _GAPS and not page.verbose:
        text = gettext("... and {n} more reasons: -v shows all")
        yield "  " + text.format(n=f"{len(reasons) - _GAPS:,}")
    for hint, hosts in seen.hints.items():
        yield from page.entry("  " + gettext("hint"), f"{_list(hosts, 4)}: {hint}")


def _gap(page: _Page, gap: Gap, total: int) -> str:
    names = [visible(check) for check in gap.checks]
    checks = _list(names, len(names) if page.verbose else 3)
    if total <= 1:
        return f"{_short(reason(gap.reason))}: {checks}"
    hosts = [_names(target, hostname) for target, hostname in gap.hosts.items()]
    return gettext("{reason} on {hosts}: {checks}").format(
        reason=_short(reason(gap.reason)),
        hosts=_list(hosts, len(hosts) if page.verbose else 4),
        checks=checks,
    )


def _rest(page: _Page, report: Report, seen: _Seen) -> Iterator[str]:
    """What needs no line of its own, as counts."""
    counts = report.summary.results
    words = {
        "pass": gettext("{n} passed"),
        "not-applicable": gettext("{n} not applicable"),
        "manual": gettext("{n} for a person to decide"),
        "unknown": gettext("{n} not assessed"),
        "waived": gettext("{n} waived"),
    }
    known = [text.format(n=f"{counts[key]:,}") for key, text in words.items() if counts.get(key)]
    failed = sum(report.summary.by_severity.values())
    text = ", ".join([counted(failed, "{n} check failed", "{n} checks failed"), *known])
    hint = "" if page.verbose or not counts.get("manual") else gettext(" (-v lists all)")
    yield from wrap(text + hint, page.width)


def _everything(page: _Page, report: Report, seen: _Seen) -> Iterator[str]:
    """Every result of every host, for `-v`."""
    if not page.verbose:
        return
    for index, host in enumerate(report.hosts):
        if index:
            yield ""
        heading = gettext("ALL RESULTS OF {host}").format(host=_names(host.target, host.hostname))
        for line in wrap(heading, page.width):
            yield page.paint(line, "bold")
        if host.groups:
            yield from page.entry(gettext("groups"), ", ".join(map(_short, host.groups)))
        if host.labels:
            labels = (_short(f"{name}={value}") for name, value in host.labels.items())
            yield from page.entry(gettext("labels"), ", ".join(labels))
        for one in _view.addresses(host.listeners):
            witnesses = ", ".join(
                f"{name} {mode or '-'}"
                for name, mode in (
                    (gettext("configured"), one.configured),
                    (gettext("running"), one.running),
                    (gettext("observed"), one.observed),
                )
            )
            address = f"{_short(one.engine)} {_short(one.address)} ({one.reach}): {witnesses}"
            yield from page.entry(gettext("listens"), address)
        for result in sorted(host.results, key=lambda result: result.check):
            label: str = "waived" if result.status == "fail" and result.waiver else result.status
            label = gettext(_LABELS.get(label, label))
            yield from page.entry(label, f"{visible(result.check)}: {_short(_view.told(result))}")
            if result.status == "manual":
                for finding in result.findings:
                    yield from page.entry("", f"- {_short(message(result.check, finding.message))}")
                    for proof in finding.evidence:
                        yield from _proof(page, proof)


_LABELS = {
    "pass": marked("pass"),
    "fail": marked("fail"),
    "unknown": marked("unknown"),
    "manual": marked("manual"),
    "waived": marked("waived"),
    "not-applicable": marked("n/a"),
}


def _waivers(page: _Page, report: Report, seen: _Seen) -> Iterator[str]:
    """The waivers that somebody has to look after: expired, about to, or good for nothing."""
    due = [each for each in _view.waivers(report) if each.state in _DUE]
    shown = due if page.verbose else due[:_GAPS]
    for index, each in enumerate(shown):
        again = ""
        if each.state == "expired" and each.findings:
            counts = counted(each.findings, "{n} finding counts again", "{n} findings count again")
            again = f"; {counts}"
        resource = f", {_short(each.resource)}" if each.resource else ""
        text = gettext("{state}: {check} for {target}").format(
            state=gettext(_DUE[each.state]).format(day=_short(each.expires)),
            check=_short(each.check),
            target=_short(each.target) + resource,
        )
        yield from page.entry(
            "" if index else gettext("WAIVERS"),
            f"{text} ({_short(each.owner)}, {_short(each.source)}){again}",
            "bold",
        )
    if len(due) > len(shown):
        yield from page.entry("", _more(len(due) - len(shown)))


_DUE = {
    "expired": marked("expired on {day}"),
    "expiring": marked("ends within 30 days, on {day}"),
    "unused": marked("unused"),
}


def _baseline(page: _Page, report: Report, seen: _Seen) -> Iterator[str]:
    known = report.baseline
    if known is None:
        return
    text = gettext("of {day}: {fixed} fixed, {still} still there, {new} new, {worse} worse").format(
        day=_short(known.recorded[:10]),
        fixed=f"{len(known.fixed):,}",
        still=f"{known.still:,}",
        new=f"{known.new:,}",
        worse=f"{known.worse:,}",
    )
    if known.untold:
        text += gettext(", {n} could not be looked at").format(n=f"{known.untold:,}")
    yield from page.entry(gettext("BASELINE"), text, "bold")


def _result(page: _Page, report: Report, seen: _Seen) -> Iterator[str]:
    code = report.summary.exit_code
    head = gettext("RESULT")
    label = page.paint(head, "good" if code == 0 else "high")
    text = gettext("exit {code}: {rule}").format(
        code=code, rule=_short(_rule.rule(report.summary.rule))
    )
    margin = cells(head) + 1
    lines = wrap(text, page.width - margin)
    yield f"{label} {lines[0]}"
    yield from (" " * margin + line for line in lines[1:])


def _list(names: list[str], most: int) -> str:
    """Names with commas; beyond `most` a count."""
    return several(names, 0) if len(names) <= most + 1 else several(names[:most], len(names) - most)


def _name(text: str) -> str:
    """A host's or an engine's name, cut where it is none any more."""
    return visible(clipped(text, 100))


def _short(text: str) -> str:
    """A sentence from a host or a check, cut where it is no sentence any more."""
    return visible(clipped(text, _DETAIL))
