"""`dockeraudit report`: saved results rendered again, and merged, without the hosts."""

import os
import sys

import click

from dockeraudit.cli.options import OneOf
from dockeraudit.cli.sinks import Sink, sink_options, sinks, write_all
from dockeraudit.cli.streams import say
from dockeraudit.merging import Merged, Named, merge
from dockeraudit.policy import summarize
from dockeraudit.report import SCHEMA_VERSION, SEVERITIES, FailOnName, Report, decode

_MOST = 10


@click.command("report", short_help="Render saved results again, and merge them.")
@click.argument("results", nargs=-1, required=True, metavar="RESULT...")
@sink_options
@click.option(
    "--fail-on",
    type=OneOf([*SEVERITIES, "none"]),
    metavar="SEVERITY",
    help="The least severity that makes the exit code 1, instead of what the reports have.",
)
@click.option("-v", "--verbose", is_flag=True, help="Show every result, not only failures.")
def command(
    results: tuple[str, ...],
    shown: str | None,
    reports: tuple[str, ...],
    force: bool,
    fail_on: FailOnName | None,
    verbose: bool,
) -> int:
    """Render each RESULT in other formats; of several make one.

    \b
    RESULT is a JSON report, or the folder of a `scan --out FOLDER`, even of one
    that was interrupted.

    \b
      dockeraudit report monday.json --report html=monday.html
      dockeraudit report fleet/ --report json=fleet.json
      dockeraudit report shard-*.json --format junit > all.xml
      dockeraudit report east.json west.json --report json=all.json

    A host that is in several reports is taken from where it was seen last. Waivers and baselines
    are not applied again: what was excused in a JSON report stays so, and a folder holds what was
    found before. The exit code is as of one scan of all these hosts. `-` reads one report from
    stdin.
    """
    written = sinks(reports, shown, force=force)
    if not force:
        _spare(results, written)
    if results.count("-") > 1:
        raise click.UsageError("stdin holds one report: name `-` once")
    given = [Named(_name(path), _read(path)) for path in results]
    if len(given) == 1 and fail_on is None and os.path.isdir(results[0]):
        merged = Merged(given[0].report)
    else:
        merged = merge(given, fail_on)
    _say(merged)
    return write_all(merged.report, written, verbose) or merged.report.summary.exit_code


def _spare(results: tuple[str, ...], written: list[Sink]) -> None:
    """Refuse to replace what is read: of a merge, the parts could not be told apart any more."""
    read = {os.path.realpath(path) for path in results if path != "-"}
    for sink in written:
        if sink.path != "-" and os.path.realpath(sink.path) in read:
            raise click.UsageError(
                f"--report {sink.format}={sink.path}: it is one of those that are read; "
                "--force replaces it"
            )


def _name(path: str) -> str:
    return "stdin" if path == "-" else path


def _read(path: str) -> Report:
    if path != "-" and os.path.isdir(path):
        return _read_folder(path)
    try:
        if path == "-":
            report = decode(sys.stdin.buffer.read())
        else:
            with open(path, "rb") as file:
                report = decode(file.read())
    except OSError as error:
        raise click.UsageError(f"{_name(path)}: {error.strerror or error}") from error
    except ValueError as error:
        raise click.UsageError(
            f"{_name(path)} is no JSON report of dockeraudit: {error}"
        ) from error
    if report.schema_version != SCHEMA_VERSION:
        raise click.UsageError(
            f"{_name(path)}: schema version {report.schema_version!r}, "
            f"this program reads {SCHEMA_VERSION}"
        )
    return report


def _read_folder(path: str) -> Report:
    """The report of a folder of results, which stay open: they are read by whoever writes it."""
    from dockeraudit.results import Results, ResultsError

    try:
        results = Results.read(path)
    except ResultsError as error:
        raise click.UsageError(str(error)) from error
    click.get_current_context().call_on_close(results.close)
    hosts = results.hosts()
    return Report(
        schema_version=SCHEMA_VERSION,
        tool=results.run.tool,
        started=results.run.started,
        finished=results.finished,
        profile=results.run.profile,
        fail_on=results.run.fail_on,
        summary=summarize(hosts, results.run.fail_on),
        hosts=hosts,
    )


def _say(merged: Merged) -> None:
    """What people should know of a merge, on stderr."""
    for note in merged.notes:
        say(note)
    for each in merged.superseded[:_MOST]:
        when = f"as of {each.collected_at}" if each.collected_at else "not reached"
        say(f"{each.target}: {each.name} has it too, {when}; taken from {each.kept}")
    if len(merged.superseded) > _MOST:
        say(f"... and {len(merged.superseded) - _MOST} more hosts that are in several reports")
