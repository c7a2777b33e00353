"""Installs, shows and removes jobs: with systemd where it runs, else by cron."""

import os
import pwd
import re
import shutil
import subprocess
from collections.abc import Iterator, Sequence
from typing import Literal

from msgspec import Struct

from dockeraudit.schedule import owned
from dockeraudit.schedule.crontab import crontab
from dockeraudit.schedule.job import (
    Job,
    Places,
    ScheduleError,
    checked_calendar,
    checked_name,
    checked_words,
)
from dockeraudit.schedule.run import Last, last, meaning, running
from dockeraudit.schedule.units import service, timer

Keeper = Literal["systemd", "cron"]

_SECONDS = 60


class State(Struct, frozen=True):
    """A job as `schedule status` shows it."""

    name: str
    kept_by: Keeper
    active: bool
    """Whether anything will start it."""
    schedule: str
    """OnCalendar's value, or cron's fields."""
    next_run: str | None
    """As systemd says it; null: not known."""
    running: bool
    last: Last | None
    last_result: str
    """In words."""
    logs: str
    problem: str = ""


def keeper(places: Places) -> Keeper:
    """Who starts jobs here."""
    return "systemd" if os.path.isdir(places.systemd) else "cron"


def install(job: Job, places: Places, by: Keeper) -> Iterator[str]:
    """Write the job's files and switch it on; yields a line for each thing done.

    Nothing is written unless all can be.

    Raises:
        ScheduleError: it can't be done, and why.
    """
    checked_name(job.name)
    checked_words((*job.program, *job.scan, *job.writes))
    account = _account(job.user)
    texts = _texts(job, places, by)
    other = [places.crontab(job.name)] if by == "systemd" else _units(job.name, places)
    for path in (*texts, *other):
        owned.read(path)
    for folder in job.writes:
        if not os.path.isdir(folder) and folder != places.folder(job.name):
            raise ScheduleError(f"{folder}: there is no such folder; create it first")
    yield from _risk(job)
    if by == "cron":
        if not os.path.isdir(places.cron):
            raise ScheduleError(
                f"there is no {places.cron}: install a cron that reads it (cron, cronie, bcron)"
            )
        _own_folder(places.folder(job.name), account)
    changed = [path for path, text in texts.items() if owned.write(path, text)]
    for path in texts:
        yield f"{'wrote' if path in changed else 'unchanged'} {path}"
    yield from _switched_off(job.name, places, other)
    if by == "systemd":
        unit = f"dockeraudit-{job.name}.timer"
        if changed:
            _systemctl("daemon-reload")
        _systemctl("enable", "--quiet", unit)
        # A timer that runs keeps its old calendar until it is started again.
        _systemctl("restart" if changed else "start", unit)
        yield f"enabled {unit}"
    else:
        yield from _cron_missing()


def remove(name: str, places: Places) -> Iterator[str]:
    """Switch a job off and remove its files; its folder with the reports stays.

    Raises:
        ScheduleError: there is none, or a file isn't ours.
    """
    checked_name(name)
    files = [path for path in (*_units(name, places), places.crontab(name)) if owned.read(path)]
    if not files:
        raise ScheduleError(f"no job {name!r} is installed; see `dockeraudit schedule status`")
    yield from _switched_off(name, places, files)
    folder = places.folder(name)
    if running(folder):
        yield "a run is still going on, and is left to finish"
    if os.path.isdir(folder):
        yield f"left {folder} with what the runs wrote"


def states(places: Places, name: str | None = None) -> list[State]:
    """All jobs, or the one of a name.

    Raises:
        ScheduleError: there is none of that name.
    """
    timers = owned.names(places.units, ".timer")
    lines = owned.names(places.cron, "")
    found = [
        *(_by_systemd(each, places) for each in timers if name in (None, each)),
        *(_by_cron(each, places) for each in lines if name in (None, each)),
    ]
    if name is not None and not found:
        raise ScheduleError(f"no job {name!r} is installed")
    return found


def _texts(job: Job, places: Places, by: Keeper) -> dict[str, str]:
    if by == "cron":
        return {places.crontab(job.name): crontab(job, os.uname().nodename)}
    checked_calendar(job.every)
    _calendar_known(job.every)
    return {
        places.service(job.name): service(job, places),
        places.timer(job.name): timer(job),
    }


def _calendar_known(every: str) -> None:
    if not shutil.which("systemd-analyze"):
        return
    done = _run("systemd-analyze", "calendar", "--", every)
    if done.returncode != 0:
        raise ScheduleError(
            f"--every {every!r} is no calendar expression of systemd: write hourly, daily, weekly,"
            " monthly, or one such as `Mon..Fri 04:17`; see `man systemd.time`"
        )


def _account(user: str) -> pwd.struct_passwd:
    try:
        return pwd.getpwnam(user)
    except (KeyError, ValueError):
        raise ScheduleError(f"--user {user!r}: there is no such account") from None


def _risk(job: Job) -> Iterator[str]:
    """A program that another account can change is that account's way to the job's rights."""
    if job.user != "root":
        return
    path = os.path.realpath(job.program[0])
    while True:
        try:
            found = os.stat(path)
        except OSError:
            return
        if found.st_uid != 0 or (found.st_mode & 0o022 and not found.st_mode & 0o1000):
            yield (
                f"warning: {path} can be changed by others than root, and the job runs as root:"
                " install dockeraudit where only root writes"
            )
            return
        if path == "/":
            return
        path = os.path.dirname(path)


