"""Secrets among variables and options, told by their names and by what a value's form gives away.

Values stay on the host, so a name has to do. It is read word by word, and what it ends in is
what it holds: DB_PASSWORD is one, PASSWORD_POLICY and TOKEN_TTL are none.
"""

import re
from collections.abc import Iterable, Iterator

from msgspec import Struct

from dockeraudit.facts.inventory import WITHHELD


def _words(text: str) -> frozenset[str]:
    return frozenset(text.split())


_FORMS = ("aws-key", "private-key", "token", "url-credentials")
_WORD = re.compile(r"[A-Z]+(?![a-z])|[A-Z]?[a-z]+|\d+")
_SECRET = re.compile(
    r"(?:.*(?:password|passwd|passphrase|secret|token|apikey|secretkey|privatekey)"
    r"|passwords|requirepass|pass|credentials?)"
)
_KEYS = _words("access account api encryption master private secret shared signing unlock")
"""What a key is called when it is one; a KEY of any other kind may be anything."""
_WHICH = _words(
    "b base current default dev main new old plain previous primary prod production secondary "
    "staging test value"
)
"""Words behind the one that counts."""
_WHETHER = _words(
    "allow allowed change check disable disabled empty enable enabled expire force generate has "
    "hide ignore include is max min no public random require required reset show skip use verify "
    "with"
)
"""Words of switches: MYSQL_ALLOW_EMPTY_PASSWORD."""
_OPTION = re.compile(r"(-{0,2}[A-Za-z_][\w.-]*)(?:[=:](?!//)(.*))?", re.DOTALL)
_MASKED_URL = re.compile(r":(?:\\?/){2}\*\*\*@")


class Secret(Struct, frozen=True):
    """A variable, an option or a label that holds a secret."""

    name: str
    kind: str
    """What is known of the value: `set`, `aws-key`, `private-key`, `token`, `url-credentials`."""
    certain: bool
    """Whether the value's form gives it away; else only the name does, and the value may be a
    placeholder."""


def secrets_in(variables: tuple[str, ...], words: tuple[str, ...] = ()) -> Iterator[Secret]:
    """The secrets among `NAME=KIND` variables and the words of a command, each once.

    Empty ones, references to other variables and paths of files are none: NAME_FILE=path is how
    a secret should be passed.
    """
    seen: set[tuple[str, str]] = set()
    for each in (*_variables(variables), *_options(words)):
        if (each.name, each.kind) not in seen:
            seen.add((each.name, each.kind))
            yield each


def looks_secret(name: str) -> bool:
    """Whether a name says that its value is a secret.

    >>> [looks_secret(name) for name in ("PGPASSWORD", "apiKey", "TOKEN_TTL", "KEY", "PWD")]
    [True, True, False, False, False]
    """
    words = [word.lower() for word in _WORD.findall(name)]
    if _WHETHER.intersection(words):
        return False
    while words and (words[-1].isdigit() or words[-1] in _WHICH):
        words.pop()
    before, last = ["", "", *words][-2:]
    if last == "pwd":  # alone it is the working directory
        return before not in ("", "old")
    if last == "key":
        return before in _KEYS
    return bool(_SECRET.fullmatch(last)) or (before, last) == ("erlang", "cookie")


def _variables(variables: Iterable[str]) -> Iterator[Secret]:
    for variable in variables:
        name, _, kind = variable.partition("=")
        if kind in _FORMS:
            yield Secret(name, kind, True)
        elif kind == "set" and looks_secret(name):
            yield Secret(name, kind, False)


def _options(words: tuple[str, ...]) -> Iterator[Secret]:
    """`--password=***`, `NAME=***`, and `--password` with `***` for the next word."""
    for number, word in enumerate(words):
        if word == WITHHELD:
            continue
        match = _OPTION.match(word)
        name, value = (match[1], match[2]) if match else ("", None)
        if _MASKED_URL.search(word):
            yield Secret(name if value else "a URL", "url-credentials", True)
        elif value is None and word.startswith("-") and words[number + 1 : number + 2]:
            value = words[number + 1]
        if value == WITHHELD and looks_secret(name):
            yield Secret(name, "set", False)
