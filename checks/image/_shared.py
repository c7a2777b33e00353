"""What the image checks have in common: how a history is read, and what they recommend."""

import re
from collections.abc import Iterable, Iterator
from functools import cached_property

from msgspec import Struct

from dockeraudit.check import known
from dockeraudit.facts import Evidence, Unread
from dockeraudit.facts.inventory import Step
from dockeraudit.host import Image

REBUILD = (
    "Then docker build --pull --no-cache and start its containers anew, on Debian- and RHEL-like "
    "hosts alike."
)

_INSTRUCTION = re.compile(
    r"ADD|ARG|CMD|COPY|ENTRYPOINT|ENV|EXPOSE|FROM|HEALTHCHECK|LABEL|MAINTAINER|ONBUILD|RUN|SHELL"
    r"|STOPSIGNAL|USER|VOLUME|WORKDIR"
)
_WRITING = ("ADD", "COPY", "RUN")
_NOP = "#(nop)"
_BUILDKIT = re.compile(r"\s*# buildkit\s*$")
_BETWEEN = re.compile(r"[;&|(){}]+")
_MANAGER = re.compile(
    r"(?:/(?:usr/)?s?bin/)?(apk|apt|apt-get|aptitude|dnf5?|microdnf|opkg|tdnf|yum|zypper)"
)
_SHELL = re.compile(r"/[a-z/]*sh")
_VERB = re.compile(r"[a-z]+(?:-[a-z]+)*")


class Instruction(Struct, frozen=True, dict=True):
    """A build step as its Dockerfile had it, from either builder."""

    name: str
    """`RUN`, `ADD` …; a step in no such words is what some other tool ran, so RUN."""
    words: tuple[str, ...]
    said: str

    @cached_property
    def calls(self) -> tuple["Call", ...]:
        """The package managers that a RUN step calls, each with what it is told to do."""
        return tuple(_calls(self.words)) if self.name == "RUN" else ()


class Call(Struct, frozen=True):
    """A package manager's call in a step."""

    manager: str
    verb: str
    """Empty: what it is told stayed on the host."""
    options: tuple[str, ...] = ()

    def __str__(self) -> str:
        return f"{self.manager} {self.verb}"


def history(image: Image) -> tuple[Instruction, ...]:
    """The build steps, oldest first.

    Raises:
        MissingEvidence: they were not read, or the image tells of none.
    """
    found = known(steps_of(image))
    return known(found or Unread(f"{image.resource} tells of no build steps"))


def steps_of(image: Image) -> tuple[Instruction, ...] | Unread:
    """The build steps, oldest first; an imported image has none."""
    seen = image.seen.history
    if isinstance(seen, Unread):
        return Unread(f"history of {image.resource}: {seen.reason}")
    name = ("steps", image.engine.name, image.seen.id)
    return image.host.once(name, lambda: tuple(_instructions(reversed(seen))))


def _instructions(steps: Iterable[Step]) -> Iterator[Instruction]:
    for step in steps:
        text = _BUILDKIT.sub("", step.created_by).strip()
        if text:
            yield _instruction(text)


def _instruction(text: str) -> Instruction:
    before, nop, after = text.partition(_NOP)
    words = tuple((after if nop else before).split())
    if words and _INSTRUCTION.fullmatch(words[0]):
        return Instruction(words[0], words[1:], text)
    return Instruction("RUN", words, text)


def arguments(step: Instruction) -> tuple[tuple[str, ...], tuple[str, ...]]:
    """What the builder gave a step (`|1 NAME=***` before a shell), and the words of its script."""
    if step.name != "RUN":
        return step.words, ()
    if not step.words[:1] or not step.words[0].startswith("|"):
        return (), step.words
    end = next((n for n, word in enumerate(step.words) if _SHELL.fullmatch(word)), 0)
    return step.words[1:end], step.words[end:]


def of_base(steps: tuple[Instruction, ...]) -> Instruction | None:
    """The step that laid down the base: the first one that writes, if it fills an empty `/`."""
    first = next((each for each in steps if each.name in _WRITING), None)
    if first is None or first.name not in ("ADD", "COPY"):
        return None
    return first if first.words[-1:] in (("/",), ("/.",)) else None


def _calls(words: tuple[str, ...]) -> Iterator[Call]:
    parts = [part for word in words for part in _parts(word)]
    starts = [n for n, part in enumerate(parts) if _MANAGER.fullmatch(part)]
    for start, end in zip(starts, [*starts, len(parts)][1:], strict=True):
        call = parts[start + 1 : end]
        if "" in call:
            call = call[: call.index("")]
        verbs = [part for part in call if _VERB.fullmatch(part)]
        options = tuple(part for part in call if part.startswith("-"))
        if call:
            yield Call(parts[start].rpartition("/")[2], next(iter(verbs), ""), options)


def _parts(word: str) -> Iterator[str]:
    """A word without quotes and brackets; an empty one is where a command ends."""
    for number, part in enumerate(_BETWEEN.split(word)):
        if number:
            yield ""
        if bare := part.strip("\"'`,[]$"):
            yield bare


def cited(image: Image, step: Instruction) -> Evidence:
    """A step as evidence."""
    return Evidence(f"docker history {image.name}", step.said)
