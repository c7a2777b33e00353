"""`dockeraudit diff`: what changed between two reports, or between two runs of a history."""

from collections import Counter
from collections.abc import Iterator

import click
import msgspec

from dockeraudit.cli.options import OneOf
from dockeraudit.cli.spoken import lang_option, spoken
from dockeraudit.drift import KINDS, Change, Drift, HostChange, Kind, View, compare
from dockeraudit.drift import view as view_of
from dockeraudit.exits import CLEAN, FINDINGS, INCOMPLETE
from dockeraudit.history.text import entry, hanging, safe
from dockeraudit.language import counted, gettext, marked, speaking
from dockeraudit.output import visible, write
from dockeraudit.report import SCHEMA_VERSION, Report, decode
from dockeraudit.sentences import failure, message, reason

_HEADINGS: dict[Kind, str] = {
    "new": marked("NEW"),
    "worse": marked("WORSE"),
    "unreachable": marked("UNREACHABLE: nobody can tell whether these are fixed"),
    "unassessed": marked("NOT ASSESSED ANY MORE"),
    "fixed": marked("FIXED"),
    "better": marked("BETTER, and still there"),
    "still": marked("STILL"),
}
_COUNTS: dict[Kind, str] = {
    "new": marked("{n} new"),
    "worse": marked("{n} worse"),
    "unreachable": marked("{n} unreachable"),
    "unassessed": marked("{n} unassessed"),
    "fixed": marked("{n} fixed"),
    "better": marked("{n} better"),
    "still": marked("{n} still"),
}
_HOSTS = {
    "added": marked("not scanned before"),
    "removed": marked("not scanned this time"),
    "unreachable": marked("unreachable"),
    "partial": marked("seen in part"),
}
_REASONS = (
    marked("the host was not scanned"),
    marked("the host was not reached"),
    marked("the check was not selected"),
    marked("not reached: {reason}"),
    marked("the host was seen only in part: {reason}"),
    marked("a person has to decide: {reason}"),
    marked("not all could be read: {reason}"),
    marked("it failed without a finding: {reason}"),
)
"""What `drift` says of a change; the reason is a host's or a check's."""
_MOST = 50


class _Side(msgspec.Struct, frozen=True):
    """One of the two things that are compared."""

    name: str
    finished: str
    view: View


@click.command("diff", short_help="Compare two reports, or two runs of a history.")
@click.argument("before", required=False, metavar="[RUN|FILE]")
@click.argument("after", required=False, metavar="[RUN|FILE]")
@click.option("--history", metavar="FILE", help="Compare runs of this history.")
@click.option(
    "--format",
    "shown",
    type=OneOf(["table", "json"]),
    default="table",
    show_default=True,
    help="`json` lists everything.",
)
@lang_option
@click.option("-v", "--verbose", is_flag=True, help="List all, and what has not changed.")
def command(
    before: str | None, after: str | None, history: str | None, shown: str, verbose: bool
) -> int:
    """Say what is new, worse, fixed, better or still there, and what nobody can tell.

    \b
      dockeraudit diff monday.json tuesday.json
      dockeraudit diff --history audit.db            the last two runs
      dockeraudit diff --history audit.db 12 last

    \b
    Two JSON reports, or with --history two runs: numbers, `last`, `previous`.
    Exit codes: 1 something is new or worse and not waived; 3 nothing is, but a
    host or a check could not be looked at again; 0 otherwise; 2 wrong use.
    """
    if history is not None:
        old, new = _runs(history, before or "previous", after or "last")
    elif before is None or after is None:
        raise click.UsageError("name two JSON reports, or a history with --history FILE")
    else:
        old, new = _file(before), _file(after)
    drift = compare(old.view, new.view)
    status, rule = verdict(drift)
    if shown == "json":
        write("-", [_json(old, new, drift, status, rule)])
    else:
        with speaking(spoken()):
            write("-", (f"{line}\n" for line in _lines(old, new, drift, verbose)))
    return status


def verdict(drift: Drift) -> tuple[int, str]:
    """The exit code, and the sentence that says why."""
    counts = Counter(change.kind for change in drift.regressions)
    if counts:
        kinds: tuple[Kind, ...] = ("new", "worse")
        return FINDINGS, ", ".join(_count(kind, counts[kind]) for kind in kinds if counts[kind])
    if not drift.complete:
        text = gettext("nothing new or worse was seen, but not all could be looked at again")
        return INCOMPLETE, text
    return CLEAN, gettext("nothing is new or worse")


def _count(kind: Kind, number: int) -> str:
    return gettext(_COUNTS[kind]).format(n=f"{number:,}")


