"""Words with a meaning of their own, which are no pseudonym's to replace in running text.

A host may be called `docker` and an account `web`: replaced wherever it stands, the first would
rename every program, unit and path, and the facts would no longer say the same.
"""

import re
from functools import cache
from importlib.resources import files
from typing import Any

import msgspec

from dockeraudit.facts import HostFacts
from dockeraudit.report import Report

_WORD = re.compile(r"[A-Za-z0-9]+(?:[_-][A-Za-z0-9]+)*")
_USUAL = """
adm apt backup bin bridge cache containerd cri daemon default dev docker dockerd dockremap engine
etc games host home irc kmem lib list local lock lp mail man moby news none null opt overlay2 plugin
proc proxy root run sbin server client shadow shm snap socket spool srv src sudo swarm sync sys
system systemd tcp tmp tty user users uucp usr utmp var video voice volume www www-data
"""


@cache
def words() -> frozenset[str]:
    """Names of fields and their values, of what the collector looks for, of usual folders."""
    script = files("dockeraudit.collect").joinpath("collector.sh").read_text(encoding="utf-8")
    code = "\n".join(line for line in script.splitlines() if not line.lstrip().startswith("#"))
    found = set(_USUAL.split())
    for text in (code, *_schema_words(msgspec.json.schema(HostFacts))):
        found |= _parts(text)
    for text in _schema_words(msgspec.json.schema(Report)):
        found |= _parts(text)
    return frozenset(found)


def _parts(text: str) -> set[str]:
    whole = {word.lower() for word in _WORD.findall(text)}
    return whole | {part for word in whole for part in re.split("[_-]", word)}


def _schema_words(schema: Any) -> list[str]:
    """The names of properties, and the values of enumerations."""
    if isinstance(schema, list):
        return [word for each in schema for word in _schema_words(each)]
    if not isinstance(schema, dict):
        return []
    found = [*schema.get("properties", {})]
    found += [each for each in schema.get("enum", ()) if isinstance(each, str)]
    for key, value in schema.items():
        if key not in ("description", "title", "enum", "default"):
            found += _schema_words(value)
    return found
