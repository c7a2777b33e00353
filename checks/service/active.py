"""The engine that is installed but does not run, or starts over and over."""

from collections.abc import Iterator

from dockeraudit import frameworks
from dockeraudit.check import Finding, Outcomes, Severity, check
from dockeraudit.effective.model import Outcome
from dockeraudit.facts import Evidence, Unit, Unread
from dockeraudit.host import Daemon, Engine
from dockeraudit.settings import Settings

from . import _shared

LOOP = 2
"""Restarts after which a unit that is still starting counts as looping."""


@check(
    id="service-active",
    title="Engine does not run",
    severity=Severity.HIGH,
    over=Daemon,
    rationale="Containers are down or without supervision, and what the files say of the engine "
    "was never put to the test.",
    remediation="Look at why it ended: journalctl -u docker.service (Debian- and RHEL-like), "
    "/var/log/docker.log (sysvinit, OpenRC); then systemctl reset-failed docker.service and "
    "systemctl start docker.service. If no engine is wanted here, remove the package.",
    quiet="A dockerd process runs, whoever started it; service-managed judges that. One start that "
    "is under way is no loop.",
    references=frameworks.AVAILABILITY,
    profiles=_shared.PROFILES,
)
def active(daemon: Daemon, settings: Settings) -> Outcomes:
    host, engine = daemon.host, daemon.engine
    unit = engine.unit if _shared.by_systemd(host, engine) else None
    if engine.process is not None:
        yield from _loops(engine, unit)
    elif unit is not None and _shared.prop(unit, "ActiveState") in ("active", "reloading"):
        return
    elif isinstance(host.facts.processes, Unread) and (unit is None or not _state(unit)):
        yield Unread(f"whether {engine.name} runs: {host.facts.processes.reason}")
    else:
        yield _down(engine, unit)


def _loops(engine: Engine, unit: Unit | None) -> Iterator[Finding | Unread]:
    """A unit that has been restarted before and still is not up. A hand-run daemon is no loop."""
    if unit is None or engine.process is None or engine.managed_by == "hand":
        return
    if isinstance(unit.properties, Unread):
        name, why = _shared.label(unit), unit.properties.reason
        yield Unread(f"dockerd runs, but whether {name} starts over and over is not known: {why}")
        return
    restarts = _shared.prop(unit, "NRestarts")
    starting = _shared.prop(unit, "ActiveState") == "activating"
    if starting and restarts.isdecimal() and int(restarts) >= LOOP:
        what = f"{_shared.label(unit)} was restarted {restarts} times and is still not up"
        yield Finding(_shared.resource(engine), what, (_seen(unit),))


def _down(engine: Engine, unit: Unit | None) -> Finding:
    severity = None
    if unit is None:
        what = f"{engine.name} is set up to start, but no dockerd runs"
        said = Evidence("processes", "no dockerd of this host")
    else:
        what = f"{_shared.label(unit)} is {_state(unit) or 'not running'}"
        result = _shared.prop(unit, "Result")
        what += f" ({result})" if result not in ("", "success") else ""
        said = _seen(unit)
        socket = engine.socket_unit
        waits = _shared.prop(unit, "ActiveState") == "inactive"
        if waits and socket is not None and _shared.prop(socket, "ActiveState") == "active":
            severity = Severity.MEDIUM
            what += f", waiting for a first client of {socket.name}"
    return Finding(_shared.resource(engine), what + _why(engine), (said,), severity)


def _why(engine: Engine) -> str:
    """The reason, where the files already tell it."""
    outcome = engine.configured
    return f": {outcome.error}" if isinstance(outcome, Outcome) and outcome.error else ""


def _state(unit: Unit) -> str:
    state, sub = _shared.prop(unit, "ActiveState"), _shared.prop(unit, "SubState")
    return f"{state}, {sub}" if sub and sub not in (state, "dead") else state


def _seen(unit: Unit) -> Evidence:
    return _shared.shown(unit, "ActiveState", "SubState", "Result", "NRestarts")
