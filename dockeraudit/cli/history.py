"""`dockeraudit history`: what is open and since when, what was fixed, what got worse, what ends."""

from collections.abc import Callable, Iterable, Iterator
from typing import Any, TypeVar

import click
import msgspec

from dockeraudit.cli.options import OneOf
from dockeraudit.cli.spoken import lang_option, spoken
from dockeraudit.cli.streams import say
from dockeraudit.exits import CLEAN, INTERNAL
from dockeraudit.history import read
from dockeraudit.history.file import HistoryError, HistoryWriteError
from dockeraudit.history.text import cut, entry, hanging, safe, table
from dockeraudit.language import counted, gettext, speaking
from dockeraudit.lines import cells
from dockeraudit.output import write
from dockeraudit.report import SEVERITIES, SeverityName
from dockeraudit.sentences import message

F = TypeVar("F", bound=Callable[..., Any])
T = TypeVar("T")

_file = click.option("--history", metavar="FILE", help="The history that `scan --history` keeps.")
_format = click.option(
    "--format", "shown", type=OneOf(["table", "json"]), default="table", show_default=True
)
_limit = click.option(
    "--limit",
    type=click.IntRange(0),
    default=100,
    show_default=True,
    metavar="N",
    help="List so many; 0 lists all.",
)


def _days(default: int) -> Callable[[F], F]:
    return click.option(
        "--days",
        type=click.IntRange(1, 36500),
        default=default,
        show_default=True,
        help="Look back so many days.",
    )


def _chosen(function: F) -> F:
    """Which findings."""
    for option in (
        click.option(
            "--severity", type=OneOf(SEVERITIES), help="Only of this severity, and what is worse."
        ),
        click.option("--check", metavar="ID|GLOB", help="Only of these checks."),
        click.option("--host", metavar="GLOB", help="Only of these hosts."),
    ):
        function = option(function)
    return function


@click.group("history", short_help="Ask a history: what is open, fixed, worse, about to expire.")
@_file
@click.pass_context
def command(ctx: click.Context, history: str | None) -> None:
    """Ask the history FILE, in which `dockeraudit scan --history FILE` keeps its runs.

    \b
      dockeraudit history runs --history audit.db
      dockeraudit history findings --history audit.db --severity high
      dockeraudit history fixed --history audit.db --days 90 --format json

    Nothing counts as fixed because nobody looked: a host that was not reached or was seen in part,
    a check that was not selected or could not tell, leave everything as it was.
    """
    ctx.obj = history


@command.command("runs", short_help="Which runs there are.")
@_file
@_limit
@_format
@lang_option
@click.pass_context
def runs(ctx: click.Context, history: str | None, limit: int, shown: str) -> int:
    """Which runs there are, with what was open, new and fixed; newest first.

    What is open includes what the run could not see, so a host that does not answer lowers nothing.
    """
    found = _asked(lambda: read.runs(_path(ctx, history), limit or None))
    return _out(shown, found, _runs(found))


@command.command("findings", short_help="What is open, and since when.")
@_file
@_chosen
@_limit
@_format
@lang_option
@click.pass_context
def findings(
    ctx: click.Context,
    history: str | None,
    host: str | None,
    check: str | None,
    severity: SeverityName | None,
    limit: int,
    shown: str,
) -> int:
    """What is open and since when, worst first, and of those the longest open first."""
    page = _asked(
        lambda: read.findings(
            _path(ctx, history), host=host, check=check, severity=severity, limit=limit or None
        )
    )
    return _out(shown, page, _open(page))


@command.command("fixed", short_help="What was fixed, and how long it took.")
@_file
@_days(30)
@_chosen
@_limit
@_format
@lang_option
@click.pass_context
def fixed(
    ctx: click.Context,
    history: str | None,
    days: int,
    host: str | None,
    check: str | None,
    severity: SeverityName | None,
    limit: int,
    shown: str,
) -> int:
    """What was fixed, and the mean time to fix by severity.

    The time runs from the run that saw a finding first to the run that saw it gone.
    """
    answer = _asked(
        lambda: read.fixed(
            _path(ctx, history),
            days,
            host=host,
            check=check,
            severity=severity,
            limit=limit or None,
        )
    )
    return _out(shown, answer, _fixed(answer))


@command.command("worse", short_help="What gets worse.")
@_file
@_days(30)
@_limit
@_format
@lang_option
@click.pass_context
def worse(ctx: click.Context, history: str | None, days: int, limit: int, shown: str) -> int:
    """What gets worse: severities that rose, checks and hosts of which more came than went."""
    answer = _asked(lambda: read.worse(_path(ctx, history), days, limit=limit or None))
    return _out(shown, answer, _worse(answer))


