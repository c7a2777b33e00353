"""What the checks of the daemon's options ask: its own word first, then what it was told."""

from collections.abc import Callable
from functools import wraps
from ipaddress import ip_address
from typing import Any

from msgspec import Struct

from dockeraudit.check import MissingEvidence, NotApplicable, Outcomes, known
from dockeraudit.effective.model import Outcome
from dockeraudit.effective.version import Version, parse_version
from dockeraudit.facts import Document, Evidence, Names, Process, Unread
from dockeraudit.host import Daemon, Engine, options
from dockeraudit.host.startup import Start
from dockeraudit.settings import Settings

RESTART = "then systemctl restart docker (Debian- and RHEL-like hosts alike)."

Rule = Callable[[Daemon, Settings], Outcomes]


def where_it_starts(rule: Rule) -> Rule:
    """The rule, which does not apply to a daemon that neither runs nor would start."""

    @wraps(rule)
    def judged(daemon: Daemon, settings: Settings) -> Outcomes:
        engine = daemon.engine
        planned = engine.configured
        if engine.process is not None:
            yield from rule(daemon, settings)
        elif planned is None:
            yield NotApplicable(f"nothing starts {engine.name}")
        elif isinstance(planned, Outcome) and planned.starts is False:
            yield NotApplicable(f"{engine.name} does not run and would not start")
        else:
            yield from rule(daemon, settings)

    return judged


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


def driver(daemon: Daemon) -> Told:
    """The storage driver: by the daemon's word, else the one that was asked for.

    Raises:
        MissingEvidence: it was left to the daemon, which does not say.
    """
    told = said(daemon.engine, "Driver") or option(daemon, "storage-driver", "")
    if not told.text:
        raise MissingEvidence(Unread("the storage driver: left to the engine, whose API is silent"))
    return told


def logging_driver(daemon: Daemon) -> Told:
    """The log driver of containers that name none."""
    return said(daemon.engine, "LoggingDriver") or option(daemon, "log-driver", "json-file")


def log_option(daemon: Daemon, name: str) -> Told:
    """One of log-opts, alone: others of them are tokens."""
    told = option(daemon, "log-opts", {})
    value = told.table.get(name)
    return Told(value, Evidence(told.evidence.source, f"log-opts {name} {shown(value)}"))


def environment(engine: Engine) -> Names | Unread:
    """The environment of the running daemon, else of its next start."""
    if engine.process is not None:
        return engine.process.environment
    if isinstance(engine.start, Start):
        return Names({name: each.value for name, each in engine.start.environment.items()})
    return engine.start or Unread("what starts it is not known")


def processes(daemon: Daemon) -> tuple[Process, ...]:
    """The host's processes, as far as they were seen."""
    seen = daemon.host.facts.processes
    return () if isinstance(seen, Unread) else seen


def is_loopback(place: str) -> bool:
    """Whether `localhost:5000`, `127.0.0.1` or `[::1]:24224` is this machine."""
    name = place[1:].partition("]")[0] if place.startswith("[") else place.partition(":")[0]
    try:
        return ip_address(name).is_loopback
    except ValueError:
        return name == "localhost"


def when(engine: Engine) -> str:
    """What comes before a statement on a daemon that does not run."""
    return "" if engine.process is not None else "at the next start "


def shown(value: Any) -> str:
    """A value as evidence shows it."""
    if isinstance(value, bool):
        return str(value).lower()
    if value is None or value in ("", [], {}):
        return "(unset)"
    if isinstance(value, list):
        return ", ".join(map(str, value))
    return str(value)
