"""What a report says of a host, in the language of people.

The report holds its sentences in English, as machines get them and as one saved result can be
rendered in each language. Those of a form known here are said in the language that is spoken; a
sentence with a part of another form stays whole as it is. Each family of checks has the forms of
its findings in a module of its name, `reasons` those of results without findings, `failures` those
of hosts that were not reached.
"""

from functools import cache, lru_cache
from importlib import import_module
from importlib.util import find_spec

from dockeraudit.language import SOURCE, current, marked
from dockeraudit.sentences._forms import Forms, Say

_LONGEST = 1000
_KEPT = 4096
_BETWEEN = "; "
_MOST = 20


def reason(text: str) -> str:
    """Why a result is no verdict, or what a pass says."""
    return _in_words("reasons", text)


def message(check: str, text: str) -> str:
    """What a check found, of a finding or of a result as a whole."""
    return _in_words(check.partition("-")[0], text)


def failure(text: str) -> str:
    """Why a host was not reached, or what to do then."""
    return _in_words("failures", text)


def _in_words(table: str, text: str) -> str:
    language = current()
    if language == SOURCE or len(text) > _LONGEST:
        return text
    return _said(language, table, text) or text


@lru_cache(_KEPT)
def _said(language: str, table: str, text: str) -> str:
    return _table(table)(text)


@cache
def _table(name: str) -> Say:
    own = _sentences(name)
    if name in ("reasons", "failures"):
        return _several(own)
    reasons = _sentences("reasons")
    said = _several(_first(own, reasons))
    return _first(Forms(_RESULTS, reason=_several(reasons), message=said), said)


_RESULTS = (
    marked("{message} (and {number} more)"),
    marked("{message} (and {number} more); not all could be read: {reason}"),
    marked("{message}; not all could be read: {reason}"),
)
"""What the judge makes of several findings."""


def _sentences(name: str) -> Say:
    """A module's table; a family of a plug-in has none."""
    place = f"{__name__}.{name}"
    if not name.isidentifier() or find_spec(place) is None:
        return Forms(())
    say: Say = import_module(place).say
    return say


def _first(*tables: Say) -> Say:
    return lambda text: next((said for say in tables if (said := say(text))), "")


def _several(say: Say) -> Say:
    """One sentence or several of them, each of which may have semicolons of its own."""

    def said(text: str) -> str:
        parts = text.split(_BETWEEN)
        if len(parts) > _MOST:
            return ""
        known: list[tuple[str, ...]] = [()]  # of the first parts, by how many
        for end in range(1, len(parts) + 1):
            ways = (
                (*known[at], last)
                for at in reversed(range(end))
                if (at == 0 or known[at]) and (last := say(_BETWEEN.join(parts[at:end])))
            )
            known.append(next(ways, ()))
        return _BETWEEN.join(known[-1])

    return said
