"""The sentence that says why the exit code is what it is, in the language of people.

The report holds it in English, as machines get it. What is not of a known form, such as what a
merge quotes of its parts, stays as it is.
"""

import re
from collections.abc import Callable, Iterator

from dockeraudit.language import counted, current, forms, gettext, marked
from dockeraudit.report import SEVERITIES

from . import _view

_LEVEL = r"--fail-on (?P<level>[a-z]+)(?P<group> or its own of a group)?"
_COUNT = re.compile(rf"(\d+) ({'|'.join(SEVERITIES)})")
_WHOLE = {
    each: each
    for each in (
        marked("the scan is incomplete"),
        marked("--fail-on none: findings do not count"),
        marked("nothing was scanned"),
        marked("interrupted"),
    )
}


def rule(text: str) -> str:
    """The sentence for people."""
    return text if current() == "en" else "; ".join(map(_part, text.split("; ")))


def _part(text: str) -> str:
    if text in _WHOLE:
        return gettext(text)
    for form, say in _FORMS:
        match = form.fullmatch(text)
        if match:
            return say(match)
    return text


def _failed(match: re.Match[str]) -> str:
    found = (
        gettext("{severity} {n}").format(severity=_view.severity(name), n=number)
        for number, name in _COUNT.findall(match["counts"])
    )
    text = gettext("{counts} at or above {level}")
    return text.format(counts=", ".join(found), level=_level(match))


def _level(match: re.Match[str]) -> str:
    level = f"--fail-on {match['level']}"
    return gettext("{level} or its own of a group").format(level=level) if match["group"] else level


def _none(match: re.Match[str]) -> str:
    return gettext("no finding at or above {level}").format(level=_level(match))


def _unknown(match: re.Match[str]) -> str:
    return counted(
        int(match[1]),
        "{n} result unknown at or above {level}",
        "{n} results unknown at or above {level}",
        level=_level(match),
    )


def _hosts(one: str, many: str) -> Callable[[re.Match[str]], str]:
    return lambda match: counted(int(match[1]), one, many)


def _left_out(match: re.Match[str]) -> str:
    number = int(match[1]) if match[1] else 1
    return counted(
        number,
        "a file of checks left out: {names}",
        "{n} files of checks left out: {names}",
        names=match["names"],
    )


def _forms() -> Iterator[tuple[re.Pattern[str], Callable[[re.Match[str]], str]]]:
    counts = rf"(?P<counts>{_COUNT.pattern}(?:, {_COUNT.pattern})*)"
    yield re.compile(f"{counts} at or above {_LEVEL}"), _failed
    yield re.compile(f"no finding at or above {_LEVEL}"), _none
    yield re.compile(rf"(\d+) results? unknown at or above {_LEVEL}"), _unknown
    yield re.compile(r"(?:(\d+) files|a file) of checks left out: (?P<names>.*)"), _left_out
    for form, both in _OF_HOSTS:
        yield re.compile(form), _hosts(*both)


_OF_HOSTS = (
    (
        r"no Docker engine on (\d+) hosts?",
        forms("no Docker engine on {n} host", "no Docker engine on {n} hosts"),
    ),
    (r"(\d+) hosts? not reached", forms("{n} host not reached", "{n} hosts not reached")),
    (
        r"(\d+) targets? named a host once more",
        forms("{n} target named a host once more", "{n} targets named a host once more"),
    ),
    (
        r"not one check applied on (\d+) hosts? with an engine",
        forms(
            "not one check applied on {n} host with an engine",
            "not one check applied on {n} hosts with an engine",
        ),
    ),
    (
        r"dockeraudit itself failed on (\d+) of the hosts",
        forms(
            "dockeraudit itself failed on {n} of the hosts",
            "dockeraudit itself failed on {n} of the hosts",
        ),
    ),
    (
        r"the engine was lost before it came to (\d+) of the hosts",
        forms(
            "the engine was lost before it came to {n} of the hosts",
            "the engine was lost before it came to {n} of the hosts",
        ),
    ),
)
_FORMS = tuple(_forms())
