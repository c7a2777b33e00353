"""What checks ask of a daemon's options: its own word, else what it was told, with what says so."""

from typing import Any

from msgspec import Struct

from dockeraudit.check import known
from dockeraudit.effective.version import Version, parse_version
from dockeraudit.facts import Document, Evidence, Unread
from dockeraudit.host import Daemon, Engine, options
from dockeraudit.host.contents import shown


class Told(Struct, frozen=True):
    """A value, and what says so."""

    value: Any
    evidence: Evidence

    @property
    def text(self) -> str:
        """The value as text; empty where there is none."""
        return "" if self.value is None else str(self.value)

    @property
    def table(self) -> dict[str, Any]:
        """The value of an option that is a map."""
        return self.value if isinstance(self.value, dict) else {}

    @property
    def items(self) -> list[str]:
        """The value of an option that is a list."""
        return [str(each) for each in self.value] if isinstance(self.value, list) else []


def said(engine: Engine, name: str) -> Told | None:
    """The running daemon's own word in `GET /info`; None where it said nothing of this."""
    info = engine.api.info if engine.api is not None else None
    if not isinstance(info, Document) or name not in info.value:
        return None
    value = info.value[name]
    return Told(value, evidence(name, value))


def evidence(name: str, value: Any) -> Evidence:
    """What the daemon said of itself."""
    return Evidence("GET /info", f"{name} {shown(value)}")


def security(engine: Engine) -> Told | None:
    """SecurityOptions of `GET /info`: `name=seccomp,profile=builtin`, `name=userns` …"""
    told = said(engine, "SecurityOptions")
    return None if told is None else Told(told.items, told.evidence)


def option(daemon: Daemon, name: str, default: Any = None) -> Told:
    """The option in force under its name in daemon.json, or the default that it has there.

    Raises:
        MissingEvidence: it can't be told. A file that was written after the start is no witness
            of what the daemon read, so only flags count then.
    """
    found = known(options.option(daemon, name))
    source = "default" if found is None else found.origin
    value = default if found is None else found.value
    return Told(value, Evidence(source, f"{name} {shown(value)}"))


def release(engine: Engine) -> Version:
    """The engine's version.

    Raises:
        MissingEvidence: it is not known.
    """
    text = known(engine.version, "the engine's version")
    version = parse_version(text)
    return known(version or Unread(f"the engine's version: {text!r} is none"))
