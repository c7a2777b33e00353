"""The program's own streams: opened if they are missing, never an exception, flushed at the end."""

import os
import sys

from dockeraudit.words import one_line

_LONGEST = 2000


def say(text: str) -> None:
    """One line for people, on stderr; a reader who went away costs nothing."""
    try:
        sys.stderr.write(f"{one_line(text, _LONGEST)}\n")
        sys.stderr.flush()
    except (OSError, ValueError):
        _silence(2)


def open_missing() -> None:
    """Open /dev/null for each standard stream that the caller closed.

    Otherwise the first file that is opened, a report or a socket, would take its number, and
    what is meant for the stream would end up in it.
    """
    for number, name in enumerate(("stdin", "stdout", "stderr")):
        if getattr(sys, name) is None:
            opened = os.open(os.devnull, os.O_RDWR)
            if opened != number:
                os.dup2(opened, number)
                os.close(opened)
            setattr(sys, name, os.fdopen(number, "w" if number else "r", closefd=False))


def finish() -> OSError | None:
    """Flush both outputs; the error of stdout, unless its reader just went away.

    The interpreter would flush them once more, complain in lines of its own and end with 120.
    """
    failed = None
    for number, stream in ((1, sys.stdout), (2, sys.stderr)):
        try:
            stream.flush()
        except (OSError, ValueError) as error:
            _silence(number)
            if (
                number == 1
                and isinstance(error, OSError)
                and not isinstance(error, BrokenPipeError)
            ):
                failed = error
    return failed


def _silence(number: int) -> None:
    null = os.open(os.devnull, os.O_WRONLY)
    os.dup2(null, number)
    os.close(null)
