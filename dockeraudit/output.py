"""What leaves the program: text made safe for where it is printed, and files whole or absent.

The report writers and the command line use it. A report is written beside its place and renamed,
so a reader finds the old one or the new one and never a torn one (DESIGN.md, promise 6).
"""

import errno
import os
import stat
import sys
from collections.abc import Callable, Iterable, Iterator
from contextlib import suppress
from typing import BinaryIO

_BLOCK = 1 << 16

_ADVICE = {
    errno.ENOSPC: "free some space there, or write to another disk",
    errno.EDQUOT: "the quota there is used up; write to another disk",
    errno.EROFS: "the file system there is read-only; write somewhere else",
    errno.EACCES: "check who may write to that folder, or write somewhere else",
    errno.EPERM: "check who may write to that folder, or write somewhere else",
    errno.ENOENT: "create the folder first",
    errno.ENOTDIR: "a part of the path is a file; check the path",
    errno.ENAMETOOLONG: "choose a shorter name",
}


class OutputError(Exception):
    """A report that could not be written: what, where and what to do, in one line."""

    def __init__(self, path: str, reason: str, hint: str) -> None:
        super().__init__(f"can't write {visible(path)}: {visible(reason)}; {hint}")
        self.path = path
        self.reason = reason
        self.hint = hint


def visible(text: str, keep: str = "") -> str:
    r"""The text on one line, with whatever steers a terminal or hides from a reader spelled out.

    Control characters, escapes, line ends, bidirectional and zero-width marks, lone surrogates,
    private and unassigned characters become `\x1b`, `\n`, `\u202e`; `keep` names exceptions.
    """
    if text.isprintable():
        return text
    if keep == "\n":
        return "\n".join(map(visible, text.split("\n")))
    return "".join(
        char if char.isprintable() or char in keep else char.encode("unicode_escape").decode()
        for char in text
    )


def whole_characters(text: str) -> str:
    r"""The text, with lone surrogates spelled out (`\udc80`): what UTF-8 can't carry."""
    return text.encode("utf-8", "backslashreplace").decode("utf-8")


def clipped(text: str, limit: int) -> str:
    """The text's beginning, and how long it really is where it is longer than the limit."""
    if len(text) <= limit:
        return text
    return f"{text[:limit]}… [{len(text):,} characters in all]"


PRIVATE = 0o600
HEAD = 4096
"""Bytes that a report is recognised by."""


def foreign(path: str, ours: Callable[[bytes], bool]) -> str:
    """Why a file must not be replaced by a report; empty where it may be.

    `ours` tells by a file's first bytes whether it is a report, such as yesterday's. An empty file
    is nobody's loss. What is no plain file is not looked at: `write` refuses that anyway.
    """
    if path == "-":
        return ""
    try:
        if not stat.S_ISREG(os.lstat(path).st_mode):
            return ""
        file = os.open(path, os.O_RDONLY | os.O_NOFOLLOW | os.O_NONBLOCK | os.O_CLOEXEC)
    except FileNotFoundError:
        return ""
    except PermissionError:
        return "it is there, and can't be read, so that nobody knows what it is"
    except (OSError, ValueError):
        return ""
    try:
        head = os.read(file, HEAD)
    except OSError as error:
        return error.strerror or type(error).__name__
    finally:
        os.close(file)
    return "" if not head or ours(head) else "it is there, and is no report of dockeraudit"


def write(path: str | os.PathLike[str], chunks: Iterable[str | bytes], mode: int = PRIVATE) -> None:
    """Write a report as UTF-8, of that mode whatever the umask; `-` is standard output.

    Raises:
        OutputError: it could not be written; what was there before is untouched.
    """
    where = os.fspath(path)
    if where == "-":
        _to_stdout(chunks)
    else:
        _to_file(where, chunks, mode)


