"""The hosts that OpenSSH's configuration names: words of `Host` lines without wildcards."""

import glob
import os
import re
from collections.abc import Iterator
from fnmatch import fnmatchcase

from dockeraudit.targets import TargetError, reached

from . import Entry, InventoryError

USERS = "~/.ssh/config"
DEPTH = 16
"""How deep ssh follows Include."""
MAX_FILE = 16 * 1024 * 1024

_LINE = re.compile(r"\s*([A-Za-z0-9]+)(?:\s*=\s*|\s+)(.*)", re.DOTALL)
_WORD = re.compile(r'"([^"]*)"|(\S+)')

Outer = tuple[tuple[str, ...], ...]
"""The patterns of the `Host` blocks that a file is included in."""


def entries(pattern: str, config: str | None) -> Iterator[Entry]:
    """The hosts whose names have the form of a pattern, in the order of the configuration.

    Raises:
        InventoryError: a file can't be read, or a name is none of a host.
    """
    if config == "none":
        return
    file = os.path.expanduser(USERS) if config is None else config
    if config is None and not os.path.exists(file):
        raise InventoryError(f"{file}: there is no such file; name one with --ssh-config")
    found: set[str] = set()
    for place, name in _names(file, (), 0):
        if name in found or not fnmatchcase(name, pattern):
            continue
        found.add(name)
        try:
            yield Entry(place, name, reached(name, name))
        except TargetError as error:
            raise InventoryError(f"{place}: {error}") from error


def _names(file: str, outer: Outer, depth: int) -> Iterator[tuple[str, str]]:
    inside: tuple[str, ...] | None = None
    for number, line in enumerate(_lines(file), 1):
        place = f"{file}:{number}"
        found = _LINE.fullmatch(line)
        keyword = found[1].lower() if found else ""
        if not found or keyword not in ("host", "match", "include"):
            continue
        if found[2].count('"') % 2:
            raise InventoryError(f"{place}: a quotation mark is not closed")
        words = tuple(_words(found[2]))
        if keyword == "match":
            inside = None  # what it depends on is for ssh to find out
        elif keyword == "host":
            inside = words
            for name in words:
                if _is_name(name) and all(_matched(name, each) for each in (*outer, words)):
                    yield place, name
        else:
            if depth >= DEPTH:
                raise InventoryError(f"{place}: Include goes deeper than {DEPTH} files")
            within = outer if inside is None else (*outer, inside)
            for word in words:
                for each in _included(word):
                    yield from _names(each, within, depth + 1)


def _lines(file: str) -> list[str]:
    try:
        with open(file, "rb") as opened:
            data = opened.read(MAX_FILE + 1)
    except (OSError, ValueError) as error:
        raise InventoryError(f"{file}: {getattr(error, 'strerror', None) or error}") from error
    if len(data) > MAX_FILE:
        raise InventoryError(f"{file}: larger than {MAX_FILE >> 20} MiB")
    return data.decode("utf-8", "replace").split("\n")


def _words(rest: str) -> Iterator[str]:
    for match in _WORD.finditer(rest.strip()):
        word = match[1] if match[1] is not None else match[2]
        if word.startswith("#") and match[1] is None:
            return
        yield word


def _is_name(word: str) -> bool:
    return not word.startswith("!") and "*" not in word and "?" not in word


def _matched(name: str, patterns: tuple[str, ...]) -> bool:
    """As ssh does it: one pattern fits, and none with a `!`."""
    fits = False
    for pattern in patterns:
        bare = pattern.removeprefix("!").replace("[", "[[]")
        if fnmatchcase(name, bare):
            if pattern.startswith("!"):
                return False
            fits = True
    return fits


def _included(word: str) -> list[str]:
    """The files of an Include; without a leading slash they lie in ~/.ssh, as ssh has it."""
    path = os.path.expanduser(word)
    if not path.startswith("/"):
        path = os.path.join(os.path.expanduser("~/.ssh"), path)
    # As for ssh, one that is not there is none.
    return [each for each in sorted(glob.glob(path)) if os.path.isfile(each)]
