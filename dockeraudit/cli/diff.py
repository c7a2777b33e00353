"""`dockeraudit diff`: what changed between two reports, or between two runs of a history."""

from collections import Counter
from collections.abc import Iterator

import click
import msgspec

from dockeraudit.cli.options import OneOf
from dockeraudit.drift import KINDS, Change, Drift, HostChange, Kind, View, compare
from dockeraudit.drift import view as view_of
from dockeraudit.exits import CLEAN, FINDINGS, INCOMPLETE
from dockeraudit.history.text import entry, hanging, safe
from dockeraudit.output import visible, write
from dockeraudit.report import SCHEMA_VERSION, Report, decode

_HEADINGS: dict[Kind, str] = {
    "new": "NEW",
    "worse": "WORSE",
    "unreachable": "UNREACHABLE: nobody can tell whether these are fixed",
    "unassessed": "NOT ASSESSED ANY MORE",
    "fixed": "FIXED",
    "better": "BETTER, and still there",
    "still": "STILL",
}
_HOSTS = {
    "added": "not scanned before",
    "removed": "not scanned this time",
    "unreachable": "unreachable",
    "partial": "seen in part",
}
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
        write("-", (f"{line}\n" for line in _lines(old, new, drift, status, rule, verbose)))
    return status


def verdict(drift: Drift) -> tuple[int, str]:
    """The exit code, and the sentence that says why."""
    counts = Counter(change.kind for change in drift.regressions)
    if counts:
        return FINDINGS, ", ".join(
            f"{counts[kind]} {kind}" for kind in ("new", "worse") if counts[kind]
        )
    if not drift.complete:
        return INCOMPLETE, "nothing new or worse was seen, but not all could be looked at again"
    return CLEAN, "nothing is new or worse"


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


def _lines(
    old: _Side, new: _Side, drift: Drift, status: int, rule: str, verbose: bool
) -> Iterator[str]:
    for side, label in ((old, "before"), (new, "after")):
        yield from entry(label, f"{safe(side.name)}, finished {visible(side.finished)}")
    for kind, heading in _HEADINGS.items():
        changes = [change for change in drift.changes if change.kind == kind]
        if not changes or (kind == "still" and not verbose):
            continue
        yield ""
        yield f"{heading} ({len(changes):,})"
        shown = changes if verbose else changes[:_MOST]
        for change in shown:
            yield from _change(change)
        if len(changes) > len(shown):
            yield f"... and {len(changes) - len(shown):,} more: -v lists all"
    if drift.hosts:
        yield ""
        yield "HOSTS"
        for host in drift.hosts:
            yield from hanging("  ", _host(host), 4)
    yield ""
    counts = [f"{drift.count(kind):,} {kind}" for kind in KINDS if drift.count(kind)]
    yield from entry("findings", ", ".join(counts) or "none")
    yield from entry("RESULT", f"exit {status}: {rule}")


def _change(change: Change) -> Iterator[str]:
    where = f"{safe(change.host)}: {safe(change.check)}"
    if change.kind in ("worse", "better"):
        where += f", was {change.before}"
    if change.waived:
        where += " (waived)"
    yield from entry(change.severity.upper(), where)
    yield from entry("", safe(change.message))
    if change.reason:
        lead = "could not be seen before" if change.kind == "new" else "can't tell"
        yield from entry("", f"{lead}: {safe(change.reason)}")


def _host(change: HostChange) -> str:
    text = f"{safe(change.host)}: {_HOSTS[change.kind]}"
    if change.kind in ("unreachable", "partial") and change.reason:
        text += f", {safe(change.reason)}"
    if change.findings:
        noun = "finding" if change.findings == 1 else "findings"
        text += f" ({change.findings:,} {noun} can't be told)"
    return text
