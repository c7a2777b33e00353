"""The collector's output as frames: what stood under which header.

A frame is a line `@NONCE kind argument` and the lines below it that begin with `|`; the script
(`collector.sh`) says why nothing on a host can forge one.
"""

import re
from typing import Literal

from msgspec import Struct

Kind = Literal["no-shell", "died", "protocol", "command-missing"]

_ESCAPE = re.compile(rb"\\(n|\\)")


class CollectError(Exception):
    """The collector's output is not whole, or it could not run, and why."""

    def __init__(self, kind: Kind, message: str) -> None:
        super().__init__(message)
        self.kind: Kind = kind
        self.message = message


class Frame(Struct, frozen=True):
    """One header and its body."""

    kind: str
    argument: bytes
    """Unescaped."""
    lines: tuple[bytes, ...]

    @property
    def body(self) -> bytes:
        """The lines as the text they were; a last newline is there if it was there."""
        return b"\n".join(self.lines)

    @property
    def name(self) -> str:
        """The argument as text: a path, mostly."""
        return text(self.argument)


def text(data: bytes) -> str:
    """Text that JSON can carry, whatever the bytes are."""
    return data.decode("utf-8", "backslashreplace")


def unescape(data: bytes) -> bytes:
    r"""Undo the script's `esc`: `\n` and `\\`."""
    if b"\\" not in data:
        return data
    return _ESCAPE.sub(lambda match: b"\n" if match[1] == b"n" else b"\\", data)


def split(output: bytes, nonce: str) -> list[Frame]:
    """The frames between `begin` and `end`, without these two; noise around them is skipped.

    Raises:
        CollectError: no header at all, no end, or lines that are neither header nor body.
    """
    mark = b"@" + nonce.encode("utf-8", "replace") + b" "
    start = 0 if output.startswith(mark + b"begin") else output.find(b"\n" + mark + b"begin") + 1
    if not output.startswith(mark + b"begin", start):
        raise CollectError("no-shell", f"the collector did not start; {_said(output)}")
    frames: list[Frame] = []
    first, *others = output[start + len(mark) :].split(b"\n" + mark)
    _lines(first)
    for section in others:
        if section == b"end" or section.startswith(b"end\n"):
            return frames
        header, *lines = _lines(section)
        frames.append(_frame(header, lines))
    raise CollectError("died", "the collector's output stops in the middle")


def _lines(section: bytes) -> list[bytes]:
    """A header, and the lines of its body without their `|`; empty lines between are left out."""
    lines = section.split(b"\n|")
    if section.count(b"\n") == len(lines) - 1:
        return lines
    found = []
    for line in lines:
        own, *others = line.split(b"\n")
        for other in others:
            if other:
                raise CollectError("protocol", f"unexpected line {_short(other)} in its output")
        found.append(own)
    return found


def _frame(header: bytes, lines: list[bytes]) -> Frame:
    kind, _, argument = header.partition(b" ")
    return Frame(text(kind), unescape(argument), tuple(lines))


def _said(output: bytes) -> str:
    for line in output.split(b"\n", 50)[:50]:
        if line.strip():
            return f"the host said {_short(line.strip())}"
    return "the host said nothing"


def _short(line: bytes) -> str:
    """At most 80 characters, in quotes, without control characters."""
    return ascii(text(line[:80]))
