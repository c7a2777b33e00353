"""`dockeraudit scan`: judge hosts, print what was found, write reports."""

import os
import time
from collections.abc import Sequence
from functools import partial
from types import ModuleType
from typing import TYPE_CHECKING, Any, NamedTuple

import click
import msgspec

from dockeraudit import __version__
from dockeraudit.check import Check
from dockeraudit.cli import configured
from dockeraudit.cli.configured import config_option
from dockeraudit.cli.engine import DASK, LOST, engine_options, looking
from dockeraudit.cli.interruption import Interruption
from dockeraudit.cli.loaded import Checks, Soon, known_checks, lost_files
from dockeraudit.cli.options import (
    OneOf,
    checks_option,
    limits,
    moment,
    named_targets,
    pace,
    target_options,
    transport_options,
)
from dockeraudit.cli.predicted import NAMES, predicted, prediction_options
from dockeraudit.cli.progress import Progress
from dockeraudit.cli.resuming import Resumable, kept, resumed
from dockeraudit.cli.sinks import Sink, sink_options, sinks, write_all
from dockeraudit.config import Loaded
from dockeraudit.config.patterns import names_of
from dockeraudit.exits import CLEAN, INCOMPLETE, INTERNAL
from dockeraudit.policy import FailOn, summarize
from dockeraudit.report import SCHEMA_VERSION, SEVERITIES, HostReport, Report, Tool
from dockeraudit.scan import Keep, Looking, Plan, here, report_host, rfc3339, scan
from dockeraudit.selection import BUILT_IN, DEFAULT_PROFILE, EVERYTHING, SelectionError, select
from dockeraudit.settings import Settings
from dockeraudit.targets import Target

if TYPE_CHECKING:
    from dockeraudit.cli.aftermath import Aftermath
    from dockeraudit.runner import Pace
    from dockeraudit.waivers import Entry


@click.command("scan", cls=Resumable, short_help="Judge hosts and say what is wrong with them.")
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
@checks_option
@click.option(
    "--fail-on",
    type=OneOf([*SEVERITIES, "none"]),
    default="low",
    metavar="SEVERITY",
    show_default=True,
    help="The least severity that makes the exit code 1: critical, high, medium, low, info; "
    "`none` for never.",
)
@sink_options
@click.option("--probe/--no-probe", help="Also connect from here to the listeners found.")
@click.option(
    "--as-of",
    callback=moment,
    metavar="TIME",
    help="Judge certificates and ages by this time (2027-01-31, or RFC 3339) instead of the "
    "collection's.",
)
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
@click.option(
    "--out",
    metavar="FOLDER",
    help="Keep each host's result in this new folder as soon as it is known.",
)
@click.option(
    "--resume",
    metavar="FOLDER",
    help="Go on with the scan that was begun with --out FOLDER, as it was begun.",
)
@engine_options
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
    force: bool,
    probe: bool,
    as_of: int | None,
    waivers: str | None,
    baseline: str | None,
    history: str | None,
    notify: tuple[str, ...],
    config: Loaded,
    out: str | None,
    resume: str | None,
    verbose: bool,
    **more: Any,
) -> int:
    """Judge each TARGET; with none, this machine.

    \b
    TARGET is `local`, `host`, `user@host`, `host:port`, `[v6]:port`,
    `ssh://user@host:port`, a testinfra URI such as `docker://web`, or a facts
    file (`*.facts.json`, `*.facts.json.gz`, `*.facts.out`, a folder of them, or
    a URL of either, such as s3://place/facts).

    \b
      dockeraudit scan web1 root@db1:2222 --report html=report.html
      dockeraudit scan --become --fail-on high ops@web1
      dockeraudit scan -i hosts.txt --format json > report.json
      dockeraudit scan -i hosts.txt --out run, and later scan --resume run
      dockeraudit scan facts/ --check 'certificate-*'
      dockeraudit scan --daemon-json daemon.json --unit docker.service
    """
    written = _sinks(config, reports, shown, force=force)
    folders = more["checks_dirs"]
    fail_on = configured.fail_on(config, profile, fail_on)
    entries = waived(config, folders, waivers)
    before = excuses().read_baseline(baseline) if baseline is not None else None
    started = rfc3339(time.time())
    ended: Ending | None = None
    hosts: Sequence[HostReport]
    plan = scan_plan(config, folders, profile, only, skip, more, probe=probe, as_of=as_of)
    after = None
    if any(more[name] not in (None, (), DASK) for name in NAMES):
        if targets:
            raise click.UsageError("name targets, or files to judge, but not both")
        if out is not None or resume is not None:
            raise click.UsageError("--out and --resume are of scans: files are judged at once")
        hosts = (_predicted(plan, more),)
    else:
        keep = resumed(profile)
        if keep is not None:
            named, started = keep.run.targets, keep.run.started
        else:
            words, connection = configured.targets(config, targets, more)
            named = named_targets(words, connection)
        if history is not None or notify:
            after = _aftermath(history, notify, written)
        who = looking(more, named)
        if keep is None:
            started = rfc3339(time.time())
            keep = kept(named, out, config, started, profile, fail_on)
        hosts, ended = scan_all(named, plan, pace(more), keep, who)
    report = Report(
        schema_version=SCHEMA_VERSION,
        tool=Tool("dockeraudit", __version__),
        started=started,
        finished=rfc3339(time.time()),
        profile=profile,
        fail_on=fail_on,
        summary=summarize(hosts, fail_on),
        hosts=hosts,
    )
    if waivers is not None or before is not None:
        report = excuses().excused(report, entries, before)
    lost = lost_files(config, folders)
    if lost:
        report = _without(report, lost)
    if ended is not None:
        report = _ended(report, *ended)
    report, status = after.follow(report) if after is not None else (report, CLEAN)
    return write_all(report, written, verbose) or status or report.summary.exit_code


