"""Lines that set DOCKER_… variables, in the languages of login files; pure, and never an exception.

Shells' own words are taken apart as far as assignments need it: quotes, comments, what ends a
command. Nothing is expanded but `${NAME:-value}`, whose value is what a fresh login gets.
"""

import re
from collections.abc import Iterator

from msgspec import Struct

_NAME = re.compile(r"DOCKER_[A-Z0-9_]+")
_ASSIGNED = re.compile(r"(DOCKER_[A-Z0-9_]+)=(.*)", re.DOTALL)
_YAML = re.compile(r"\s*(?:-\s*)?[\"']?(DOCKER_[A-Z0-9_]+)[\"']?\s*[:=]\s*(.*)")
_DEFAULT = re.compile(r"\$\{[A-Za-z_][A-Za-z0-9_]*:?[-=](.*)\}", re.DOTALL)
_EXPORTS = frozenset(("export", "declare", "typeset", "readonly", "local"))
_KEYWORDS = frozenset(("then", "else", "elif", "do", "if", "while", "until", "!", "{", "begin"))
_PAM_FILES = ("/.pam_environment", "/pam_env.conf")
_ENDS = ";&|()\n"


class Assignment(Struct, frozen=True):
    """A variable that a line sets or takes away."""

    name: str
    value: str | None
    """None: it is unset."""
    path: str
    line: str
    """`3: export DOCKER_HOST=…`, as it was collected."""
    inline: bool = False
    """Only for the one command on its line."""

    @property
    def number(self) -> str:
        """Where in the file the line is."""
        return self.line.partition(":")[0]

    @property
    def on(self) -> bool:
        """Whether it has a value; what that value says does not matter to a switch."""
        return bool(self.value)


def assignments(path: str, line: str) -> tuple[Assignment, ...]:
    """What a collected line `NUMBER:TEXT` sets, in order."""
    text = line.partition(":")[2]
    if path.endswith(_PAM_FILES):
        return tuple(_pam(path, line, text))
    if path.endswith((".yml", ".yaml")):
        match = _YAML.match(text)
        return (_made(path, line, match[1], _bare(match[2])),) if match else ()
    if path.startswith("/proc/"):
        match = _ASSIGNED.fullmatch(text)
        return (Assignment(match[1], match[2], path, line),) if match else ()
    return tuple(each for words in commands(text) for each in _command(path, line, words))


def endpoint(value: str) -> str:
    """The host of a DOCKER_HOST that is reached over TCP; empty if it is another kind.

    >>> endpoint("tcp://192.0.2.1:2376"), endpoint("192.0.2.1:2375"), endpoint("ssh://root@web")
    ('192.0.2.1', '192.0.2.1', '')
    """
    scheme, separator, rest = value.strip().partition("://")
    if not separator:
        if value.startswith(("/", "$")) or ":" not in value:
            return ""
        rest = value.strip()
    elif scheme.lower() not in ("tcp", "http", "https"):
        return ""
    place = rest.partition("/")[0].rpartition("@")[2]
    if place.startswith("["):
        return place[1:].partition("]")[0]
    return place.rpartition(":")[0] if ":" in place else place


def _made(path: str, line: str, name: str, value: str, *, inline: bool = False) -> Assignment:
    default = _DEFAULT.fullmatch(value)
    return Assignment(name, default[1] if default else value, path, line, inline)


def _pam(path: str, line: str, text: str) -> Iterator[Assignment]:
    """`NAME DEFAULT=value OVERRIDE=value`, of which a value for OVERRIDE wins; or NAME=value."""
    for words in commands(text):
        first = _ASSIGNED.fullmatch(words[0])
        if first:
            yield _made(path, line, first[1], first[2])
        elif _NAME.fullmatch(words[0]):
            given = dict(each.partition("=")[::2] for each in words[1:])
            value = given.get("OVERRIDE") or given.get("DEFAULT") or ""
            yield _made(path, line, words[0], value)


def _command(path: str, line: str, words: tuple[str, ...]) -> Iterator[Assignment]:
    while words and words[0] in _KEYWORDS:
        words = words[1:]
    verb = words[0] if words else ""
    if verb == "unset" or (verb == "export" and "-n" in words):
        yield from (Assignment(each, None, path, line) for each in words if _NAME.fullmatch(each))
    elif verb == "setenv" and len(words) > 1:
        if _NAME.fullmatch(words[1]):
            yield _made(path, line, words[1], words[2] if len(words) > 2 else "")
    elif verb == "set":
        yield from _fish(path, line, words[1:])
    elif verb in _EXPORTS or all("=" in each for each in words):
        yield from _given(path, line, words, inline=False)
    else:
        yield from _given(path, line, words, inline=True)


def _given(path: str, line: str, words: tuple[str, ...], *, inline: bool) -> Iterator[Assignment]:
    for word in words:
        match = _ASSIGNED.fullmatch(word)
        if match:
            yield _made(path, line, match[1], match[2], inline=inline)


def _fish(path: str, line: str, words: tuple[str, ...]) -> Iterator[Assignment]:
    """`set -gx NAME value`; with -e the name is erased."""
    flags = [each for each in words if each.startswith("-")]
    short = "".join(each for each in flags if not each.startswith("--"))
    rest = [each for each in words if not each.startswith("-")]
    if rest and _NAME.fullmatch(rest[0]):
        value = None if "--erase" in flags or "e" in short else " ".join(rest[1:])
        yield Assignment(rest[0], value, path, line)


def _bare(text: str) -> str:
    """A YAML scalar without its quotes or the comment behind it."""
    text = text.strip()
    if text[:1] in ("'", '"') and text.find(text[0], 1) > 0:
        return text[1 : text.find(text[0], 1)]
    return re.split(r"\s#", text)[0].strip()


def commands(text: str) -> Iterator[tuple[str, ...]]:
    """The commands of a shell line, each as its words without quotes; comments are left out."""
    words: list[str] = []
    word: str | None = None
    at = 0
    while at < len(text):
        char = text[at]
        if char == "\\":
            word = (word or "") + text[at + 1 : at + 2]
            at += 2
        elif char in "'\"":
            piece, at = _quoted(text, at)
            word = (word or "") + piece
        elif char == "$" and text[at + 1 : at + 2] in ("(", "{"):
            piece, at = _nested(text, at)
            word = (word or "") + piece
        elif char == "#" and word is None:
            break
        elif char.isspace() or char in _ENDS:
            if word is not None:
                words.append(word)
            word = None
            if char in _ENDS and words:
                yield tuple(words)
                words = []
            at += 1
        else:
            word = (word or "") + char
            at += 1
    if word is not None:
        words.append(word)
    if words:
        yield tuple(words)


def _quoted(text: str, at: int) -> tuple[str, int]:
    """What is in quotes from here on, and where the text goes on; an open quote ends with it."""
    quote, found = text[at], ""
    at += 1
    while at < len(text) and text[at] != quote:
        if text[at] == "\\" and quote == '"':
            at += 1
        found += text[at : at + 1]
        at += 1
    return found, at + 1


def _nested(text: str, at: int) -> tuple[str, int]:
    """`$(…)` or `${…}` as it stands, up to the bracket that closes it."""
    opening = text[at + 1]
    closing = {"(": ")", "{": "}"}[opening]
    depth, end = 0, at + 1
    while end < len(text):
        depth += (text[end] == opening) - (text[end] == closing)
        end += 1
        if not depth:
            break
    return text[at:end], end
