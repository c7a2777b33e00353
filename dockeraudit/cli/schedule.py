"""`dockeraudit schedule`: a scan that runs by itself, by a systemd timer or cron."""

import os
import sys
from collections.abc import Iterator
from typing import Any

import click

from dockeraudit.cli.pairs import parted
from dockeraudit.cli.streams import say
from dockeraudit.exits import CLEAN
from dockeraudit.schedule import Job, Places, ScheduleError

PLACES = Places()

_DEFAULT_NAME = "scan"
_WRITERS = ("history",)
"""Options of scan that name a file which is written, beside --report."""

_name = click.option(
    "--name", default=_DEFAULT_NAME, show_default=True, help="Tells several jobs apart."
)


@click.group("schedule", short_help="Scan by itself: a systemd timer, or a line of cron.")
def command() -> None:
    """Let a scan run by itself: a systemd timer and service, or cron where systemd isn't.

    \b
      dockeraudit schedule install --every daily
      dockeraudit schedule install --every hourly --name fleet --user audit -- \\
          -i /etc/dockeraudit/hosts --report html=/srv/reports/fleet.html
      dockeraudit schedule status
      dockeraudit schedule remove --name fleet
    """


@command.command("install", short_help="Install a job, or change it.")
@click.option(
    "--every",
    required=True,
    metavar="WHEN",
    help="hourly, daily, weekly, monthly; or a calendar expression of systemd (`Mon..Fri 04:17`),"
    " with cron its five fields.",
)
@_name
@click.option("--user", default="root", show_default=True, help="The account it runs as.")
@click.option(
    "--jitter",
    type=click.IntRange(0, 86400),
    metavar="SECONDS",
    help="How much later it may start, the same each time.  [default: as suits --every]",
)
@click.option(
    "--with",
    "by",
    type=click.Choice(["systemd", "cron"]),
    help="Who starts it.  [default: systemd where it runs]",
)
@click.argument("scan", nargs=-1, type=click.UNPROCESSED, metavar="[-- SCAN-ARGS]...")
def install(
    every: str, name: str, user: str, jitter: int | None, by: Any, scan: tuple[str, ...]
) -> int:
    """Install a job that runs `dockeraudit scan SCAN-ARGS`; again with the same name changes it.

    Without --report in SCAN-ARGS it writes /var/lib/dockeraudit/NAME/report.json.
    """
    from dockeraudit.schedule import manage

    if os.geteuid() != 0:
        raise click.UsageError("schedule install writes units or cron files: run it as root")
    with _usage():
        from dockeraudit.schedule.job import checked_name

        words, writes, sudo = _checked(scan, PLACES.folder(checked_name(name)), user)
        job = Job(name, every, user, _program(), words, writes, jitter, sudo)
        for line in manage.install(job, PLACES, by or manage.keeper(PLACES)):
            say(line)
    return CLEAN


@command.command("status", short_help="Next run, last run and its exit status, where logs are.")
@click.option("--name", help="Only this job.")
@click.option("--json", "as_json", is_flag=True, help="As JSON.")
def status(name: str | None, as_json: bool) -> int:
    """Show the jobs: when they run next, how the last run ended, and where its logs are."""
    from dockeraudit.schedule import manage

    with _usage():
        found = manage.states(PLACES, name)
    if as_json:
        import msgspec

        data = msgspec.json.format(msgspec.json.encode(found), indent=2)
        sys.stdout.write(data.decode() + "\n")
        return CLEAN
    if not found:
        say("no job is installed; see `dockeraudit schedule install --help`")
    for each in found:
        for line in _shown(each):
            sys.stdout.write(f"{line}\n")
    return CLEAN


@command.command("remove", short_help="Remove a job; its reports stay.")
@_name
def remove(name: str) -> int:
    """Remove a job. A run that is going on finishes; its reports stay where they are."""
    from dockeraudit.schedule import manage

    with _usage():
        for line in manage.remove(name, PLACES):
            say(line)
    return CLEAN


@command.command("run", short_help="What the timer starts: one scan, never two at a time.")
@_name
@click.option("--log", is_flag=True, help="Both outputs into the job's run.log, as under cron.")
@click.argument("scan", nargs=-1, type=click.UNPROCESSED, metavar="[-- SCAN-ARGS]...")
def run(name: str, log: bool, scan: tuple[str, ...]) -> int:
    """Scan, unless a run of the same job is going on: that ends with exit code 75."""
    from dockeraudit.schedule import run as runs
    from dockeraudit.schedule.job import LOCKED, checked_name

    with _usage():
        folder = PLACES.folder(checked_name(name))
        try:
            return runs.run(name, folder, log, lambda: _scan(scan), _said)
        except runs.Locked as error:
            say(f"dockeraudit: {error}")
            return LOCKED


