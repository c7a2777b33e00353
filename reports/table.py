"""The terminal report: the matrix first, then what is wrong, worst first, then what is not known.

Read by a person at 80 columns; colour only repeats what words say. Every text that came from a host
goes through `visible`, so it can neither end a line nor steer the terminal.
Plain formatting, not rich: importing `rich.table` costs 60 to 90 ms of a 200 ms scan, and it reads
`[…]` in host text as markup.
"""

from collections.abc import Iterator
from itertools import islice

from dockeraudit.lines import cells, inert, pad, wrap
from dockeraudit.output import clipped, visible
from dockeraudit.report import SEVERITIES, HostReport, Proof, Report, Result, Waiver

from . import _view

EXTENSION = "txt"

_TITLES = ("CRIT", "HIGH", "MED", "LOW", "INFO", "UNKN", "MAN", "WAIV", "TIME")
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
    for part in (
        *(_title, _matrix, _failures, _waived, _not_assessed, _rest, _everything),
        *(_waivers, _baseline, _result),
    ):
        lines = list(part(page, report))
        if lines:
            yield "".join(f"{inert(line)}\n" for line in lines)
            if part is not _result:
                yield "\n"


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


def _title(page: _Page, report: Report) -> Iterator[str]:
    hosts = _view.plural(len(report.hosts), "host", "hosts")
    tool = f"{visible(report.tool.name)} {visible(report.tool.version)}"
    text = f"profile {visible(report.profile)}, fail on {report.fail_on}, {hosts}"
    yield from page.hanging("", f"{tool}: {text}", "")


def _matrix(page: _Page, report: Report) -> Iterator[str]:
    """A row a host; its engines stand beside its name, or below where there is no room."""
    if not report.hosts:
        return
    rows = [_numbers(host) for host in report.hosts]
    wide = [max(len(title), *(len(row[at]) for row in rows)) for at, title in enumerate(_TITLES)]
    room = page.width - sum(wide) - len(wide) - len(" scanned")
    longest = max(4, *(cells(_names(host)) for host in report.hosts))
    engine = max(6, *(cells(text) for host in report.hosts for text in _engines(host)))
    beside = longest + 1 + engine <= room
    name = longest if beside else max(min(room, max(longest, engine + 2, 13)), 14)
    lead = pad("HOST", name) + " " + pad("ENGINE", engine) if beside else pad("HOST, ENGINE", name)
    titles = "".join(f" {title:>{size}}" for title, size in zip(_TITLES, wide, strict=True))
    yield page.paint(f"{lead} {'STATE':7}{titles}", "bold")
    for host, row in zip(report.hosts, rows, strict=True):
        first, *below = _lead(host, name, engine if beside else 0)
        if host.state == "unreachable":
            yield from _unreachable(page, host, first, below)
            continue
        figures = "".join(
            " " + _figure(page, at, text.rjust(size))
            for at, (text, size) in enumerate(zip(row, wide, strict=True))
        )
        yield f"{first} {host.state:7}{figures}"
        yield from below
    yield from _legend(page, rows)


def _lead(host: HostReport, name: int, engine: int) -> Iterator[str]:
    """The row's left end, and what stands below it; `engine` 0: engines go below the name."""
    names = wrap(_names(host), name)
    engines = _engines(host)
    if not engine:
        yield pad(names[0], name)
        yield from names[1:]
        if host.state != "unreachable":
            yield from (f"  {line}" for text in engines for line in wrap(text, name - 2))
        return
    for at in range(max(len(names), len(engines))):
        left = pad(names[at] if at < len(names) else "", name)
        line = left + " " + pad(engines[at] if at < len(engines) else "", engine)
        yield line.rstrip() if at else line


def _unreachable(page: _Page, host: HostReport, first: str, below: list[str]) -> Iterator[str]:
    """The row of a host that gave no evidence: why, where the figures would be."""
    why = "unreachable"
    if host.error:
        why += f" - {visible(host.error.kind)}: {_short(host.error.message)}"
    lines = wrap(why, page.width - cells(first) - 1)
    for at in range(max(len(lines), len(below) + 1)):
        left = first if not at else below[at - 1] if at <= len(below) else ""
        right = " " + page.paint(lines[at], "unknown") if at < len(lines) else ""
        yield pad(left, cells(first)) + right if right else left


def _names(host: HostReport) -> str:
    if host.hostname and host.hostname != host.target and host.target == "local":
        return f"local ({_name(host.hostname)})"
    return _name(host.target) or "(no name)"


def _engines(host: HostReport) -> list[str]:
    if host.engines:
        return [_name(_view.engine_name(engine)) for engine in host.engines]
    return ["-" if host.state == "unreachable" else "none found"]


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


