"""`dockeraudit baseline`: record today's findings, so that only new and worse ones fail."""

import time
from typing import Any

import click

from dockeraudit import __version__
from dockeraudit.cli import configured
from dockeraudit.cli.configured import config_option
from dockeraudit.cli.loaded import lost_files
from dockeraudit.cli.options import checks_option, named_targets, pace, target_options
from dockeraudit.cli.scan import excuses, scan_all, scan_plan, waived
from dockeraudit.cli.streams import say
from dockeraudit.config import Loaded
from dockeraudit.exits import CLEAN, INCOMPLETE, SIGNALLED
from dockeraudit.output import write
from dockeraudit.policy import summarize
from dockeraudit.report import SCHEMA_VERSION, Report, Tool
from dockeraudit.scan import rfc3339
from dockeraudit.selection import DEFAULT_PROFILE
from dockeraudit.targets import FACTS_ENDINGS


@click.command("baseline", short_help="Record today's findings, so that only new ones fail.")
@click.argument("targets", nargs=-1, metavar="[TARGET|REPORT.json]...")
@click.option(
    "-o", "--output", "file", required=True, metavar="FILE", help="Where it goes; `-` is stdout."
)
@target_options
@click.option(
    "--profile",
    default=DEFAULT_PROFILE,
    metavar="NAME",
    show_default=True,
    help="Which checks to run.",
)
@click.option("--check", "only", multiple=True, metavar="ID|GLOB", help="Run only these checks.")
@click.option("--skip", multiple=True, metavar="ID|GLOB", help="Leave out these checks.")
@checks_option
@click.option("--probe/--no-probe", help="Also connect from here to the listeners found.")
@click.option("--waivers", metavar="FILE", help="What is waived in it is not recorded.")
@config_option
def command(
    targets: tuple[str, ...],
    file: str,
    profile: str,
    only: tuple[str, ...],
    skip: tuple[str, ...],
    probe: bool,
    waivers: str | None,
    config: Loaded,
    **connection: Any,
) -> int:
    """Record the findings of each TARGET, or of a JSON report, by their fingerprints.

    \b
      dockeraudit baseline web1 db1 -o baseline.json
      dockeraudit baseline report.json -o baseline.json
      dockeraudit scan web1 db1 --baseline baseline.json

    \b
    Findings that are waived are not recorded: they count again when their
    waiver ends. Exit codes: 0 recorded; 3 recorded, but a host was not
    reached or a check could not tell: what comes to light there will be new.
    """
    from dockeraudit import baseline

    folders = connection["checks_dirs"]
    lost = lost_files(config, folders)
    entries = waived(config, folders, waivers)
    if (
        len(targets) == 1
        and targets[0].endswith(".json")
        and not targets[0].endswith(FACTS_ENDINGS)
    ):
        from dockeraudit.cli.diff import read_report

        report = read_report(targets[0])
        ended = None
    else:
        plan = scan_plan(config, folders, profile, only, skip, connection, probe=probe)
        words, connection = configured.targets(config, targets, connection)
        named = named_targets(words, connection)
        started = rfc3339(time.time())
        hosts, ended = scan_all(named, plan, pace(connection))
        report = Report(
            schema_version=SCHEMA_VERSION,
            tool=Tool("dockeraudit", __version__),
            started=started,
            finished=rfc3339(time.time()),
            profile=profile,
            fail_on="low",
            summary=summarize(hosts, "low"),
            hosts=hosts,
        )
    if ended is not None and ended.status > SIGNALLED:
        say("interrupted: no baseline was written")
        return ended.status
    if entries:
        report = excuses().excused(report, entries, None)
    recorded = baseline.record(report)
    if not recorded.hosts:
        say("no host was reached: no baseline was written")
        return INCOMPLETE
    write(file, [baseline.encode(recorded)])
    hosts_word = "host" if len(recorded.hosts) == 1 else "hosts"
    say(f"recorded {recorded.size} findings of {len(recorded.hosts)} {hosts_word}")
    return max(_complete(report), INCOMPLETE if lost else CLEAN)


def _complete(report: Report) -> int:
    """Say what could not be looked at; 3 if there is anything."""
    lost = [host.target for host in report.hosts if host.state == "unreachable"]
    unknown = sum(result.untold for host in report.hosts for result in host.results)
    if lost:
        say(f"not reached, so not in it: {', '.join(lost)}")
    if unknown:
        say(f"{unknown} results are unknown: what comes to light there will be new")
    return INCOMPLETE if lost or unknown else CLEAN
