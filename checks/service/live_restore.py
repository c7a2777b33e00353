"""Containers that go down with the daemon."""

from typing import Any

from dockeraudit import frameworks
from dockeraudit.check import Finding, NotApplicable, Outcomes, Severity, check
from dockeraudit.effective.model import Outcome
from dockeraudit.facts import Absent, Document, Evidence, Unread
from dockeraudit.host import Daemon, Engine, Host
from dockeraudit.settings import Settings


@check(
    id="service-live-restore",
    title="Containers stop whenever the engine is restarted",
    severity=Severity.LOW,
    over=Daemon,
    rationale="Without live-restore each upgrade or restart of the daemon takes all containers "
    "down, so that upgrades are put off.",
    remediation='Add "live-restore": true to /etc/docker/daemon.json, then systemctl reload '
    "docker.service (Debian- and RHEL-like); it needs no restart.",
    quiet="live-restore is on. In a swarm the engine refuses it: not applicable.",
    references=frameworks.cis("2.15", "2.16") + frameworks.AVAILABILITY,
    profiles=("daemon", "cis-level1", "cis-level2", "strict"),
)
def live_restore(daemon: Daemon, settings: Settings) -> Outcomes:
    host, engine = daemon.host, daemon.engine
    if engine.process is None and engine.configured is None:
        yield NotApplicable(f"nothing starts {engine.name}")
        return
    planned = engine.configured
    if engine.process is None and isinstance(planned, Outcome) and planned.starts is False:
        yield NotApplicable(f"{engine.name} does not run and would not start")
        return
    told = _told(engine)
    if isinstance(told, Unread):
        yield told
        return
    on, said = told
    if on:
        return
    swarm = _swarm(host, engine)
    if isinstance(swarm, Unread):
        yield swarm
    elif swarm:
        yield NotApplicable(f"{engine.name} is in a swarm, which excludes live-restore")
    else:
        what = f"live-restore is off in {engine.name}: its containers stop with the daemon"
        yield Finding(f"live-restore of {engine.name}", what, (said,))


def _told(engine: Engine) -> tuple[bool, Evidence] | Unread:
    """The daemon's own word, else what it was told or will be."""
    info = _info(engine)
    if info is not None and "LiveRestoreEnabled" in info:
        on = info["LiveRestoreEnabled"] is True
        return on, Evidence("GET /info", f"LiveRestoreEnabled {str(on).lower()}")
    outcome = engine.effective
    if isinstance(outcome, Unread):
        return Unread(f"live-restore of {engine.name}: {outcome.reason}")
    setting = outcome.setting("live-restore")
    if setting is None:
        return False, Evidence("default", "live-restore false")
    on = setting.value is True
    return on, Evidence(str(setting.origin), f"live-restore {str(on).lower()}")


def _swarm(host: Host, engine: Engine) -> bool | Unread:
    """Whether it is in a swarm: by its own word, else no certificates of a swarm means no."""
    info = _info(engine)
    if info is not None:
        swarm = info.get("Swarm")
        state = swarm.get("LocalNodeState") if isinstance(swarm, dict) else None
        return state not in (None, "", "inactive")
    outcome = engine.effective
    root = None if isinstance(outcome, Unread) else outcome.setting("data-root")
    top = str(root.value) if root is not None and root.value else "/var/lib/docker"
    for path in (top, f"{top}/swarm", f"{top}/swarm/certificates"):
        if isinstance(host.file(path), Absent):
            return False
    return Unread(f"the API of {engine.name} did not answer: whether it is in a swarm is not known")


def _info(engine: Engine) -> dict[str, Any] | None:
    info = engine.api.info if engine.api is not None else None
    return info.value if isinstance(info, Document) else None