def _runs(history: str, before: str, after: str) -> tuple[_Side, _Side]:
    from dockeraudit.history.file import HistoryError
    from dockeraudit.history.read import run_number, runs, view

    try:
        old, new = run_number(history, before), run_number(history, after)
        times = {run.id: run.finished for run in runs(history)}
        return (
            _Side(f"run {old}", times[old], view(history, old, carried=True)),
            _Side(f"run {new}", times[new], view(history, new)),
        )
    except HistoryError as error:
        raise click.UsageError(str(error)) from error


def _file(path: str) -> _Side:
    report = read_report(path)
    return _Side(path, report.finished, view_of(report))


def read_report(path: str) -> Report:
    """A JSON report from a file.

    Raises:
        click.UsageError: it can't be read, is none, or is of another schema version.
    """
    try:
        with open(path, "rb") as file:
            report = decode(file.read())
    except OSError as error:
        hint = " Runs of a history need --history FILE." if path.isdigit() else ""
        raise click.UsageError(f"{path}: {error.strerror or error}.{hint}") from error
    except ValueError as error:
        raise click.UsageError(f"{path} is no JSON report of dockeraudit: {error}") from error
    if report.schema_version != SCHEMA_VERSION:
        raise click.UsageError(
            f"{path}: schema version {report.schema_version!r}, this program reads {SCHEMA_VERSION}"
        )
    return report


def _json(old: _Side, new: _Side, drift: Drift, status: int, rule: str) -> str:
    document = {
        "before": {"name": old.name, "finished": old.finished},
        "after": {"name": new.name, "finished": new.finished},
        "exit_code": status,
        "rule": rule,
        "counts": {kind: drift.count(kind) for kind in KINDS},
        "changes": drift.changes,
        "hosts": drift.hosts,
    }
    return msgspec.json.format(msgspec.json.encode(document), indent=2).decode() + "\n"


def _lines(old: _Side, new: _Side, drift: Drift, verbose: bool) -> Iterator[str]:
    for side, label in ((old, gettext("before")), (new, gettext("after"))):
        text = gettext("{name}, finished {time}")
        yield from entry(label, text.format(name=safe(side.name), time=visible(side.finished)))
    for kind, heading in _HEADINGS.items():
        changes = [change for change in drift.changes if change.kind == kind]
        if not changes or (kind == "still" and not verbose):
            continue
        yield ""
        yield f"{gettext(heading)} ({len(changes):,})"
        shown = changes if verbose else changes[:_MOST]
        for change in shown:
            yield from _change(change)
        if len(changes) > len(shown):
            more = f"{len(changes) - len(shown):,}"
            yield gettext("... and {n} more: -v lists all").format(n=more)
    if drift.hosts:
        yield ""
        yield gettext("HOSTS")
        for host in drift.hosts:
            yield from hanging("  ", _host(host), 4)
    yield ""
    counts = [_count(kind, drift.count(kind)) for kind in KINDS if drift.count(kind)]
    yield from entry(gettext("findings"), ", ".join(counts) or gettext("none"))
    status, rule = verdict(drift)
    text = gettext("exit {code}: {rule}").format(code=status, rule=rule)
    yield from entry(gettext("RESULT"), text)


def _change(change: Change) -> Iterator[str]:
    where = f"{safe(change.host)}: {safe(change.check)}"
    if change.kind in ("worse", "better"):
        where += gettext(", was {severity}").format(severity=gettext(change.before or ""))
    if change.waived:
        where += gettext(" (waived)")
    yield from entry(gettext(change.severity).upper(), where)
    yield from entry("", safe(message(change.check, change.message)))
    if change.reason:
        text = gettext("can't tell: {reason}")
        if change.kind == "new":
            text = gettext("could not be seen before: {reason}")
        yield from entry("", text.format(reason=_reason(change.reason)))


def _reason(text: str) -> str:
    """Why nobody can tell."""
    for form in _REASONS:
        lead, gap, _ = form.partition("{reason}")
        if text == form or (gap and text.startswith(lead)):
            return gettext(form).format(reason=safe(_given(text[len(lead) :])))
    return safe(reason(text))


def _given(text: str) -> str:
    """What a host or a check gave as the reason; of a host, after the kind of failure."""
    said = reason(text)
    kind, colon, rest = text.partition(": ")
    return said if said != text else f"{kind}{colon}{failure(rest)}"


def _host(change: HostChange) -> str:
    text = f"{safe(change.host)}: {gettext(_HOSTS[change.kind])}"
    if change.kind in ("unreachable", "partial") and change.reason:
        text += f", {safe(_given(change.reason))}"
    if change.findings:
        lost = counted(change.findings, "{n} finding can't be told", "{n} findings can't be told")
        text += f" ({lost})"
    return text
