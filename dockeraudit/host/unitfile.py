"""systemd unit files: directives over fragment and drop-ins, and command lines.

Follows systemd.syntax(7), systemd.service(5) «Command lines», systemd.exec(5) «EnvironmentFile».
"""

import re
from collections.abc import Iterable, Iterator, Mapping
from functools import lru_cache

from msgspec import Struct

_BLANKS = " \t\n\r"
_PREFIXES = "@-:+!|"
_PLAIN = re.compile(rf"[^{_BLANKS}]+")
_SPECIAL = re.compile(r"""[\\"']""")


class Line(Struct, frozen=True):
    """One assignment, and where it stands."""

    section: str
    name: str
    value: str
    origin: str
    """`/lib/systemd/system/docker.service:13`."""


class Assigned(Struct, frozen=True):
    """A value of an environment variable, and where it was given."""

    value: str
    origin: str


class Argument(Struct, frozen=True):
    """One argument of a command line, and where its text came from."""

    text: str
    origin: str


class Command(Struct, frozen=True):
    """A command line after expansion; the program is the first argument."""

    arguments: tuple[Argument, ...]
    unset: tuple[str, ...]
    """Variables it names that nothing sets: they expand to nothing."""


def lines(path: str, text: str) -> Iterator[Line]:
    """The assignments of one file; comments, blank and foreign lines are passed over."""
    section = ""
    for number, logical in _logical_lines(text):
        if logical.startswith("[") and logical.endswith("]"):
            section = logical[1:-1]
            continue
        name, separator, value = logical.partition("=")
        if separator:
            yield Line(section, name.strip(), value.strip(), f"{path}:{number}")


@lru_cache(maxsize=256)
def lines_of(path: str, text: str) -> tuple[Line, ...]:
    """`lines`, remembered: several checks ask for a unit, and hosts of a fleet share theirs."""
    return tuple(lines(path, text))


def _logical_lines(text: str) -> Iterator[tuple[int, str]]:
    """Continued lines joined by a blank; a comment inside a continuation is left out."""
    pending, start = "", 0
    for number, raw in enumerate(text.split("\n"), 1):
        stripped = raw.strip(_BLANKS)
        if stripped.startswith(("#", ";")):
            continue
        if not pending:
            start = number
        if stripped.endswith("\\"):
            pending += stripped[:-1] + " "
            continue
        joined = pending + stripped
        pending = ""
        if joined.strip():
            yield start, joined.strip()
    if pending.strip():
        yield start, pending.strip()


def values(assignments: Iterable[Line], section: str, name: str) -> list[Line]:
    """The values of a list directive: an empty assignment forgets those before it."""
    kept: list[Line] = []
    for line in assignments:
        if line.section == section and line.name == name:
            kept = [*kept, line] if line.value else []
    return kept


def last(assignments: Iterable[Line], section: str, name: str) -> Line | None:
    """The value of a plain directive: the last one; None if unset or emptied."""
    found = values(assignments, section, name)
    return found[-1] if found else None


def split(text: str) -> list[str]:
    """Words as systemd splits them: blanks, quotes that start a word or stand in it, C escapes.

    An unclosed quote runs to the end: systemd would refuse the line, and the daemon not start.
    """
    if not _SPECIAL.search(text):
        return _PLAIN.findall(text)
    words: list[str] = []
    word: list[str] | None = None
    quote = ""
    at = 0
    while at < len(text):
        char = text[at]
        if char == "\\" and at + 1 < len(text):
            piece, at = _escape(text, at)
            word = [*(word or []), piece]
            continue
        if quote:
            if char == quote:
                quote = ""
            else:
                word = [*(word or []), char]
        elif char in "\"'":
            quote, word = char, word or []
        elif char in _BLANKS:
            if word is not None:
                words.append("".join(word))
            word = None
        else:
            word = [*(word or []), char]
        at += 1
    if word is not None:
        words.append("".join(word))
    return words


_ESCAPES = {"a": "\a", "b": "\b", "f": "\f", "n": "\n", "r": "\r", "t": "\t", "v": "\v", "s": " "}


def _escape(text: str, at: int) -> tuple[str, int]:
    """The character that a backslash at `at` stands for, and where the text goes on."""
    kind = text[at + 1]
    for marker, digits, base in (("x", 2, 16), ("u", 4, 16), ("U", 8, 16)):
        if kind == marker:
            return _number(text[at + 2 : at + 2 + digits], base, kind), at + 2 + digits
    if kind in "01234567":
        return _number(text[at + 1 : at + 4], 8, kind), at + 4
    return _ESCAPES.get(kind, kind), at + 2


