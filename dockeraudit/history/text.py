"""Lines for a terminal of 80 columns; host text can neither end a line nor steer anything."""

from collections.abc import Iterable, Iterator

from dockeraudit.lines import cells, inert, pad, without_commands, wrap
from dockeraudit.output import clipped, visible

WIDTH = 80
_MARGIN = 10
_LONGEST = 300


def safe(text: str) -> str:
    """Text from a host, as a part of a line."""
    return without_commands(visible(clipped(text, _LONGEST)))


def entry(label: str, text: str) -> Iterator[str]:
    """A label in the margin, and a text that wraps beside it."""
    margin = pad(label, _MARGIN)
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
            pad(text, size) if at < left else " " * (size - cells(text)) + text
            for at, (text, size) in enumerate(zip(line, wide, strict=True))
        )
        yield inert(" ".join(columns).rstrip())