@command.command("calendar", short_help="Which certificates end when.")
@_file
@click.option(
    "--days", type=click.IntRange(0, 36500), metavar="N", help="Only what ends within N days."
)
@click.option("--host", metavar="GLOB", help="Only of these hosts.")
@_format
@lang_option
@click.pass_context
def calendar(
    ctx: click.Context, history: str | None, days: int | None, host: str | None, shown: str
) -> int:
    """Which certificates end when, the nearest first, expired ones before them."""
    ends = _asked(lambda: read.calendar(_path(ctx, history), days, host=host))
    return _out(shown, ends, _calendar(ends))


@command.command("add", short_help="Add JSON reports.")
@_file
@click.argument("reports", nargs=-1, required=True, metavar="REPORT...")
@click.pass_context
def add(ctx: click.Context, history: str | None, reports: tuple[str, ...]) -> int:
    """Add JSON reports that scans wrote, the oldest first.

    Of a host of which later evidence is known already, an older report says nothing.
    """
    from dockeraudit.cli.diff import read_report
    from dockeraudit.history.record import record

    path = _path(ctx, history)
    read_in = [(name, read_report(name)) for name in reports]
    try:
        for name, report in read_in:
            done = record(path, report)
            stale = f", {len(done.stale)} hosts are known better already" if done.stale else ""
            say(
                f"run {done.run_id} from {name}: {done.new} new, {done.worse} worse,"
                f" {done.fixed} fixed, {done.still} still{stale}"
            )
    except HistoryError as error:
        return _failed(error)
    return CLEAN


@command.command("prune", short_help="Forget old runs, or a host.")
@_file
@click.option("--keep", type=click.IntRange(1, 36500), metavar="DAYS", help="Forget older runs.")
@click.option("--host", metavar="NAME", help="Forget a host that is no more.")
@click.pass_context
def prune(ctx: click.Context, history: str | None, keep: int | None, host: str | None) -> int:
    """Forget what is older than --keep DAYS, or a host.

    What is still open stays with the day it was first seen, and so do the counts of each run.
    """
    from dockeraudit.history.prune import forget_host
    from dockeraudit.history.prune import prune as forget

    path = _path(ctx, history)
    if (keep is None) == (host is None):
        raise click.UsageError("name one of --keep DAYS and --host NAME")
    _asked(lambda: read.runs(path, 1))  # a name that was mistyped makes no file
    try:
        if keep is not None:
            gone = forget(path, keep)
            say(f"{gone} runs forgotten")
        elif host is not None and not forget_host(path, host):
            raise click.UsageError(f"no host {host!r} in this history")
    except HistoryError as error:
        return _failed(error)
    return CLEAN


def _path(ctx: click.Context, history: str | None) -> str:
    path = history if history is not None else ctx.obj
    if not path:
        raise click.UsageError("which history? name it with --history FILE")
    return str(path)


def _asked(question: Callable[[], T]) -> T:
    try:
        return question()
    except HistoryError as error:
        raise click.UsageError(str(error)) from error


def _failed(error: HistoryError) -> int:
    """A file that can't be used is wrong use; one that could not be written is a failure."""
    if isinstance(error, HistoryWriteError):
        say(f"dockeraudit: {error}")
        return INTERNAL
    raise click.UsageError(str(error)) from error


def _out(shown: str, answer: Any, lines: Iterable[str]) -> int:
    if shown == "json":
        write("-", [msgspec.json.format(msgspec.json.encode(answer), indent=2).decode(), "\n"])
    else:
        with speaking(spoken()):
            write("-", (f"{line}\n" for line in lines))
    return CLEAN


def _runs(found: tuple[read.Run, ...]) -> Iterator[str]:
    if not found:
        yield gettext("No run yet.")
        return
    head = (
        *(gettext("RUN"), gettext("FINISHED (UTC)"), gettext("EXIT")),
        *(gettext("HOSTS"), gettext("MISS")),
        *(gettext("CRIT"), gettext("HIGH"), gettext("MED"), gettext("LOW"), gettext("INFO")),
        *(gettext("NEW"), gettext("WORSE"), gettext("FIXED")),
    )
    yield from table(head, (_run(run) for run in found))
    if not all(run.whole for run in found):
        yield ""
        text = gettext("(* pruned: its counts are left, it can't be compared any more)")
        yield from hanging("", text)


