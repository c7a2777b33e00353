"""`dockeraudit scan`: judge hosts, print what was found, write reports."""

import signal
import sys
import time
from types import FrameType

import click
import msgspec

from dockeraudit import __version__
from dockeraudit.check import Check
from dockeraudit.cli.options import limits, named_targets, target_options, transport_options
from dockeraudit.cli.progress import Progress
from dockeraudit.exits import INTERNAL, SIGNALLED
from dockeraudit.output import OutputError, write
from dockeraudit.plugins import PluginError, checks, formats, writer
from dockeraudit.policy import FailOn, summarize
from dockeraudit.report import SCHEMA_VERSION, SEVERITIES, HostReport, Report, Tool
from dockeraudit.scan import Plan, rfc3339, scan
from dockeraudit.selection import DEFAULT_PROFILE, SelectionError, select
from dockeraudit.targets import Target
from dockeraudit.transport.process import Cancel


@click.command("scan", short_help="Judge hosts and say what is wrong with them.")
@click.argument("targets", nargs=-1, metavar="[TARGET]...")
@target_options
@click.option("--profile", default=DEFAULT_PROFILE, show_default=True, help="Which checks to run.")
@click.option("--check", "only", multiple=True, metavar="ID|GLOB", help="Run only these checks.")
@click.option("--skip", multiple=True, metavar="ID|GLOB", help="Leave out these checks.")
@click.option(
    "--fail-on",
    type=click.Choice([*SEVERITIES, "none"]),
    default="low",
    show_default=True,
    help="The least severity that makes the exit code 1.",
)
@click.option("--format", "shown", metavar="NAME", help="What stdout shows.  [default: table]")
@click.option(
    "--report",
    "reports",
    multiple=True,
    metavar="FORMAT=PATH",
    help="Write a report too; may be repeated, `-` is stdout.",
)
@click.option("--concurrency", type=click.IntRange(1, 1024), default=8, show_default=True)
@click.option("--probe", is_flag=True, help="Also connect from here to the listeners found.")
@click.option("-v", "--verbose", is_flag=True, help="Show every result, not only failures.")
def command(
    targets: tuple[str, ...],
    profile: str,
    only: tuple[str, ...],
    skip: tuple[str, ...],
    fail_on: FailOn,
    shown: str | None,
    reports: tuple[str, ...],
    concurrency: int,
    probe: bool,
    verbose: bool,
    **connection: object,
) -> None:
    """Judge each TARGET; with none, this machine.

    \b
    TARGET is `local`, `host`, `user@host`, `host:port`, `[v6]:port`,
    `ssh://user@host:port`, a testinfra URI such as `docker://web`, or a facts
    file (`*.facts.json`, `*.facts.json.gz`, a folder of them).

    \b
      dockeraudit scan web1 root@db1:2222 --report html=report.html
      dockeraudit scan --become --fail-on high ops@web1
    """
    sinks = _sinks(reports, shown)
    chosen = _checks(profile, only, skip)
    named = named_targets(targets, connection)
    plan = Plan(
        checks=chosen,
        options=transport_options(connection),
        limits=limits(connection),
        probe=probe,
    )
    started = time.time()
    hosts, interrupted = _run(named, plan, concurrency)
    report = Report(
        schema_version=SCHEMA_VERSION,
        tool=Tool("dockeraudit", __version__),
        started=rfc3339(started),
        finished=rfc3339(time.time()),
        profile=profile,
        fail_on=fail_on,
        summary=summarize(hosts, fail_on),
        hosts=hosts,
    )
    if interrupted:
        summary = msgspec.structs.replace(
            report.summary, exit_code=interrupted, rule=f"interrupted; {report.summary.rule}"
        )
        report = msgspec.structs.replace(report, summary=summary)
    status = _write_all(report, sinks, verbose)
    raise click.exceptions.Exit(status or report.summary.exit_code)


def _sinks(reports: tuple[str, ...], shown: str | None) -> list[tuple[str, str]]:
    """Format and path of everything to write; checked before any host is asked."""
    sinks = []
    for given in reports:
        format, separator, path = given.partition("=")
        if not separator or not path:
            raise click.UsageError(f"--report {given}: write it as FORMAT=PATH")
        sinks.append((format, path))
    if not any(path == "-" for _, path in sinks):
        sinks.append((shown or "table", "-"))
    elif shown:
        raise click.UsageError("--format and a --report to `-` both want stdout")
    for format, _ in sinks:
        if format not in formats():
            known = ", ".join(formats())
            raise click.UsageError(f"no report format {format!r}; there are: {known}")
    return sinks


def _checks(profile: str, only: tuple[str, ...], skip: tuple[str, ...]) -> tuple[Check, ...]:  # type: ignore[type-arg]
    try:
        return select(checks(), profile, only, skip)
    except (SelectionError, PluginError) as error:
        raise click.UsageError(str(error)) from error


def _run(
    targets: tuple[Target, ...], plan: Plan, concurrency: int
) -> tuple[tuple[HostReport, ...], int]:
    """Every host's report, and the exit code of an interruption or 0."""
    cancel = Cancel()
    caught: list[int] = []

    def stop(number: int, frame: FrameType | None) -> None:
        caught.append(number)
        cancel.set()

    before = {number: signal.signal(number, stop) for number in (signal.SIGINT, signal.SIGTERM)}
    try:
        with Progress(len(targets)) as progress:
            hosts = scan(targets, plan, concurrency, progress.finished, cancel)
    finally:
        for number, handler in before.items():
            signal.signal(number, handler)
    return hosts, SIGNALLED + caught[0] if caught else 0


def _write_all(report: Report, sinks: list[tuple[str, str]], verbose: bool) -> int:
    """Write each report; one that fails is named, and the others are written all the same."""
    status = 0
    for format, path in sinks:
        try:
            if format == "table" and path == "-":
                _show(report, verbose)
            else:
                write(path, writer(format).render(report))
        except (OutputError, PluginError) as error:
            click.echo(f"dockeraudit: {error}", err=True)
            status = INTERNAL
        else:
            if path != "-":
                click.echo(f"wrote {path}", err=True)
    return status


def _show(report: Report, verbose: bool) -> None:
    """The terminal report, as wide as the terminal and in colour where that is wanted."""
    import os
    import shutil

    terminal = sys.stdout.isatty()
    color = terminal and "NO_COLOR" not in os.environ and os.environ.get("TERM") != "dumb"
    width = min(shutil.get_terminal_size((80, 24)).columns, 120) if terminal else 80
    table = writer("table")
    for piece in table.render_table(report, width=width, color=color, verbose=verbose):  # type: ignore[attr-defined]
        sys.stdout.write(piece)
    sys.stdout.flush()
