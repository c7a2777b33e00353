"""Where each key of a TOML text stands: tomllib gives the values, and keeps no lines.

A scanner of keys, strings and brackets, for text that tomllib has already taken; of other text it
finds what it can, and never raises.
"""

import re
import tomllib
from contextlib import suppress

from dockeraudit.config.document import Path

_BLANKS = re.compile(r"[ \t]*")
_GAPS = re.compile(r"(?:[ \t\r\n]|#[^\n]*)*")
_BARE = re.compile(r"[A-Za-z0-9_-]+")
_QUOTED = re.compile(r'"(?:[^"\\\n]|\\.)*"' + r"|'[^'\n]*'")
_STRING = re.compile(
    r'"""(?:[^"\\]|\\.|"(?!""))*"{3,5}' + r"|'''(?:[^']|'(?!''))*'{3,5}|" + _QUOTED.pattern,
    re.DOTALL,
)
_PLAIN = re.compile(r"[^,\]}#\n]*")


def places(text: str) -> dict[Path, int]:
    """The line of every table, key and array element."""
    scanner = _Scanner(text)
    with suppress(RecursionError):  # deeper than tomllib reads, too
        scanner.document()
    return scanner.found


class _Scanner:
    def __init__(self, text: str) -> None:
        self.found: dict[Path, int] = {}
        self._text = text
        self._at = 0
        self._line, self._counted = 1, 0
        self._lengths: dict[Path, int] = {}
        """Of arrays of tables, so far."""

    def document(self) -> None:
        table: Path = ()
        while self._skip(_GAPS):
            before = self._at
            if self._next("["):
                table = self._header()
            else:
                self._pair(table)
            if self._at == before:
                self._at += 1

    def _header(self) -> Path:
        line = self._here()
        repeated = self._text.startswith("[[", self._at)
        width = 2 if repeated else 1
        self._at += width
        keys = self._key()
        if self._text.startswith("]" * width, self._at):
            self._at += width
        path: Path = ()
        for key in keys[:-1]:
            path = self._inside((*path, key), line)
        for key in keys[-1:]:
            path = (*path, key)
            if repeated:
                self.found.setdefault(path, line)
                number = self._lengths.get(path, 0)
                self._lengths[path] = number + 1
                path = (*path, number)
            elif path in self._lengths:
                path = (*path, self._lengths[path] - 1)
            self.found[path] = line
        return path

    def _inside(self, path: Path, line: int) -> Path:
        """A table on the way; of an array of tables its last one."""
        self.found.setdefault(path, line)
        length = self._lengths.get(path)
        return path if length is None else (*path, length - 1)

    def _pair(self, table: Path) -> None:
        line = self._here()
        keys = self._key()
        if not keys or not self._next("="):
            return
        self._at += 1
        path = table
        for key in keys:
            path = (*path, key)
            self.found.setdefault(path, line)
        self._value(path)

    def _value(self, path: Path) -> None:
        self._skip(_BLANKS)
        if self._next("["):
            self._array(path)
        elif self._next("{"):
            self._table(path)
        else:
            self._skip(_STRING) if _STRING.match(self._text, self._at) else self._skip(_PLAIN)

    def _array(self, path: Path) -> None:
        self._at += 1
        index = 0
        while self._skip(_GAPS):
            if self._next("]"):
                self._at += 1
                return
            if self._next(","):
                self._at += 1
                continue
            before = self._at
            self.found[(*path, index)] = self._here()
            self._value((*path, index))
            index += 1
            if self._at == before:
                self._at += 1

    def _table(self, path: Path) -> None:
        self._at += 1
        while self._skip(_GAPS):
            if self._next("}"):
                self._at += 1
                return
            before = self._at
            self._pair(path)
            if self._at == before:
                self._at += 1

    def _key(self) -> tuple[str, ...]:
        """A dotted key, and the blanks around it."""
        keys: list[str] = []
        while True:
            self._skip(_BLANKS)
            bare = _BARE.match(self._text, self._at)
            found = bare or _QUOTED.match(self._text, self._at)
            if found is None:
                return tuple(keys)
            self._at = found.end()
            keys.append(found[0] if bare else _unquoted(found[0]))
            self._skip(_BLANKS)
            if not self._next("."):
                return tuple(keys)
            self._at += 1

    def _here(self) -> int:
        """The line of what comes next."""
        self._line += self._text.count("\n", self._counted, self._at)
        self._counted = self._at
        return self._line

    def _next(self, char: str) -> bool:
        return self._text.startswith(char, self._at)

    def _skip(self, what: re.Pattern[str]) -> bool:
        """Pass over it; whether there is more text."""
        found = what.match(self._text, self._at)
        if found is not None:
            self._at = found.end()
        return self._at < len(self._text)


def _unquoted(quoted: str) -> str:
    try:
        return next(iter(tomllib.loads(f"{quoted} = 0")))
    except tomllib.TOMLDecodeError:
        return quoted