def _run(run: read.Run) -> list[str]:
    numbers = (
        run.exit_code,
        run.scanned + run.partial + run.unreachable,
        run.unreachable,
        *(run.open[severity] for severity in SEVERITIES),
        run.new,
        run.worse,
        run.fixed,
    )
    mark = "" if run.whole else "*"
    return [f"{run.id}{mark}", _moment(run.finished), *map(str, numbers)]


def _open(page: read.Page) -> Iterator[str]:
    for each in page.findings:
        text = gettext("open {age}, since {day}").format(
            age=_age(each.open_days), day=_day(each.first_seen)
        )
        if not each.seen_now:
            text += gettext(", last seen {day}").format(day=_day(each.last_seen))
        if each.waived:
            text += ", " + gettext("waived")
        yield from _finding(each, text)
    text = counted(page.total, "{n} finding open", "{n} findings open")
    yield from _rest(text, page.total, len(page.findings))


def _fixed(answer: read.Fixed) -> Iterator[str]:
    if answer.repairs:
        yield counted(
            answer.days,
            "MEAN TIME TO FIX, of the last {n} day",
            "MEAN TIME TO FIX, of the last {n} days",
        )
        rows = [
            (
                gettext(each.severity),
                str(each.fixed),
                f"{each.mean_days:.1f}",
                f"{each.median_days:.1f}",
            )
            for each in answer.repairs
        ]
        head = (
            *(gettext("SEVERITY"), gettext("FIXED")),
            *(gettext("MEAN DAYS"), gettext("MEDIAN DAYS")),
        )
        yield from table(head, rows)
        yield ""
    for each in answer.findings:
        when = _day(each.fixed_at or "")
        text = gettext("fixed {day}, after {age}").format(day=when, age=_age(each.open_days))
        yield from _finding(each, text)
    text = counted(
        answer.total,
        "{n} finding fixed {past}",
        "{n} findings fixed {past}",
        past=_past(answer.days),
    )
    yield from _rest(text, answer.total, len(answer.findings))


def _worse(answer: read.Worse) -> Iterator[str]:
    past = _past(answer.days)
    if not (answer.rises or answer.checks or answer.hosts):
        yield gettext("Nothing got worse {past}.").format(past=past)
        return
    if answer.rises:
        yield gettext("SEVERITY ROSE {past}").format(past=past)
        for rise in answer.rises:
            text = gettext("was {severity} until {day}")
            text = text.format(severity=gettext(rise.before), day=_day(rise.at))
            yield from _finding(rise.finding, text)
    for name, grown in ((gettext("CHECK"), answer.checks), (gettext("HOST"), answer.hosts)):
        if grown:
            yield ""
            yield gettext("MORE CAME THAN WENT {past}").format(past=past)
            rows = [
                (
                    cut(safe(each.name), 60),
                    str(each.new),
                    str(each.fixed),
                    f"+{each.new - each.fixed}",
                )
                for each in grown
            ]
            yield from table((name, gettext("NEW"), gettext("FIXED"), gettext("MORE")), rows)


def _calendar(ends: tuple[read.Ending, ...]) -> Iterator[str]:
    if not ends:
        yield gettext("No certificate is known that ends by then.")
    for each in ends:
        left = counted(each.days_left, "in {n} day", "in {n} days")
        if each.days_left < 0:
            left = counted(-each.days_left, "{n} day ago", "{n} days ago")
        left = " " * (13 - cells(left)) + left
        engine = f", {safe(each.engine)}" if each.engine else ""
        role = f" ({safe(each.role)}{engine})" if each.role else ""
        subject = f", {safe(each.subject)}" if each.subject else ""
        text = f"{safe(each.host)}: {safe(each.place)}{role}{subject}"
        yield from hanging(f"{_day(each.ends)}  {left}  ", text)


def _finding(each: read.Known, what: str) -> Iterator[str]:
    yield from entry(
        gettext(each.severity).upper(), f"{safe(each.host)}: {safe(each.check)}, {what}"
    )
    yield from entry("", safe(message(each.check, each.message)))


def _rest(text: str, total: int, shown: int) -> Iterator[str]:
    if shown:
        yield ""
    if total > shown:
        text += gettext("; {n} are shown, --limit 0 shows all").format(n=f"{shown:,}")
    yield from hanging("", text)


def _past(days: int) -> str:
    return counted(days, "in the last {n} day", "in the last {n} days")


def _age(days: float) -> str:
    if days < 1:
        return gettext("less than a day")
    return counted(round(days), "{n} day", "{n} days")


def _day(time: str) -> str:
    return time[:10]


def _moment(time: str) -> str:
    return time[:16].replace("T", " ")
