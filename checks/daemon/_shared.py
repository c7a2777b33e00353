"""What the checks of the daemon's options ask: its own word first, then what it was told."""

from collections.abc import Callable
from functools import wraps
from ipaddress import ip_address

from dockeraudit import in_force
from dockeraudit.check import MissingEvidence, NotApplicable, Outcomes
from dockeraudit.effective.model import Outcome
from dockeraudit.facts import Evidence, Names, Process, Unread
from dockeraudit.host import Daemon, Engine
from dockeraudit.host.contents import shown
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
        if engine.process is None and planned is None:
            return iter([NotApplicable(f"nothing starts {engine.name}")])
        if engine.process is None and isinstance(planned, Outcome) and planned.starts is False:
            return iter([NotApplicable(f"{engine.name} does not run and would not start")])
        return rule(daemon, settings)

    return judged


def driver(daemon: Daemon) -> in_force.Told:
    """The storage driver: by the daemon's word, else the one that was asked for.

    Raises:
        MissingEvidence: it was left to the daemon, which does not say.
    """
    told = in_force.said(daemon.engine, "Driver") or in_force.option(daemon, "storage-driver", "")
    if not told.text:
        raise MissingEvidence(Unread("the storage driver: left to the engine, whose API is silent"))
    return told


def logging_driver(daemon: Daemon) -> in_force.Told:
    """The log driver of containers that name none."""
    told = in_force.said(daemon.engine, "LoggingDriver")
    return told or in_force.option(daemon, "log-driver", "json-file")


def log_option(daemon: Daemon, name: str) -> in_force.Told:
    """One of log-opts, alone: others of them are tokens."""
    told = in_force.option(daemon, "log-opts", {})
    value = told.table.get(name)
    return in_force.Told(value, Evidence(told.evidence.source, f"log-opts {name} {shown(value)}"))


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
