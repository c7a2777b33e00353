"""The cron.d file of a job, where there is no systemd.

A scan of the same machine looks for lines that start a Docker daemon in these files; nothing of the
text that is always there may look like one.
"""

import shlex

from dockeraudit.schedule.job import Job, ScheduleError, fields
from dockeraudit.schedule.owned import head

_LONGEST = 990
"""Debian's cron takes a command of 998 characters, and drops a longer one without a word."""


def crontab(job: Job, host: str) -> str:
    """The file's text.

    Raises:
        ScheduleError: cron can't say `every`, or the command is too long for it.
    """
    command = cron_line(job.command("--log"))
    if len(command.encode()) > _LONGEST:
        raise ScheduleError(
            f"the command has {len(command):,} characters, and cron takes {_LONGEST}: put the"
            " targets into a file and give --inventory FILE"
        )
    return (
        f"{head(job.name)}"
        "SHELL=/bin/sh\n"
        "PATH=/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin\n"
        f"{fields(job, host)} {job.user} {command}\n"
    )


def cron_line(words: tuple[str, ...]) -> str:
    """A command line for /bin/sh. cron makes a line end of each `%` without a backslash."""
    return shlex.join(words).replace("%", r"\%")
