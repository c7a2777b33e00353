"""`--limit`: which of the named targets, in the words of Ansible's patterns."""

import re
from collections.abc import Callable, Iterable, Mapping
from fnmatch import fnmatchcase

from dockeraudit.config.patterns import names_of
from dockeraudit.targets import Target

_ALL = ("all", "*")


def limited(
    targets: Iterable[Target], pattern: str, say: Callable[[str], None]
) -> tuple[Target, ...]:
    """The targets that a pattern leaves; `say` gets a line for each word that fits nothing.

    As for Ansible: words that add come first, then `&` keeps only what fits too, then `!` takes
    away; with no word that adds, all are there at first.
    """
    wanted = tuple(targets)
    known = {target: called(target) for target in wanted}
    added: set[Target] = set()
    required: list[set[Target]] = []
    removed: set[Target] = set()
    adds = False
    whole = any(pattern in names for names in known.values())
    for word in [pattern] if whole else words(pattern):
        bare = word[1:] if word[0] in "!&" else word
        found = _fitting(bare, known)
        if not found:
            say(f"--limit: nothing is called {bare!r}")
        if word.startswith("!"):
            removed |= found
        elif word.startswith("&"):
            required.append(found)
        else:
            adds = True
            added |= found
    chosen = (added if adds else set(wanted)).intersection(*required) - removed
    return tuple(target for target in wanted if target in chosen)


def words(pattern: str) -> list[str]:
    """The parts of a pattern, which commas or colons divide; not those within brackets."""
    divider = "," if "," in pattern else r":(?![^\[]*\])"
    return [word.strip() for word in re.split(divider, pattern) if word.strip()]


def called(target: Target) -> tuple[str, ...]:
    """What a target may be called: its names, its address, its groups."""
    host = (target.host,) if target.host else ()
    return (*names_of(target.spec), *host, *target.groups)


def _fitting(word: str, known: Mapping[Target, tuple[str, ...]]) -> set[Target]:
    if word in _ALL:
        return set(known)
    return {
        target
        for target, names in known.items()
        if any(name == word or fnmatchcase(name, word) for name in names)
    }