def _legend(page: _Page, numbers: list[list[str]]) -> Iterator[str]:
    shown = {mark for row in numbers for text in row[:-1] for mark in "-?" if mark in text}
    words = {
        "-": "- not assessed",
        "?": "? not all checks of that severity could be assessed",
    }
    if shown:
        text = ", ".join(words[mark] for mark in "-?" if mark in shown)
        yield from (page.paint(line, "dim") for line in wrap(f"({text})", page.width))


def _failures(page: _Page, report: Report) -> Iterator[str]:
    groups = _view.failing(report)
    several = len(report.hosts) > 1
    left = _WORST
    hidden = 0
    for group in groups:
        total = sum(max(len(result.findings), 1) for _, result in group.cases)
        if left <= 0 and not page.verbose:
            hidden += total
            continue
        if group is not groups[0]:
            yield ""
        _, first = group.cases[0]
        yield from _heading(page, first)
        most = total if page.verbose else min(left, _ALIKE)
        entries = (
            entry
            for host, result in group.cases
            for entry in _found(page, _names(host) if several else "", result)
        )
        for entry in islice(entries, most):
            yield from entry
        left -= min(total, most)
        if total > most:
            yield from page.entry("", _more_alike(total - most, group))
        yield from _advice(page, first)
    if hidden:
        yield ""
        more = _view.plural(hidden, "more finding", "more findings")
        yield from page.hanging("", f"... and {more}, none worse: -v shows all", "")
    if groups:
        yield ""
        example = visible(groups[0].check)
        text = f"More about a check: dockeraudit explain {example}"
        yield from (page.paint(line, "dim") for line in wrap(text, page.width))


def _more_alike(number: int, group: _view.Group) -> str:
    hosts = _view.plural(len(group.cases), "host", "hosts")
    return f"... {number:,} more like this ({hosts} in all): -v shows all"


def _heading(page: _Page, result: Result) -> Iterator[str]:
    """The severity in the margin, then the check and the defect."""
    yield from page.entry(result.severity.upper(), visible(result.check), result.severity)
    for line in wrap(_short(result.title), page.width - len(_INDENT)):
        yield _INDENT + page.paint(line, "bold")


def _found(page: _Page, host: str, result: Result) -> Iterator[list[str]]:
    """Each finding of a result as lines: what, then the evidence under it."""
    lead = f"{host}: " if host else ""
    for finding in _view.worst_findings(result):
        text = lead + _short(finding.message) + _view.excuse(result, finding)
        yield [
            *page.entry("  found", text),
            *(line for proof in finding.evidence for line in _proof(page, proof)),
        ]
    if not result.findings:
        yield list(page.entry("  found", lead + _short(result.message)))


def _proof(page: _Page, proof: Proof) -> Iterator[str]:
    limit = _VERBOSE_DETAIL if page.verbose else _DETAIL
    source = visible(clipped(proof.source, _DETAIL))
    detail = visible(clipped(proof.detail, limit))
    lead = _INDENT + "| "
    for line in page.hanging(lead, f"{source}: {detail}", lead + "  "):
        yield page.paint(line, "dim")


def _advice(page: _Page, result: Result) -> Iterator[str]:
    for name, text in (("why", result.rationale), ("fix", result.remediation)):
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


def _waived(page: _Page, report: Report) -> Iterator[str]:
    waived = [
        (host, result)
        for host in report.hosts
        for result in host.results
        if result.status == "fail" and result.waiver
    ]
    shown = waived if page.verbose else waived[:_GAPS]
    for index, (host, result) in enumerate(shown):
        assert result.waiver
        yield from page.entry(
            "" if index else "WAIVED",
            f"{_names(host)}: {visible(result.check)} ({result.severity}), {_until(result.waiver)}"
            f"{_short(result.waiver.reason)}",
            "bold",
        )
    if len(waived) > len(shown):
        yield from page.entry("", f"... and {len(waived) - len(shown):,} more: -v shows all")


def _until(waiver: Waiver) -> str:
    """What is in the baseline has neither an end nor somebody who answers for it."""
    if not waiver.expires:
        return ""
    return f"until {_short(waiver.expires)} by {_short(waiver.owner)}: "


def _not_assessed(page: _Page, report: Report) -> Iterator[str]:
    """One line a reason, however many checks it cost, then what to do about it."""
    missed = [host for host in report.hosts if host.state == "unreachable"]
    reasons = _view.gaps(report.hosts)
    if not missed and not reasons:
        return
    yield page.paint("NOT ASSESSED (which is not the same as clean)", "bold")
    for host in missed:
        why = f"{visible(host.error.kind)}: {_short(host.error.message)}" if host.error else "-"
        yield from page.hanging("  ", f"{_names(host)}, the whole host: {why}", "    ")
    for gap in reasons if page.verbose else reasons[:_GAPS]:
        yield from page.hanging("  ", _gap(page, gap, len(report.hosts)), "    ")
    if len(reasons) > _GAPS and not page.verbose:
        yield f"  ... and {len(reasons) - _GAPS:,} more reasons: -v shows all"
    hints: dict[str, list[str]] = {}
    for host in report.hosts:
        if host.error and host.error.hint:
            hints.setdefault(_short(host.error.hint), []).append(_names(host))
    for hint, hosts in hints.items():
        yield from page.entry("  hint", f"{_list(hosts, 4)}: {hint}")


