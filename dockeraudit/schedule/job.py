"""What is to run, as whom, and how often."""

import re
from hashlib import sha256

from msgspec import Struct

LOCKED = 75
"""Exit code of a run that found another one going on (EX_TEMPFAIL): nothing was scanned."""

_NAME = re.compile(r"[a-z0-9]([a-z0-9-]{0,38}[a-z0-9])?", re.ASCII)
_FIELDS = re.compile(r"[0-9A-Za-z*/,-]+( [0-9A-Za-z*/,-]+){4}", re.ASCII)

_JITTER = {"hourly": 300, "daily": 3600, "weekly": 3600, "monthly": 3600}
_OTHER_JITTER = 300


class ScheduleError(Exception):
    """A job that can't be installed, shown or removed; one line that says why."""


class Places(Struct, frozen=True):
    """Where the files of jobs are."""

    units: str = "/etc/systemd/system"
    cron: str = "/etc/cron.d"
    state: str = "/var/lib/dockeraudit"
    systemd: str = "/run/systemd/system"
    """Is there while systemd is the init."""

    def service(self, name: str) -> str:
        return f"{self.units}/dockeraudit-{name}.service"

    def timer(self, name: str) -> str:
        return f"{self.units}/dockeraudit-{name}.timer"

    def crontab(self, name: str) -> str:
        """cron reads only files whose names have no dot."""
        return f"{self.cron}/dockeraudit-{name}"

    def folder(self, name: str) -> str:
        """A job's own: its lock, its last run, and its report where none was asked for."""
        return f"{self.state}/{name}"


class Job(Struct, frozen=True):
    """A scan that somebody wants to run by itself."""

    name: str
    every: str
    """`hourly`, `daily`, `weekly`, `monthly`, or what systemd or cron itself understands."""
    user: str
    program: tuple[str, ...]
    """The words that start dockeraudit, the first an absolute path."""
    scan: tuple[str, ...]
    """The words after `dockeraudit scan`."""
    writes: tuple[str, ...] = ()
    """Folders that reports are written to."""
    jitter: int | None = None
    """Seconds by which a start may be late, the same each time; None: what suits `every`."""
    sudo: bool = False
    """Whether the scan becomes root on this machine by sudo."""

    @property
    def delay(self) -> int:
        """The jitter in force."""
        if self.jitter is not None:
            return self.jitter
        return _JITTER.get(self.every, _OTHER_JITTER)

    def command(self, *options: str) -> tuple[str, ...]:
        """What the timer or cron starts."""
        return (*self.program, "schedule", "run", "--name", self.name, *options, "--", *self.scan)


def checked_name(name: str) -> str:
    """The name, if it can be part of a unit's and a cron file's name.

    Raises:
        ScheduleError: it can't.
    """
    if not _NAME.fullmatch(name):
        raise ScheduleError(
            f"--name {name!r}: use at most 40 small letters, digits and hyphens, such as `nightly`"
        )
    return name


def checked_words(words: tuple[str, ...]) -> tuple[str, ...]:
    """The words, if a unit file and a crontab can carry them.

    Raises:
        ScheduleError: one has a line end, another control character, or is no UTF-8.
    """
    for word in words:
        if any(ord(char) < 32 or ord(char) == 127 or 0xD800 <= ord(char) < 0xE000 for char in word):
            raise ScheduleError(f"{word!r}: control characters and broken UTF-8 can't be scheduled")
    return words


def checked_calendar(every: str) -> str:
    """A value of OnCalendar=, as far as can be told without systemd.

    Raises:
        ScheduleError: it is empty, has a specifier, or is in cron's notation.
    """
    if _FIELDS.fullmatch(every):
        raise ScheduleError(
            f"--every {every!r} is cron's notation; systemd runs here: write hourly, daily, weekly,"
            " monthly, or a calendar expression such as `Mon..Fri 04:17`"
        )
    if not every.strip() or "%" in every or not every.isprintable():
        raise ScheduleError(f"--every {every!r} is no calendar expression of systemd")
    return every


def fields(job: Job, host: str) -> str:
    """cron's five fields. The minute comes from host and job, so a fleet doesn't start at once.

    Raises:
        ScheduleError: `every` can't be said in cron's notation.
    """
    spread = int.from_bytes(sha256(f"{host} {job.name}".encode()).digest()[:4], "big")
    minute = spread % (min(job.delay // 60, 59) + 1)
    known = {
        "hourly": f"{minute} * * * *",
        "daily": f"{minute} 0 * * *",
        "weekly": f"{minute} 0 * * 1",
        "monthly": f"{minute} 0 1 * *",
    }
    if job.every in known:
        return known[job.every]
    if _FIELDS.fullmatch(job.every):
        return job.every
    raise ScheduleError(
        f"--every {job.every!r}: cron takes hourly, daily, weekly, monthly, or its own five fields"
        " such as `17 4 * * 1-5`"
    )
