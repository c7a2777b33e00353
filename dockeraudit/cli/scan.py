"""`dockeraudit scan`: judge hosts, print what was found, write reports."""

import os
import sys
import time
from collections.abc import Iterator
from functools import partial
from types import ModuleType
from typing import TYPE_CHECKING, Any, cast

import click
import msgspec
from msgspec import Struct

from dockeraudit import __version__
from dockeraudit.check import Check
from dockeraudit.cli import configured
from dockeraudit.cli.configured import config_option
from dockeraudit.cli.interruption import Interruption
from dockeraudit.cli.loaded import known_checks, known_formats, known_writer
from dockeraudit.cli.options import (
    OneOf,
    limits,
    named_targets,
    target_options,
    transport_options,
)
from dockeraudit.cli.predicted import NAMES, predicted, prediction_options
from dockeraudit.cli.progress import Progress
from dockeraudit.cli.streams import say
from dockeraudit.config import Loaded
from dockeraudit.config.patterns import names_of
from dockeraudit.exits import CLEAN, INTERNAL
from dockeraudit.output import PRIVATE, OutputError, write
from dockeraudit.plugins import Writer
from dockeraudit.policy import FailOn, summarize
from dockeraudit.report import SCHEMA_VERSION, SEVERITIES, HostReport, Report, Tool
from dockeraudit.scan import Plan, report_host, rfc3339, scan
from dockeraudit.selection import DEFAULT_PROFILE, SelectionError, select
from dockeraudit.targets import Target
from dockeraudit.words import nearest

if TYPE_CHECKING:
    from dockeraudit.cli.aftermath import Aftermath


class _Sink(Struct, frozen=True):
    """A report to write, and where."""

    format: str
    path: str
    writer: Writer


@click.command("scan", short_help="Judge hosts and say what is wrong with them.")
@click.argument("targets", nargs=-1, metavar="[TARGET]...")
@target_options
@click.option(
    "--profile",
    default=DEFAULT_PROFILE,
    metavar="NAME",
    show_default=True,
    help="Which checks to run.",
)
@click.option(
    "--check",
    "only",
    multiple=True,
    metavar="ID|GLOB",
    help="Run only these checks, of any profile; may be repeated.",
)
@click.option(
    "--skip", multiple=True, metavar="ID|GLOB", help="Leave out these checks; may be repeated."
)
@click.option(
    "--fail-on",
    type=OneOf([*SEVERITIES, "none"]),
    default="low",
    metavar="SEVERITY",
    show_default=True,
    help="The least severity that makes the exit code 1: critical, high, medium, low, info; "
    "`none` for never.",
)
@click.option(
    "--format",
    "shown",
    metavar="NAME",
    help="What stdout shows: table, json, junit, html …  [default: table]",
)
@click.option(
    "--report",
    "reports",
    multiple=True,
    metavar="FORMAT=PATH",
    help="Write a report too; may be repeated, `-` is stdout.",
)
@click.option("--probe/--no-probe", help="Also connect from here to the listeners found.")
@click.option("--waivers", metavar="FILE", help="Findings that somebody answers for until a day.")
@click.option("--baseline", metavar="FILE", help="Fail only on what is new or worse since then.")
@click.option("--history", metavar="FILE", help="Add the run to this history.")
@click.option(
    "--notify",
    multiple=True,
    metavar="@FILE|ADDRESS",
    help="Tell what got worse, by apprise; better @FILE with an address a line. May be repeated.",
)
@prediction_options
@config_option
@click.option("-v", "--verbose", is_flag=True, help="Show every result, not only failures.")
def command(
    targets: tuple[str, ...],
    profile: str,
    only: tuple[str, ...],
    skip: tuple[str, ...],
    fail_on: FailOn,
    shown: str | None,
    reports: tuple[str, ...],
    probe: bool,
    waivers: str | None,
    baseline: str | None,
    history: str | None,
    notify: tuple[str, ...],
    config: Loaded,
    verbose: bool,
    **more: Any,
) -> int:
    """Judge each TARGET; with none, this machine.

    \b
    TARGET is `local`, `host`, `user@host`, `host:port`, `[v6]:port`,
    `ssh://user@host:port`, a testinfra URI such as `docker://web`, or a facts
    file (`*.facts.json`, `*.facts.json.gz`, a folder of them).

    \b
      dockeraudit scan web1 root@db1:2222 --report html=report.html
      dockeraudit scan --become --fail-on high ops@web1
      dockeraudit scan -i hosts.txt --format json > report.json
      dockeraudit scan facts/ --check 'certificate-*'
      dockeraudit scan --daemon-json daemon.json --unit docker.service
    """
    sinks = _sinks(config, reports, shown)
    entries = excuses().read_waivers(waivers) if waivers is not None else ()
    before = excuses().read_baseline(baseline) if baseline is not None else None
    started = time.time()
    interrupted = 0
    plan = scan_plan(config, profile, only, skip, more, probe=probe)
    after = None
    if any(more[name] not in (None, ()) for name in NAMES):
        if targets:
            raise click.UsageError("name targets, or files to judge, but not both")
        hosts: tuple[HostReport, ...] = (_predicted(plan, more),)
    else:
        words, connection = configured.targets(config, targets, more)
        named = named_targets(words, connection)
        if history is not None or notify:
            after = _aftermath(history, notify, sinks)
        started = time.time()
        hosts, interrupted = scan_all(named, plan, more["concurrency"])
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
    if waivers is not None or before is not None:
        report = excuses().excused(report, entries, before)
    failed = sum(host.error is not None and host.error.kind == "internal" for host in hosts)
    if interrupted:
        report = _ended(report, interrupted, "interrupted")
    elif failed:
        report = _ended(report, INTERNAL, f"dockeraudit itself failed on {failed} of the hosts")
    report, status = after.follow(report) if after is not None else (report, CLEAN)
    return _write_all(report, sinks, verbose) or status or report.summary.exit_code