def _gap(page: _Page, gap: _view.Gap, total: int) -> str:
    where = ""
    if total > 1:
        hosts = [_names(host) for host in gap.hosts]
        where = f" on {_list(hosts, len(hosts) if page.verbose else 4)}"
    names = [visible(check) for check in gap.checks]
    checks = _list(names, len(names) if page.verbose else 3)
    return f"{_short(gap.reason)}{where}: {checks}"


def _rest(page: _Page, report: Report) -> Iterator[str]:
    """What needs no line of its own, as counts."""
    counts = report.summary.results
    words = {
        "pass": "passed",
        "not-applicable": "not applicable",
        "manual": "for a person to decide",
        "unknown": "not assessed",
        "waived": "waived",
    }
    known = [f"{counts[key]:,} {word}" for key, word in words.items() if counts.get(key)]
    failed = sum(report.summary.by_severity.values())
    text = ", ".join([_view.plural(failed, "check failed", "checks failed"), *known])
    hint = "" if page.verbose or not counts.get("manual") else " (-v lists all)"
    yield from wrap(text + hint, page.width)


def _everything(page: _Page, report: Report) -> Iterator[str]:
    """Every result of every host, for `-v`."""
    if not page.verbose:
        return
    for index, host in enumerate(report.hosts):
        if index:
            yield ""
        for line in wrap(f"ALL RESULTS OF {_names(host)}", page.width):
            yield page.paint(line, "bold")
        for one in _view.addresses(host.listeners):
            witnesses = ", ".join(
                f"{witness} {getattr(one, witness) or '-'}"
                for witness in ("configured", "running", "observed")
            )
            address = f"{_short(one.engine)} {_short(one.address)} ({one.reach}): {witnesses}"
            yield from page.entry("listens", address)
        for result in sorted(host.results, key=lambda result: result.check):
            label: str = "waived" if result.status == "fail" and result.waiver else result.status
            label = "n/a" if label == "not-applicable" else label
            yield from page.entry(label, f"{visible(result.check)}: {_short(result.message)}")
            if result.status == "manual":
                for finding in result.findings:
                    yield from page.entry("", f"- {_short(finding.message)}")
                    for proof in finding.evidence:
                        yield from _proof(page, proof)


def _waivers(page: _Page, report: Report) -> Iterator[str]:
    """The waivers that somebody has to look after: expired, about to, or good for nothing."""
    due = [each for each in _view.waivers(report) if each.state in _DUE]
    shown = due if page.verbose else due[:_GAPS]
    for index, each in enumerate(shown):
        end = f" on {_short(each.expires)}" if each.state != "unused" else ""
        again = ""
        if each.state == "expired" and each.findings:
            again = f"; {_view.plural(each.findings, 'finding counts', 'findings count')} again"
        resource = f", {_short(each.resource)}" if each.resource else ""
        yield from page.entry(
            "" if index else "WAIVERS",
            f"{_DUE[each.state]}{end}: {_short(each.check)} for {_short(each.target)}"
            f"{resource} ({_short(each.owner)}, {_short(each.source)}){again}",
            "bold",
        )
    if len(due) > len(shown):
        yield from page.entry("", f"... and {len(due) - len(shown):,} more: -v shows all")


_DUE = {"expired": "expired", "expiring": "ends within 30 days,", "unused": "unused"}


def _baseline(page: _Page, report: Report) -> Iterator[str]:
    seen = report.baseline
    if seen is None:
        return
    untold = f", {seen.untold:,} could not be looked at" if seen.untold else ""
    yield from page.entry(
        "BASELINE",
        f"of {_short(seen.recorded[:10])}: {len(seen.fixed):,} fixed, {seen.still:,} still there, "
        f"{seen.new:,} new, {seen.worse:,} worse{untold}",
        "bold",
    )


def _result(page: _Page, report: Report) -> Iterator[str]:
    code = report.summary.exit_code
    label = page.paint("RESULT", "good" if code == 0 else "high")
    lines = wrap(f"exit {code}: {_short(report.summary.rule)}", page.width - 7)
    yield f"{label} {lines[0]}"
    yield from (" " * 7 + line for line in lines[1:])


def _list(names: list[str], most: int) -> str:
    """Names with commas; beyond `most` a count."""
    if len(names) <= most + 1:
        return ", ".join(names)
    return ", ".join(names[:most]) + f" and {len(names) - most:,} more"


def _name(text: str) -> str:
    """A host's or an engine's name, cut where it is none any more."""
    return visible(clipped(text, 100))


def _short(text: str) -> str:
    """A sentence from a host or a check, cut where it is no sentence any more."""
    return visible(clipped(text, _DETAIL))
