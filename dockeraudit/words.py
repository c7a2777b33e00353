"""Words for people: nearest names, one line out of any text, and a check's text in parts."""

from collections.abc import Iterable, Iterator
from textwrap import dedent
from typing import Literal


def nearest(word: str, known: Iterable[str]) -> str:
    """` Did you mean …?` for a mistyped word, or nothing."""
    from difflib import get_close_matches

    close = get_close_matches(word, list(known), n=1)
    return f" Did you mean {close[0]!r}?" if close else ""


def days(number: int) -> str:
    """`1 day`, `2 days`."""
    return "1 day" if number == 1 else f"{number} days"


def one_line(text: str, limit: int) -> str:
    """Text from a host as one printable line: what could steer a terminal is replaced."""
    safe = "".join(char if char.isprintable() else "\ufffd" for char in text[: limit + 1])
    return safe if len(safe) <= limit else f"{safe[:limit]}…"


def blocks(text: str) -> Iterator[tuple[Literal["prose", "command"], str]]:
    """A check's rationale or remediation in parts: a paragraph, or a run of indented commands.

    The texts are wrapped in the source: a line is joined to the next unless it ends a sentence.
    """
    paragraph = ""
    commands: list[str] = []
    for line in text.splitlines():
        command = line.startswith((" ", "\t")) and line.strip() != ""
        if commands and not command:
            yield "command", dedent("\n".join(commands))
            commands = []
        if paragraph and (command or not line or paragraph.endswith((".", ":"))):
            yield "prose", paragraph
            paragraph = ""
        if command:
            commands.append(line)
        elif line:
            paragraph = f"{paragraph} {line}" if paragraph else line
    if commands:
        yield "command", dedent("\n".join(commands))
    if paragraph:
        yield "prose", paragraph