def _aftermath(history: str | None, notify: tuple[str, ...], sinks: list[_Sink]) -> "Aftermath":
    from dockeraudit.cli.aftermath import prepare

    json = next((each.path for each in sinks if each.format == "json" and each.path != "-"), None)
    return prepare(history, notify, json)


def excuses() -> ModuleType:
    """What is needed only where something is waived or was there before."""
    from dockeraudit.cli import excuses as module

    return module


def scan_plan(
    config: Loaded,
    profile: str,
    only: tuple[str, ...],
    skip: tuple[str, ...],
    connection: dict[str, Any],
    *,
    probe: bool,
) -> Plan:
    """What to do with each target; the configuration's groups have plans of their own."""
    plan = Plan(
        checks=_checks(config, profile, only, skip),
        options=transport_options(connection),
        limits=limits(connection),
        probe=probe,
        settings=config.settings(),
    )
    if not config.values.groups:
        return plan
    for group in config.values.groups.values():
        if group.profile:
            _checks(config, group.profile, only, skip)
    free = frozenset(name for name in _OVERRIDDEN if not configured.said(name))
    another = partial(_group_plan, plan, config, only, skip, free)
    return msgspec.structs.replace(plan, another=another)


_OVERRIDDEN = ("profile", "fail_on", "become")
"""What a group may have of its own, unless the command line says it."""


def _group_plan(
    plan: Plan,
    config: Loaded,
    only: tuple[str, ...],
    skip: tuple[str, ...],
    free: frozenset[str],
    target: str,
) -> Plan | None:
    """The plan for a target that is in a group; `free` is what the command line did not say."""
    names = names_of(target, os.uname().nodename)
    groups = [group for _, group in config.groups(names)]
    if not groups:
        return None
    changes: dict[str, Any] = {"another": None, "settings": config.settings(names)}
    for group in groups:
        if group.profile and "profile" in free and not only:
            changes["checks"] = _checks(config, group.profile, only, skip)
            changes["profile"] = group.profile
        if group.fail_on and "fail_on" in free:
            changes["fail_on"] = group.fail_on
        if group.become is not None and "become" in free:
            changes["options"] = msgspec.structs.replace(plan.options, become=group.become)
    return msgspec.structs.replace(plan, **changes)


def _predicted(plan: Plan, given: dict[str, Any]) -> HostReport:
    plan = plan.of("files")
    return predicted(
        given,
        plan.checks,
        lambda host, checks: report_host(host, msgspec.structs.replace(plan, checks=checks)),
    )


def _ended(report: Report, status: int, rule: str) -> Report:
    """The report with another exit code than its results give, and why."""
    summary = msgspec.structs.replace(
        report.summary, exit_code=status, rule=f"{rule}; {report.summary.rule}"
    )
    return msgspec.structs.replace(report, summary=summary)


def _sinks(config: Loaded, reports: tuple[str, ...], shown: str | None) -> list[_Sink]:
    """Everything to write, stdout last; checked before any host is asked."""
    try:
        return _all_sinks(reports, shown)
    except click.UsageError as error:
        raise click.UsageError(configured.placed(config, str(error))) from error


def _all_sinks(reports: tuple[str, ...], shown: str | None) -> list[_Sink]:
    known = known_formats()
    sinks: dict[str, _Sink] = {}
    for given in reports:
        format, separator, path = given.partition("=")
        if not separator or not path:
            raise click.UsageError(f"--report {given}: write it as FORMAT=PATH")
        place = path if path == "-" else os.path.realpath(path)
        if place in sinks:
            raise click.UsageError(f"--report {given}: there is another report for {path}")
        sinks[place] = _sink(format, path, known)
    if "-" in sinks and shown and configured.said("shown"):
        raise click.UsageError("--format and a --report to `-` both want stdout")
    last = sinks.pop("-", None) or _sink(shown or "table", "-", known)
    return [*sinks.values(), last]


def _sink(format: str, path: str, known: list[str]) -> _Sink:
    if format not in known:
        hint = nearest(format, known)
        raise click.UsageError(f"no report format {format!r}.{hint} There are: {', '.join(known)}.")
    return _Sink(format, path, known_writer(format))


def _checks(
    config: Loaded, profile: str, only: tuple[str, ...], skip: tuple[str, ...]
) -> tuple[Check[Any], ...]:
    try:
        return select(known_checks(), profile, only, skip)
    except SelectionError as error:
        raise click.UsageError(configured.placed(config, str(error))) from error


def scan_all(
    targets: tuple[Target, ...], plan: Plan, concurrency: int
) -> tuple[tuple[HostReport, ...], int]:
    """Every host's report, and the exit code of an interruption or 0."""
    with Interruption() as interruption, Progress(len(targets)) as progress:
        hosts = scan(targets, plan, concurrency, progress.finished, interruption.cancel)
    return hosts, interruption.status


def _write_all(report: Report, sinks: list[_Sink], verbose: bool) -> int:
    """Write each report; one that fails is named, and the others are written all the same."""
    status = CLEAN
    for sink in sinks:
        try:
            mode = getattr(sink.writer, "MODE", PRIVATE)
            write(sink.path, _rendered(report, sink, verbose), mode)
        except OutputError as error:
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


def _rendered(report: Report, sink: _Sink, verbose: bool) -> Iterator[str]:
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
