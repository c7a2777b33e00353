"""The simple check of a fact, by its path in a facts file."""

from collections.abc import Callable, Iterator, Sequence
from typing import Any, Literal, get_args, get_origin

import msgspec
from msgspec import Struct

from dockeraudit.check import Finding, NotApplicable, Outcomes, known
from dockeraudit.config.document import alternatives
from dockeraudit.facts import (
    Absent,
    ApiFacts,
    ContainerFacts,
    Document,
    Evidence,
    HostFacts,
    ImageFacts,
    Names,
    NetworkFacts,
    Unread,
)
from dockeraudit.host import Container, Engine, Host, Image, Network
from dockeraudit.settings import Settings
from dockeraudit.simple.comparison import Comparison, compared, differences, shown
from dockeraudit.words import nearest

Over = Literal["host", "engine", "container", "image", "network"]

SUBJECTS: dict[Over, type[Any]] = {
    "host": Host,
    "engine": Engine,
    "container": Container,
    "image": Image,
    "network": Network,
}
_ROOTS: dict[Over, type[Struct]] = {
    "host": HostFacts,
    "engine": ApiFacts,
    "container": ContainerFacts,
    "image": ImageFacts,
    "network": NetworkFacts,
}


class FactForm(Comparison, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """`[check.fact]`."""

    path: str | tuple[str, ...]
    """Keys with dots between them, or a list of keys."""
    over: Over = "host"
    """What is asked: the host, or every engine, container, image or network."""


class _Missing:
    """A key that a map does not have."""


_MISSING = _Missing()


def mistakes(form: FactForm) -> Iterator[tuple[str, str]]:
    """What types can't say: the key, and what is wrong with it."""
    problem = _wrong_path(_ROOTS[form.over], _keys(form.path), "")
    if problem:
        yield "path", problem
    if not compared(form):
        yield "path", "nothing is asked of it: give equals, one-of, not, at-least, contains …"


def rule(form: FactForm) -> Callable[[Any, Settings], Outcomes]:
    """The check's function."""
    keys = _keys(form.path)
    name = ".".join(keys)

    def judged(subject: Any, settings: Settings) -> Outcomes:
        if isinstance(subject, Engine) and subject.process is None:
            yield NotApplicable(f"{subject.name} does not run")
            return
        root, resource, source = _place(subject, name)
        value = known(_at(known(root), keys), name)
        if isinstance(value, _Missing):
            if isinstance(subject, Host | Engine):
                yield Unread(f"{name} is not among the facts")
                return
            value = None
        proof = (Evidence(source, f"{name} {shown(value)}"),)
        for difference in differences(form, value, name):
            if isinstance(difference, Unread):
                yield difference
            else:
                label = f"{resource}: " if resource != name else ""
                yield Finding(resource, f"{label}{difference}", proof)

    return judged


def _place(subject: object, name: str) -> tuple[Any, str, str]:
    """Where to look, how a finding names it, and what says it."""
    if isinstance(subject, Container | Image | Network):
        return subject.seen, subject.resource, subject.said(name, "").source
    if isinstance(subject, Engine):
        api: ApiFacts | Unread = subject.api or Unread(f"the API of {subject.name} did not answer")
        return api, name, f"API of {subject.name}"
    assert isinstance(subject, Host)
    return subject.facts, name, "facts"


def _keys(path: str | tuple[str, ...]) -> tuple[str, ...]:
    return tuple(path.split(".")) if isinstance(path, str) else path


def _at(value: Any, keys: Sequence[str]) -> Any:
    """What lies at a path. A key of a map may have dots itself: the longest that fits counts."""
    if isinstance(value, Unread):
        return value
    if isinstance(value, Absent):
        return None if not keys else _MISSING
    if isinstance(value, Document):
        return _at(value.value, keys)
    if isinstance(value, Names):
        found = _at(value.values, keys)
        return Unread("its value stays on the host") if found is None else found
    if not keys:
        return value
    if isinstance(value, dict):
        for end in range(len(keys), 0, -1):
            key = ".".join(keys[:end])
            if key in value:
                return _at(value[key], keys[end:])
        return _MISSING
    if isinstance(value, Struct):
        for field in msgspec.structs.fields(type(value)):
            if field.encode_name == keys[0]:
                return _at(getattr(value, field.name), keys[1:])
    return None if value is None else _MISSING


def _wrong_path(kind: Any, keys: Sequence[str], before: str) -> str:
    """Why there can be no comparable value at a path below something of a kind; or nothing."""
    kinds = [each for each in alternatives(kind) if each not in (Unread, Absent, type(None))]
    where = f" in {before}" if before else ""
    if Document in kinds or Any in kinds:
        return ""
    if Names in kinds:
        kinds = [dict[str, str]]
    structs = [each for each in kinds if isinstance(each, type) and issubclass(each, Struct)]
    maps = [get_args(each)[1] for each in kinds if get_origin(each) is dict]
    if not keys:
        if structs:
            return f"{before} has parts: name one of {', '.join(_fields(structs))}"
        return f"{before} is a file's content, which is not compared" if bytes in kinds else ""
    key = keys[0]
    inside = f"{before}.{key}" if before else key
    if maps:
        # How many of the keys are one name can't be told without a host.
        ends = [
            _wrong_path(maps[0], keys[end:], ".".join((before, *keys[:end])))
            for end in range(1, len(keys) + 1)
        ]
        return "" if "" in ends else ends[0]
    fields = _fields(structs)
    if key in fields:
        return _wrong_path(fields[key], keys[1:], inside)
    if fields:
        near = nearest(key, fields) or f" There are: {', '.join(fields)}."
        return f"there is no fact {key!r}{where}.{near}"
    return f"{before} is a list or a single value, and has no part {key!r}"


def _fields(structs: list[type[Struct]]) -> dict[str, Any]:
    return {
        field.encode_name: field.type
        for struct in structs
        for field in msgspec.structs.fields(struct)
    }