def _aftermath(history: str | None, notify: tuple[str, ...], written: list[Sink]) -> "Aftermath":
    from dockeraudit.cli.aftermath import prepare

    json = next((each.path for each in written if each.format == "json" and each.path != "-"), None)
    return prepare(history, notify, json)


def excuses() -> ModuleType:
    """What is needed only where something is waived or was there before."""
    from dockeraudit.cli import excuses as module

    return module


def waived(config: Loaded, folders: tuple[str, ...], waivers: str | None) -> "tuple[Entry, ...]":
    """The entries of a file of waivers, if there is one."""
    if waivers is None:
        return ()
    entries: tuple[Entry, ...] = excuses().read_waivers(waivers, known_checks(config, folders))
    return entries


def scan_plan(
    config: Loaded,
    folders: tuple[str, ...],
    profile: str,
    only: tuple[str, ...],
    skip: tuple[str, ...],
    connection: dict[str, Any],
    *,
    probe: bool,
    as_of: int | None = None,
) -> Plan:
    """What to do with each target; the configuration's groups have plans of their own."""
    values = config.values
    if profile in BUILT_IN and not (only or skip or folders or values.profiles or values.groups):
        # Nothing can be wrong with the choice: no need to wait before hosts are asked.
        checks: Sequence[Check[Any]] = Soon(
            lambda: _checks(config, known_checks(config), profile, (), ())
        )
    else:
        known = known_checks(config, folders)
        checks = _checks(config, known, profile, only, skip)
    plan = Plan(
        checks=checks,
        options=transport_options(connection),
        limits=limits(connection),
        probe=probe,
        as_of=as_of,
        settings=_settings(config, profile),
    )
    if not values.groups:
        return plan
    for group in values.groups.values():
        if group.profile:
            _checks(config, known, group.profile, only, skip)
    free = frozenset(name for name in _OVERRIDDEN if not configured.said(name))
    another = partial(_group_plan, plan, config, known, profile, only, skip, free)
    return msgspec.structs.replace(plan, another=another)


_OVERRIDDEN = ("profile", "fail_on", "become")
"""What a group may have of its own, unless the command line says it."""


