"""A daemon that somebody's hand started instead of the init system."""

from dockeraudit import frameworks
from dockeraudit.check import Finding, NotApplicable, Outcomes, Severity, check
from dockeraudit.facts import Evidence, Unread
from dockeraudit.host import Engine
from dockeraudit.settings import Settings

from . import _shared


@check(
    id="service-managed",
    title="dockerd was started by hand",
    severity=Severity.MEDIUM,
    over=Engine,
    rationale="Nothing restarts it when it ends or the host reboots, and the unit's configuration, "
    "which everybody reads, is not the one it runs with.",
    remediation="Move its options into /etc/docker/daemon.json, end it (kill PID) and start the "
    "service: systemctl enable --now docker.service (Debian- and RHEL-like), rc-service docker "
    "start (OpenRC), service docker start (sysvinit). A second daemon needs a unit of its own.",
    quiet="The daemon does not run (service-active), or the init system started it. With no right "
    "to see its cgroup and no word of systemd it is unknown.",
    references=frameworks.CONFIGURATION,
    profiles=_shared.PROFILES,
)
def managed(engine: Engine, settings: Settings) -> Outcomes:
    process, unit = engine.process, engine.unit
    if process is None:
        yield NotApplicable(f"{engine.name} does not run")
        return
    if engine.managed_by not in ("hand", "none"):
        return
    group = process.cgroup
    if isinstance(group, Unread) and (unit is None or isinstance(unit.properties, Unread)):
        yield Unread(f"what started process {process.pid}: {group.reason}")
        return
    where = f"not read: {group.reason}" if isinstance(group, Unread) else group or "none"
    evidence = [Evidence(f"/proc/{process.pid}/cgroup", where), _shared.command_line(process)]
    if unit is not None:
        evidence.append(_shared.shown(unit, "ActiveState", "MainPID"))
    owner = f"is not that of {_shared.label(unit)}" if unit else "belongs to no service"
    yield Finding(
        resource=f"dockerd of {engine.name}",
        message=f"dockerd, process {process.pid}, {owner}: it was started by hand",
        evidence=tuple(evidence),
    )