def _scan(words: tuple[str, ...]) -> int:
    """The scan; wrong use is its exit code too, so that it is noted as the run's."""
    from dockeraudit.cli.scan import command as scan

    try:
        return int(scan.main(list(words), prog_name="dockeraudit scan", standalone_mode=False) or 0)
    except click.ClickException as error:
        error.show()
        return error.exit_code


def _said(line: str) -> None:
    """The line about the end of a run; the journal gets its priority with it."""
    level = "" if "JOURNAL_STREAM" not in os.environ else "<6>" if "status 0," in line else "<4>"
    say(f"{level}dockeraudit: {line}")


class _usage:
    """Turns a ScheduleError into wrong use: one line, exit code 2."""

    def __enter__(self) -> None:
        return None

    def __exit__(self, kind: object, error: BaseException | None, trace: object) -> None:
        if isinstance(error, ScheduleError):
            raise click.UsageError(str(error)) from error


def _program() -> tuple[str, ...]:
    """How to start this dockeraudit again, whatever PATH is then."""
    script = os.path.join(sys.prefix, "bin", "dockeraudit")
    if os.access(script, os.X_OK):
        return (script,)
    return (sys.executable, "-m", "dockeraudit")


def _checked(
    words: tuple[str, ...], folder: str, user: str
) -> tuple[tuple[str, ...], tuple[str, ...], bool]:
    """The scan's words, the folders it writes to, and whether it becomes root here.

    A mistake in them is said now, and not in tomorrow's log.
    """
    from dockeraudit.cli.loaded import known_formats
    from dockeraudit.cli.scan import command as scan
    from dockeraudit.plugins import is_template

    # The job runs in no folder of the user's, so it finds no configuration there.
    context = scan.make_context("dockeraudit scan", ["--config", "none", *words])
    given = context.params
    for option, path in _paths(scan, given):
        if not os.path.isabs(path):
            raise ScheduleError(
                f"{option} {path}: give an absolute path; a job has no folder it runs in"
            )
    for target in given.get("targets", ()):
        if not os.path.isabs(target) and os.path.exists(target) and "/" in target:
            raise ScheduleError(f"{target}: give an absolute path; a job has no folder it runs in")
    for option in given.get("notify", ()) or ():
        if "://" in option:
            raise ScheduleError(
                "an address of a notification holds its password, and units can be read by all:"
                " put it into a file with mode 0600 and give --notify @FILE"
            )
    writes: dict[str, None] = {}
    for report in given["reports"]:
        format, path = parted(report)
        if format not in known_formats() and not is_template(format):
            raise ScheduleError(f"--report {report}: there is no format {format!r}")
        if path != "-":
            writes[os.path.dirname(path)] = None
    if not writes:
        words = ("--report", f"json={folder}/report.json", *words)
        writes[folder] = None
    for name in _WRITERS:
        if given.get(name):
            writes[os.path.dirname(given[name])] = None
    return words, tuple(writes), bool(given.get("become")) and user != "root"


def _paths(scan: click.Command, given: dict[str, Any]) -> Iterator[tuple[str, str]]:
    """Each option of scan that names a file, and the file."""
    from dockeraudit.plugins import is_template

    for param in scan.params:
        shape = getattr(param, "metavar", None)
        value = given.get(param.name or "")
        value = getattr(value, "path", value)  # of a configuration that was read
        if shape not in ("FILE", "PATH", "FORMAT=PATH") or not value:
            continue
        for each in (value,) if isinstance(value, str) else value:
            format, path = parted(each) if shape == "FORMAT=PATH" else ("", each)
            if is_template(format):
                yield param.opts[-1], format
            if (shape == "FORMAT=PATH" and path == "-") or path == "none":
                continue
            yield param.opts[-1], path


def _shown(state: Any) -> Iterator[str]:
    """A job in a few lines."""
    yield f"{state.name}  ({state.kept_by}: {state.schedule})"
    yield f"  next run  {state.next_run or ('by cron' if state.kept_by == 'cron' else 'not known')}"
    if state.last:
        until = f" to {state.last.finished}" if state.last.finished else ""
        yield f"  last run  {state.last.started}{until}"
        yield f"  result    {state.last_result}"
    else:
        yield f"  last run  never{'; ' + state.last_result if state.last_result else ''}"
    yield f"  logs      {state.logs}"
    if state.problem:
        yield f"  problem   {state.problem}"