def _number(digits: str, base: int, fallback: str) -> str:
    try:
        return chr(int(digits, base))
    except (ValueError, OverflowError):
        return fallback


def command(line: Line, environment: Mapping[str, Assigned]) -> Command:
    """A command line with its variables expanded: `$X` splits at blanks, `${X}` does not."""
    text = line.value
    prefix = text[: len(text) - len(text.lstrip(_PREFIXES))]
    words = split(text[len(prefix) :].lstrip())
    if "@" in prefix and len(words) > 1:
        del words[1]
    unset: list[str] = []
    arguments: list[Argument] = []
    for word in words:
        if ":" in prefix:
            arguments.append(Argument(word, line.origin))
        else:
            arguments += _expanded(word, environment, line.origin, unset)
    return Command(tuple(arguments), tuple(unset))


def _expanded(
    word: str, environment: Mapping[str, Assigned], origin: str, unset: list[str]
) -> list[Argument]:
    name = word[1:]
    if word.startswith("$") and _is_name(name):
        given = environment.get(name)
        if given is None:
            unset.append(name)
            return []
        return [Argument(piece, f"{given.origin} {name}") for piece in split(given.value)]
    return [_substituted(word, environment, origin, unset)]


def _substituted(
    word: str, environment: Mapping[str, Assigned], origin: str, unset: list[str]
) -> Argument:
    """A word with each `${X}` put in its place, `$$` a dollar, and specifiers `%%` a per cent."""
    if "$" not in word and "%" not in word:
        return Argument(word, origin)
    text, at, source = "", 0, origin
    while at < len(word):
        if word.startswith("$$", at):
            text, at = text + "$", at + 2
        elif word.startswith("%%", at):
            text, at = text + "%", at + 2
        elif word.startswith("${", at) and "}" in word[at:]:
            end = word.index("}", at)
            name = word[at + 2 : end]
            given = environment.get(name)
            if given is None:
                unset.append(name)
            else:
                text, source = text + given.value, f"{given.origin} {name}"
            at = end + 1
        else:
            text, at = text + word[at], at + 1
    return Argument(text, source)


def _is_name(text: str) -> bool:
    return bool(text) and text.isascii() and text.replace("_", "a").isalnum()


def environment_file(path: str, text: str) -> dict[str, Assigned]:
    """Assignments of an EnvironmentFile; of two with one name the last counts."""
    found: dict[str, Assigned] = {}
    for number, logical in _logical_lines(text):
        name, separator, value = logical.partition("=")
        name = name.strip()
        if separator and _is_name(name) and not name[0].isdigit():
            found[name] = Assigned(_unquoted(value.strip()), f"{path}:{number}")
    return found


def _unquoted(value: str) -> str:
    """Outer quotes removed, as systemd's load_env_file does; blanks inside stay."""
    text, quote, at = "", "", 0
    while at < len(value):
        char = value[at]
        if char == "\\" and at + 1 < len(value) and quote != "'":
            text, at = text + value[at + 1], at + 2
            continue
        if quote and char == quote:
            quote = ""
        elif not quote and char in "\"'":
            quote = char
        else:
            text += char
        at += 1
    return text


def assignments(line: Line) -> dict[str, Assigned]:
    """Those of one `Environment=` line."""
    found = {}
    for word in split(line.value):
        name, separator, value = word.partition("=")
        if separator:
            found[name] = Assigned(value, line.origin)
    return found


def shell_assignments(path: str, text: str) -> dict[str, Assigned]:
    """Plain assignments of a shell fragment such as /etc/default/docker or /etc/conf.d/docker.

    `NAME="$NAME more"` adds to what was set before; other expansions stay as written.
    """
    import shlex

    found: dict[str, Assigned] = {}
    for number, logical in _logical_lines(text):
        body = logical.removeprefix("export ").lstrip()
        name, separator, value = body.partition("=")
        if not separator or not _is_name(name):
            continue
        try:
            words = shlex.split(value, comments=True)
        except ValueError:
            words = [value]
        plain = words[0] if words else ""
        before = found[name].value if name in found else ""
        for spelling in (f"${{{name}}}", f"${name}"):
            plain = plain.replace(spelling, before)
        found[name] = Assigned(plain, f"{path}:{number}")
    return found
