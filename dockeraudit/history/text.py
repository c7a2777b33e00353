"""Lines for a terminal of 80 columns; host text can neither end a line nor steer anything."""

import re
import unicodedata
from collections.abc import Iterable, Iterator

from dockeraudit.output import clipped, visible

WIDTH = 80
_MARGIN = 10
_LONGEST = 300
_COMMAND = re.compile(r"#(#\w*\[)")
_BLANKS = re.compile("( +)")


def safe(text: str) -> str:
    """Text from a host, as a part of a line that a CI runner takes for no command of its own."""
    return _COMMAND.sub(r"\\x23\1", visible(clipped(text, _LONGEST)))


def entry(label: str, text: str) -> Iterator[str]:
    """A label in the margin, and a text that wraps beside it."""
    margin = label.ljust(_MARGIN)
    for line in wrap(text, WIDTH - _MARGIN):
        yield inert(f"{margin}{line}".rstrip())
        margin = " " * _MARGIN


def hanging(lead: str, text: str, hang: int | None = None) -> Iterator[str]:
    """A text after a lead; its further lines stand under its beginning, or `hang` to the right."""
    hang = cells(lead) if hang is None else hang
    for line in wrap(text, WIDTH - max(cells(lead), hang)):
        yield inert(lead + line)
        lead = " " * hang


def cut(text: str, width: int) -> str:
    """A name as a cell of a table, shortened where it is too wide for one."""
    while cells(text) > width:
        text = text[: width - 1].rstrip("…") + "…" if len(text) > width else text[:-2] + "…"
    return text


def table(head: Iterable[str], rows: Iterable[Iterable[str]], left: int = 1) -> Iterator[str]:
    """Columns as wide as they need; the first `left` stand at the left, the others at the right."""
    lines = [list(head), *(list(row) for row in rows)]
    wide = [max(map(cells, column)) for column in zip(*lines, strict=True)]
    for line in lines:
        columns = (
            text + " " * (size - cells(text)) if at < left else " " * (size - cells(text)) + text
            for at, (text, size) in enumerate(zip(line, wide, strict=True))
        )
        yield inert(" ".join(columns).rstrip())


def inert(line: str) -> str:
    """The line, which must not begin as a CI runner's command does."""
    return line.replace("::", r"\x3a:", 1) if line.lstrip().startswith("::") else line


def cells(text: str) -> int:
    """How many columns a text takes: East Asian wide characters take two, marks none."""
    if text.isascii():
        return len(text)
    return sum(
        0 if unicodedata.combining(char) else 1 + (unicodedata.east_asian_width(char) in "WF")
        for char in text
    )


def wrap(text: str, width: int) -> list[str]:
    """The text in lines of at most that many columns, broken at blanks where there are some."""
    lines, line = [], ""
    for word in _pieces(text, width):
        if line and cells(line) + cells(word) > width:
            lines.append(line.rstrip())
            line = ""
            if word.isspace():
                continue
        line += word
    return [*lines, line.rstrip()] if line.strip() or not lines else lines


def _pieces(text: str, width: int) -> Iterator[str]:
    """Words and the blanks between them, none wider than a line."""
    for word in _BLANKS.split(text):
        piece = ""
        for char in word if cells(word) > width else (word,):
            if piece and cells(piece) + cells(char) > width:
                yield piece
                piece = ""
            piece += char
        yield piece
