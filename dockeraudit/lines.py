"""Lines for a terminal: how wide a text is there, where it wraps, and what must not begin one."""

import re
import unicodedata
from collections.abc import Iterator

_COMMAND = re.compile(r"#(#\w*\[)")
_BLANKS = re.compile("( +)")


def without_commands(text: str) -> str:
    """The text, with what Azure's runner takes for a command anywhere in a line spelled out."""
    return _COMMAND.sub(r"\\x23\1", text)


def inert(line: str) -> str:
    r"""The line, which a CI runner must not take for a command (`::error::`, `##vso[…]`).

    GitHub's looks behind leading blanks, Azure's anywhere in a line.
    """
    line = without_commands(line)
    if line.lstrip().startswith("::"):
        return line.replace("::", r"\x3a:", 1)
    return line


def cells(text: str) -> int:
    """How many columns a text takes: East Asian wide characters take two, marks none."""
    if text.isascii():
        return len(text)
    return sum(_cell(char) for char in text)


def _cell(char: str) -> int:
    if unicodedata.combining(char):
        return 0
    return 2 if unicodedata.east_asian_width(char) in "WF" else 1


def pad(text: str, width: int) -> str:
    """The text with blanks up to the width."""
    return text + " " * (width - cells(text))


def wrap(text: str, width: int) -> list[str]:
    """The text in lines of at most that many columns, broken at blanks where there are some."""
    lines: list[str] = []
    line = ""
    used = 0
    for word in _words(text, width):
        size = cells(word)
        if used and used + size > width:
            lines.append(line.rstrip())
            line, used = "", 0
            if word.isspace():
                continue
        line += word
        used += size
    if line.strip() or not lines:
        lines.append(line.rstrip())
    return lines


def _words(text: str, width: int) -> Iterator[str]:
    """Words and the blanks between them, none wider than a line."""
    for word in _BLANKS.split(text):
        rest = word
        while cells(rest) > width:
            cut = _cut(rest, width)
            yield rest[:cut]
            rest = rest[cut:]
        yield rest


def _cut(word: str, width: int) -> int:
    """Where to break a long word: after the last mark like `/` in the line's second half."""
    end = used = 0
    while end < len(word) and (used := used + _cell(word[end])) <= width:
        end += 1
    marks = [at + 1 for at in range(end // 2, end) if word[at] in "./,:;@-=_"]
    return marks[-1] if marks else max(end, 1)