def _to_stdout(chunks: Iterable[str | bytes]) -> None:
    """A reader who goes away early (`| head`) has had enough, which is no error."""
    sys.stdout.flush()
    stream: BinaryIO = sys.stdout.buffer
    for block in _blocks(chunks):
        try:
            stream.write(block)
            stream.flush()
        except BrokenPipeError:
            _silence_stdout()
            return
        except OSError as error:
            _silence_stdout()
            raise failure("standard output", error) from error


def _silence_stdout() -> None:
    """Let the interpreter's last flush go nowhere, instead of failing a second time."""
    with suppress(OSError, ValueError):
        null = os.open(os.devnull, os.O_WRONLY)
        os.dup2(null, sys.stdout.fileno())
        os.close(null)


def _to_file(where: str, chunks: Iterable[str | bytes], mode: int) -> None:
    folder, name = os.path.split(where)
    folder = folder or "."
    _refuse_special(where, name)
    # A fresh name that must not exist yet: no link that somebody left there is followed.
    beside = os.path.join(folder, f".dockeraudit-{os.urandom(8).hex()}.tmp")
    try:
        file = os.open(beside, os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_CLOEXEC, PRIVATE)
    except OSError as error:
        raise failure(where, error) from error
    try:
        _fill(file, where, chunks, mode)
        _put_in_place(beside, where, folder)
    except BaseException:
        with suppress(OSError):
            os.unlink(beside)
        raise


def _refuse_special(where: str, name: str) -> None:
    """Only a plain file may be replaced, never a device, a pipe, a folder or a link."""
    if not name or name in (".", ".."):
        raise OutputError(where, "that is a folder", "name a file in it")
    try:
        mode = os.lstat(where).st_mode
    except FileNotFoundError:
        return
    except (OSError, ValueError) as error:
        raise failure(where, error) from error
    if stat.S_ISREG(mode):
        return
    if stat.S_ISDIR(mode):
        raise OutputError(where, "that is a folder", "name a file in it")
    if stat.S_ISLNK(mode):
        raise OutputError(where, "that is a symbolic link", "name the file that it points to")
    raise OutputError(where, "that is not a plain file", "use - for standard output")


def _fill(file: int, where: str, chunks: Iterable[str | bytes], mode: int) -> None:
    """Write all blocks and close the file; only errors of writing become an OutputError."""
    try:
        for block in _blocks(chunks):
            try:
                left = memoryview(block)
                while left:
                    left = left[os.write(file, left) :]
            except OSError as error:
                raise failure(where, error) from error
        try:
            if mode != PRIVATE:
                os.fchmod(file, mode)
            os.fsync(file)
        except OSError as error:
            raise failure(where, error) from error
    finally:
        os.close(file)


def _put_in_place(beside: str, where: str, folder: str) -> None:
    try:
        os.replace(beside, where)
    except OSError as error:
        raise failure(where, error) from error
    # The name itself must outlive a power cut too; some file systems can't sync a folder.
    with suppress(OSError):
        handle = os.open(folder, os.O_RDONLY | os.O_DIRECTORY | os.O_CLOEXEC)
        try:
            os.fsync(handle)
        finally:
            os.close(handle)


def _blocks(chunks: Iterable[str | bytes]) -> Iterator[bytes]:
    """The chunks, text as UTF-8, joined to blocks that are worth a system call."""
    block = bytearray()
    for chunk in chunks:
        block += chunk if isinstance(chunk, bytes) else chunk.encode("utf-8", "backslashreplace")
        if len(block) >= _BLOCK:
            yield bytes(block)
            block.clear()
    if block:
        yield bytes(block)


def failure(where: str, error: OSError | ValueError) -> OutputError:
    """What to say of a place that could not be written."""
    if isinstance(error, OSError):
        reason = error.strerror or type(error).__name__
        return OutputError(where, reason, _ADVICE.get(error.errno or 0, "write somewhere else"))
    return OutputError(where, str(error), "choose another name")