def _own_folder(folder: str, account: pwd.struct_passwd) -> None:
    """The job's folder, as systemd would make it. Only a new one is given away."""
    try:
        os.makedirs(os.path.dirname(folder), 0o755, exist_ok=True)
        try:
            os.mkdir(folder, 0o700)
        except FileExistsError:
            if os.stat(folder).st_uid != account.pw_uid:
                raise ScheduleError(
                    f"{folder} belongs to another account than {account.pw_name}: chown it first"
                ) from None
            return
        os.chown(folder, account.pw_uid, account.pw_gid)
    except OSError as error:
        raise ScheduleError(f"{folder}: {error.strerror}") from error


def _units(name: str, places: Places) -> list[str]:
    return [places.timer(name), places.service(name)]


def _switched_off(name: str, places: Places, files: Sequence[str]) -> Iterator[str]:
    """Remove those of the files that are there; a timer is stopped first, a running scan never."""
    there = [path for path in files if owned.read(path) is not None]
    timer_there = places.timer(name) in there
    with_systemd = keeper(places) == "systemd"
    if timer_there and with_systemd:
        _systemctl("disable", "--now", "--quiet", f"dockeraudit-{name}.timer")
        # The stamp of Persistent=; without it a later job of the name would run at once.
        _run("systemctl", "clean", "--what=state", f"dockeraudit-{name}.timer")
    for path in there:
        owned.remove(path)
        yield f"removed {path}"
    if timer_there and with_systemd:
        _systemctl("daemon-reload")
        _run("systemctl", "reset-failed", f"dockeraudit-{name}.service")


def _by_systemd(name: str, places: Places) -> State:
    unit = f"dockeraudit-{name}"
    folder = places.folder(name)
    calendar = _value(places.timer(name), r"^OnCalendar=(.*)$")
    timer_of = service_of = {}
    problem = "systemd is not running here: nothing starts this timer"
    if keeper(places) == "systemd":
        timer_of = _show(f"{unit}.timer", "ActiveState", "UnitFileState", "NextElapseUSecRealtime")
        service_of = _show(f"{unit}.service", "ActiveState", "Result", "ExecMainStatus")
        problem = ""
        if timer_of.get("UnitFileState") != "enabled":
            problem = "the timer is not enabled: it ends with the next restart of the host"
        if timer_of.get("ActiveState") != "active":
            problem = f"the timer is not active: `systemctl start {unit}.timer`"
    found = last(folder)
    result = service_of.get("Result", "success")
    busy = running(folder)
    words = _result(found, busy)
    if result not in ("success", "exit-code"):
        words = f"{words}; systemd says: {result}" if words else f"systemd says: {result}"
    return State(
        name=name,
        kept_by="systemd",
        active=timer_of.get("ActiveState") == "active",
        schedule=calendar,
        next_run=timer_of.get("NextElapseUSecRealtime") or None,
        running=busy,
        last=found,
        last_result=words,
        logs=f"journalctl -u {unit}.service",
        problem=problem,
    )


def _by_cron(name: str, places: Places) -> State:
    folder = places.folder(name)
    found = last(folder)
    problem = "; ".join(each.removeprefix("warning: ") for each in _cron_missing())
    busy = running(folder)
    return State(
        name=name,
        kept_by="cron",
        active=not problem,
        schedule=_value(places.crontab(name), r"^((?:[^\s=#]+ ){4}[^\s=]+) "),
        next_run=None,
        running=busy,
        last=found,
        last_result=_result(found, busy),
        logs=f"{folder}/run.log",
        problem=problem,
    )


def _result(found: Last | None, busy: bool) -> str:
    if found is None:
        return ""
    if found.exit_status is None:
        return "running" if busy else "it did not end by itself: killed, or the host went down"
    return f"exit status {found.exit_status}, {meaning(found.exit_status)}"


def _value(path: str, pattern: str) -> str:
    match = re.search(pattern, owned.read(path) or "", re.MULTILINE)
    return match[1] if match else ""


def _cron_missing() -> Iterator[str]:
    """A word where no cron runs, or one that does not read /etc/cron.d."""
    exes = []
    for entry in os.listdir("/proc"):
        if entry.isdigit():
            try:
                with open(f"/proc/{entry}/comm", encoding="utf-8", errors="replace") as file:
                    if file.read().strip() in ("cron", "crond", "fcron", "bcron"):
                        exes.append(os.path.basename(os.readlink(f"/proc/{entry}/exe")))
            except OSError:
                continue
    if not exes:
        yield "warning: no cron daemon runs here: nothing will start the job until one does"
    elif all(exe.startswith("busybox") for exe in exes):
        yield (
            "warning: busybox crond does not read /etc/cron.d: copy the line, without the user's"
            " name, into `crontab -e`"
        )


def _show(unit: str, *properties: str) -> dict[str, str]:
    done = _run("systemctl", "show", unit, f"--property={','.join(properties)}")
    pairs = (line.partition("=") for line in done.stdout.splitlines())
    return {key: value for key, _, value in pairs}


def _systemctl(*words: str) -> None:
    done = _run("systemctl", *words)
    if done.returncode != 0:
        said = " ".join((done.stderr or done.stdout).split())
        raise ScheduleError(f"systemctl {' '.join(words)}: {said or 'failed'}")


def _run(*argv: str) -> subprocess.CompletedProcess[str]:
    try:
        return subprocess.run(
            argv,
            stdin=subprocess.DEVNULL,
            capture_output=True,
            encoding="utf-8",
            errors="replace",
            timeout=_SECONDS,
            check=False,
            env={**os.environ, "LC_ALL": "C"},
        )
    except (OSError, subprocess.TimeoutExpired) as error:
        raise ScheduleError(f"{argv[0]}: {error}") from error