def _group_plan(
    plan: Plan,
    config: Loaded,
    known: Checks,
    profile: str,
    only: tuple[str, ...],
    skip: tuple[str, ...],
    free: frozenset[str],
    name: str,
    target: Target | None,
) -> Plan | None:
    """The plan for a target that is in a group; `free` is what the command line did not say."""
    names = names_of(name, os.uname().nodename)
    listed = target.groups if target is not None else ()
    if target is not None and target.host:
        names = (*names, target.host)
    groups = [group for _, group in config.groups(names, listed)]
    if not groups:
        return None
    changes: dict[str, Any] = {"another": None}
    for group in groups:
        if group.profile and "profile" in free and not only:
            changes["checks"] = _checks(config, known, group.profile, only, skip)
            changes["profile"] = group.profile
            own = config.values.profiles.get(group.profile)
            if own is not None and own.fail_on and "fail_on" in free:
                changes["fail_on"] = own.fail_on
        if group.fail_on and "fail_on" in free:
            changes["fail_on"] = group.fail_on
        if group.become is not None and "become" in free:
            changes["options"] = msgspec.structs.replace(plan.options, become=group.become)
    changes["settings"] = _settings(config, changes.get("profile", profile), names, listed)
    return msgspec.structs.replace(plan, **changes)


def _settings(
    config: Loaded, profile: str, names: tuple[str, ...] = (), listed: tuple[str, ...] = ()
) -> Settings:
    settings = config.settings(names, listed)
    return msgspec.structs.replace(settings, strict=profile == EVERYTHING)


def _predicted(plan: Plan, given: dict[str, Any]) -> HostReport:
    plan = plan.of("files")
    return predicted(
        given,
        tuple(plan.checks),
        lambda host, checks: report_host(host, msgspec.structs.replace(plan, checks=checks)),
    )


def _ended(report: Report, status: int, rule: str) -> Report:
    """The report with another exit code than its results give, and why."""
    summary = msgspec.structs.replace(
        report.summary, exit_code=status, rule=f"{rule}; {report.summary.rule}"
    )
    return msgspec.structs.replace(report, summary=summary)


def _without(report: Report, lost: tuple[str, ...]) -> Report:
    """The report of a scan that some of the user's checks could not be in: it is incomplete.

    What was found stays; only nothing to complain of is no answer, unless failures don't count.
    """
    files = f"{len(lost)} files of checks" if len(lost) > 1 else "a file of checks"
    left_out = f"{files} left out: {', '.join(lost)}"
    summary = report.summary
    if summary.exit_code == CLEAN and report.fail_on != "none":
        rule = f"the scan is incomplete; {left_out}; {summary.rule}"
        summary = msgspec.structs.replace(summary, exit_code=INCOMPLETE, rule=rule)
    else:
        summary = msgspec.structs.replace(summary, rule=f"{summary.rule}; {left_out}")
    return msgspec.structs.replace(report, summary=summary)


def _sinks(
    config: Loaded, reports: tuple[str, ...], shown: str | None, *, force: bool
) -> list[Sink]:
    """Everything to write, stdout last; checked before any host is asked."""
    try:
        return sinks(reports, shown, force=force)
    except click.UsageError as error:
        raise click.UsageError(configured.placed(config, str(error))) from error


def _checks(
    config: Loaded, known: Checks, profile: str, only: tuple[str, ...], skip: tuple[str, ...]
) -> tuple[Check[Any], ...]:
    try:
        return select(known, profile, only, skip, config.values.profiles)
    except SelectionError as error:
        raise click.UsageError(configured.placed(config, str(error))) from error


class Ending(NamedTuple):
    """How a scan ended that did not do all that it should."""

    status: int
    rule: str
    """Why that is the exit code."""


def scan_all(
    targets: tuple[Target, ...],
    plan: Plan,
    pace: "Pace",
    keep: Keep | None = None,
    who: Looking = here,
) -> tuple[Sequence[HostReport], Ending | None]:
    """Every host's report, and how it ended if not well; `keep` has them and those of before.

    Raises:
        OutputError: `keep` could not write one.
    """
    left = len(targets) - (len(keep.done) if keep is not None else 0)
    with Interruption() as interruption, Progress(left) as progress:
        cancel = interruption.cancel
        hosts = scan(targets, plan, pace, progress.finished, cancel, keep=keep, looking=who)
    return hosts, _ending(interruption.status, progress)


def _ending(interrupted: int, progress: Progress) -> Ending | None:
    if interrupted:
        return Ending(interrupted, "interrupted")
    if failed := progress.count("internal"):
        return Ending(INTERNAL, f"dockeraudit itself failed on {failed} of the hosts")
    if left := progress.count(LOST):
        return Ending(INTERNAL, f"the engine was lost before it came to {left} of the hosts")
    return None
