"""Files that dockeraudit wrote itself: only those are changed or removed."""

import os
import stat
from contextlib import suppress

from dockeraudit.schedule.job import ScheduleError

_LARGEST = 64 * 1024
_MARK = "# dockeraudit schedule: "


def head(name: str) -> str:
    """The first lines of every file of a job; by the very first it is known again."""
    return (
        f"{_MARK}{name}\n"
        "# Written by `dockeraudit schedule install`; `… schedule remove` takes it away.\n"
    )


def read(path: str) -> str | None:
    """The text of a file of ours; None where there is no file.

    Raises:
        ScheduleError: somebody else's file is there, or it can't be read.
    """
    try:
        mode = os.lstat(path).st_mode
    except FileNotFoundError:
        return None
    except OSError as error:
        raise ScheduleError(f"{path}: {error.strerror}") from error
    if not stat.S_ISREG(mode):
        raise ScheduleError(f"{path} is there and no plain file; it is left alone")
    try:
        with open(path, encoding="utf-8", errors="replace") as file:
            text = file.read(_LARGEST)
    except OSError as error:
        raise ScheduleError(f"{path}: {error.strerror}") from error
    if not text.startswith(_MARK):
        raise ScheduleError(
            f"{path} was not written by dockeraudit; it is left alone (choose another --name)"
        )
    return text


def write(path: str, text: str) -> bool:
    """Write a file whole, readable by all; False where it says that already.

    Raises:
        ScheduleError: somebody else's file is there, or it can't be written.
    """
    if read(path) == text:
        return False
    beside = os.path.join(os.path.dirname(path), f".dockeraudit-{os.urandom(8).hex()}.tmp")
    try:
        file = os.open(beside, os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_CLOEXEC, 0o644)
        try:
            with os.fdopen(file, "w", encoding="utf-8") as stream:
                stream.write(text)
                os.fchmod(stream.fileno(), 0o644)
            os.replace(beside, path)
        except BaseException:
            with suppress(OSError):
                os.unlink(beside)
            raise
    except OSError as error:
        raise ScheduleError(f"can't write {path}: {error.strerror}") from error
    return True


def remove(path: str) -> bool:
    """Remove a file of ours; False where there is none.

    Raises:
        ScheduleError: somebody else's file is there, or it can't be removed.
    """
    if read(path) is None:
        return False
    try:
        os.unlink(path)
    except OSError as error:
        raise ScheduleError(f"can't remove {path}: {error.strerror}") from error
    return True


def names(folder: str, ending: str) -> list[str]:
    """The jobs that have a file of ours in a folder."""
    found = []
    try:
        entries = sorted(os.listdir(folder))
    except OSError:
        return []
    for entry in entries:
        if entry.startswith("dockeraudit-") and entry.endswith(ending):
            with suppress(ScheduleError):
                name = entry.removeprefix("dockeraudit-").removesuffix(ending)
                text = read(os.path.join(folder, entry)) or ""
                if text.startswith(f"{_MARK}{name}\n"):
                    found.append(name)
    return found
