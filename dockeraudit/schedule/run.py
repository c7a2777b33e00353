"""One run of a job: the scan under a lock, and a note of how it ended."""

import fcntl
import os
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager, nullcontext, suppress

import msgspec
from msgspec import Struct

from dockeraudit.exits import (
    CLEAN,
    FINDINGS,
    INCOMPLETE,
    INTERNAL,
    SIGNALLED,
    USAGE,
)
from dockeraudit.report import Time
from dockeraudit.scan import rfc3339
from dockeraudit.schedule.job import LOCKED, ScheduleError

MEANINGS = {
    CLEAN: "nothing at or above --fail-on",
    FINDINGS: "findings",
    USAGE: "wrong use or configuration, nothing was scanned",
    INCOMPLETE: "incomplete",
    INTERNAL: "an error of dockeraudit's own",
    LOCKED: "another run was still going on, nothing was scanned",
    SIGNALLED + 2: "interrupted",
    SIGNALLED + 15: "terminated",
}

_LARGEST = 4096


class Last(Struct, frozen=True):
    """A run: when it began, and how it ended if it has."""

    pid: int
    started: Time
    finished: Time | None = None
    exit_status: int | None = None


class Locked(Exception):
    """Another run of the job is going on."""

    def __init__(self, name: str, holder: Last | None) -> None:
        since = f" (process {holder.pid}, since {holder.started})" if holder else ""
        super().__init__(f"job {name} is still running{since}; nothing was scanned")


def run(
    name: str, folder: str, log: bool, scan: Callable[[], int], say: Callable[[str], None]
) -> int:
    """Run the scan unless the last one still runs; `say` gets the one line about its end.

    Raises:
        Locked: it still runs.
        ScheduleError: the job's folder can't be used.
    """
    _ready(folder)
    with _locked(name, folder):
        began = time.time()
        note = Last(os.getpid(), rfc3339(began))
        _write(folder, note)
        status = INTERNAL
        with _logging(folder) if log else nullcontext():
            try:
                status = scan()
            except KeyboardInterrupt:
                status = SIGNALLED + 2
                raise
            finally:
                ended = msgspec.structs.replace(
                    note, finished=rfc3339(time.time()), exit_status=status
                )
                _write(folder, ended)
        took = time.time() - began
        where = f"; see {folder}/run.log" if log else ""
        if status != CLEAN or not log:
            say(f"job {name}: exit status {status}, {meaning(status)}, after {took:.0f} s{where}")
    return status


def meaning(status: int) -> str:
    """An exit status in words."""
    return MEANINGS.get(status, "ended by a signal" if status > SIGNALLED else "not known")


def last(folder: str) -> Last | None:
    """The last run that began; None where there was none, or the note is no note."""
    with suppress(OSError, ValueError):
        file = os.open(
            f"{folder}/last.json", os.O_RDONLY | os.O_NOFOLLOW | os.O_CLOEXEC | os.O_NONBLOCK
        )
        try:
            return msgspec.json.decode(os.read(file, _LARGEST), type=Last)
        finally:
            os.close(file)
    return None


def running(folder: str) -> bool:
    """Whether a run holds the lock now."""
    try:
        file = os.open(f"{folder}/lock", os.O_RDONLY | os.O_NOFOLLOW | os.O_CLOEXEC | os.O_NONBLOCK)
    except OSError:
        return False
    try:
        fcntl.flock(file, fcntl.LOCK_SH | fcntl.LOCK_NB)
    except OSError:
        return True
    finally:
        os.close(file)
    return False


def _ready(folder: str) -> None:
    try:
        os.makedirs(folder, 0o700, exist_ok=True)
    except OSError as error:
        raise ScheduleError(f"{folder}: {error.strerror}") from error


@contextmanager
def _locked(name: str, folder: str) -> Iterator[None]:
    """Hold the lock. It ends with the process, however that ends, and is no child's."""
    try:
        file = os.open(
            f"{folder}/lock", os.O_RDWR | os.O_CREAT | os.O_NOFOLLOW | os.O_CLOEXEC, 0o600
        )
    except OSError as error:
        raise ScheduleError(f"{folder}/lock: {error.strerror}") from error
    try:
        try:
            fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except OSError:
            raise Locked(name, last(folder)) from None
        yield
    finally:
        os.close(file)


def _write(folder: str, note: Last) -> None:
    """Leave the note; a scan is worth more than it, so a full disk costs only the note."""
    from dockeraudit.output import OutputError, write

    with suppress(OutputError):
        write(f"{folder}/last.json", [msgspec.json.encode(note).decode(), "\n"])


@contextmanager
def _logging(folder: str) -> Iterator[None]:
    """Both outputs into the last run's log: cron would mail them, and has no journal."""
    import sys

    try:
        log = os.open(
            f"{folder}/run.log",
            os.O_WRONLY | os.O_CREAT | os.O_TRUNC | os.O_NOFOLLOW | os.O_CLOEXEC,
            0o600,
        )
    except OSError as error:
        raise ScheduleError(f"{folder}/run.log: {error.strerror}") from error
    sys.stdout.flush()
    sys.stderr.flush()
    before = [(number, os.dup(number)) for number in (1, 2)]
    try:
        for number, _ in before:
            os.dup2(log, number)
        yield
    finally:
        sys.stdout.flush()
        sys.stderr.flush()
        for number, kept in before:
            os.dup2(kept, number)
            os.close(kept)
        os.close(log)
