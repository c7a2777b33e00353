"""Where reports go: stdout and files, checked before any work is done and written after it."""

import os
import sys
from collections.abc import Callable, Iterator
from functools import partial
from typing import Any, TypeVar, cast

import click
from msgspec import Struct

from dockeraudit.cli import configured
from dockeraudit.cli.loaded import known_formats, known_recognised, known_writer
from dockeraudit.cli.pairs import parted
from dockeraudit.cli.spoken import lang_option, spoken
from dockeraudit.cli.streams import say
from dockeraudit.exits import CLEAN, INTERNAL
from dockeraudit.language import SOURCE, speaking
from dockeraudit.output import PRIVATE, OutputError, foreign, write
from dockeraudit.plugins import Writer, WriterError, is_template
from dockeraudit.report import Report
from dockeraudit.words import nearest

F = TypeVar("F", bound=Callable[..., Any])


class Sink(Struct, frozen=True):
    """A report to write, and where."""

    format: str
    path: str
    writer: Writer


_OPTIONS = (
    click.option(
        "--format",
        "shown",
        metavar="NAME",
        help="What stdout shows: table, json, junit, html …, or a template's path, NAME.EXT.j2."
        "  [default: table]",
    ),
    click.option(
        "--report",
        "reports",
        multiple=True,
        metavar="FORMAT=PATH",
        help="Write a report too; may be repeated, `-` is stdout.",
    ),
    click.option("--force", is_flag=True, help="Replace files that are no reports of dockeraudit."),
)


def sink_options(function: F) -> F:
    """Add `--format`, `--report`, `--force` and `--lang` to a command."""
    function = lang_option(function)
    for option in reversed(_OPTIONS):
        function = option(function)
    return function


def sinks(reports: tuple[str, ...], shown: str | None, *, force: bool) -> list[Sink]:
    """Everything to write, stdout last.

    Raises:
        click.UsageError: a format is not known, or a path can't be written to.
    """
    known = known_formats()
    found: dict[str, Sink] = {}
    for given in reports:
        format, path = parted(given)
        if not path:
            raise click.UsageError(f"--report {given}: write it as FORMAT=PATH")
        place = path if path == "-" else os.path.realpath(path)
        if place in found:
            raise click.UsageError(f"--report {given}: there is another report for {path}")
        found[place] = _sink(format, path, known)
        problem = "" if force else foreign(path, partial(known_recognised, format))
        if problem:
            raise click.UsageError(f"--report {given}: {problem}; --force replaces it")
    if "-" in found and shown and configured.said("shown"):
        raise click.UsageError("--format and a --report to `-` both want stdout")
    last = found.pop("-", None) or _sink(shown or "table", "-", known)
    return [*found.values(), last]


def _sink(format: str, path: str, known: list[str]) -> Sink:
    if format not in known and not is_template(format):
        hint = nearest(format, known)
        raise click.UsageError(f"no report format {format!r}.{hint} There are: {', '.join(known)}.")
    return Sink(format, path, known_writer(format))


def write_all(report: Report, sinks: list[Sink], verbose: bool) -> int:
    """Write each report; one that fails is named, and the others are written all the same."""
    status = CLEAN
    for sink in sinks:
        try:
            mode = getattr(sink.writer, "MODE", PRIVATE)
            with speaking(_language(sink)):
                write(sink.path, _rendered(report, sink, verbose), mode)
        except (OutputError, WriterError) as error:
            say(f"dockeraudit: {error}")
            status = INTERNAL
        except Exception as error:  # a writer's own mistake costs its report and nothing else
            if os.environ.get("DOCKERAUDIT_DEBUG"):
                raise
            say(f"dockeraudit: the format {sink.format} failed: {type(error).__name__}: {error}")
            status = INTERNAL
        else:
            if sink.path != "-":
                say(f"wrote {sink.path}")
    return status


def _language(sink: Sink) -> str:
    """The asked one for reports that people read; what machines read is English."""
    return spoken() if getattr(sink.writer, "FOR_PEOPLE", False) else SOURCE


def _rendered(report: Report, sink: Sink, verbose: bool) -> Iterator[str]:
    """The report's text; on stdout the table is as wide as the terminal, and in colour there."""
    if sink.format != "table" or sink.path != "-":
        return sink.writer.render(report)
    terminal = sys.stdout.isatty()
    color = terminal and not os.environ.get("NO_COLOR") and os.environ.get("TERM") != "dumb"
    table = sink.writer.render_table(  # type: ignore[attr-defined]
        report, width=min(_columns(), 120) if terminal else 80, color=color, verbose=verbose
    )
    return cast(Iterator[str], table)


def _columns() -> int:
    """As shutil.get_terminal_size, which imports compressors for its own reasons (5 ms)."""
    given = os.environ.get("COLUMNS", "")
    if given.isdecimal() and int(given):
        return int(given)
    try:
        return os.get_terminal_size(sys.stdout.fileno()).columns or 80
    except (OSError, ValueError):
        return 80
