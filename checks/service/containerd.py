"""The containerd that dockerd is told to use, but that nothing keeps running."""

from collections.abc import Iterator

from dockeraudit import frameworks
from dockeraudit.check import Finding, NotApplicable, Outcomes, Severity, check
from dockeraudit.facts import Evidence, Process, Unit, Unread
from dockeraudit.host import Daemon, Engine, Host, startup, unitfile
from dockeraudit.settings import Settings

from . import _shared

SOCKET = "/run/containerd/containerd.sock"


@check(
    id="service-containerd",
    title="containerd that the engine needs does not run or is not started with it",
    severity=Severity.MEDIUM,
    over=Daemon,
    rationale="dockerd with --containerd starts no containerd of its own: without it no container "
    "starts, and dockerd itself gives up after its timeout.",
    remediation="On Debian- and RHEL-like hosts alike: systemctl unmask containerd.service; "
    "systemctl enable --now containerd.service.",
    quiet="dockerd runs a containerd of its own (no --containerd option); or the service runs and "
    "is enabled, or docker.service pulls it in.",
    references=frameworks.AVAILABILITY,
    profiles=_shared.PROFILES,
)
def containerd(daemon: Daemon, settings: Settings) -> Outcomes:
    host, engine = daemon.host, daemon.engine
    if engine.process is None and engine.configured is None:
        yield NotApplicable(f"nothing starts {engine.name}")
    elif isinstance(engine.effective, Unread):
        yield Unread(f"whether {engine.name} uses a containerd of its own: "
                     f"{engine.effective.reason}")  # fmt: skip
    else:
        setting = engine.effective.setting("containerd")
        if setting is None or not setting.value:
            yield NotApplicable(f"{engine.name} is told of no containerd: it runs its own")
            return
        said = Evidence(str(setting.origin), f"containerd is {setting.value}")
        yield from _of_host(host, engine, startup.plain_path(str(setting.value)), said)


def _of_host(host: Host, engine: Engine, path: str, said: Evidence) -> Iterator[Finding | Unread]:
    unit = next(
        (each for each in host.facts.units if each.name == "containerd.service" and not each.user),
        None,
    )
    processes = host.facts.processes
    if isinstance(processes, Unread):
        if unit is None or not _shared.prop(unit, "ActiveState"):
            yield Unread(f"whether containerd runs: {processes.reason}")
            return
        runs = _shared.prop(unit, "ActiveState") == "active"
    else:
        runs = any(each.role == "containerd" and not _child(each, engine) for each in processes)
    if engine.process is not None and not runs and not host.facts.privilege.sees:
        if unit is None or _shared.prop(unit, "ActiveState") != "active":
            yield Unread("whether containerd runs: programs of others are not to be seen")
    elif engine.process is not None and not runs:
        what = f"{engine.name} uses {path}, but no containerd runs beside it"
        yield Finding("containerd", what, (said,))
    if unit is None or path != SOCKET or host.facts.boot.init != "systemd":
        return
    state = _shared.told(unit, "UnitFileState")
    if isinstance(state, Unread):
        yield state
        return
    shown = _shared.shown(unit, "ActiveState", "UnitFileState")
    if state.startswith("masked"):
        what = f"{unit.name} is masked: dockerd's next start fails"
        yield Finding(unit.name, what, (shown, said))
    elif state == "disabled" and not unit.wants:
        what = f"{unit.name} is disabled and {_shared.resource(engine)} does not pull it in"
        yield from _pulled_in(host, engine, Finding(unit.name, what, (shown, said)))


def _child(process: Process, engine: Engine) -> bool:
    return engine.process is not None and process.parent == engine.process.pid


def _pulled_in(host: Host, engine: Engine, otherwise: Finding) -> Iterator[Finding | Unread]:
    """The finding, unless the engine's unit starts containerd.service with itself."""
    unit: Unit | None = engine.unit
    lines = startup.unit_lines(host.facts, unit) if unit is not None else ()
    if isinstance(lines, Unread):
        yield lines
    elif not any(
        "containerd.service" in line.value.split()
        for name in ("Wants", "Requires", "BindsTo")
        for line in unitfile.values(lines, "Unit", name)
    ):
        yield otherwise
