"""The engine that doesn't come back after a reboot, or only with its first client."""

import re
from collections.abc import Iterator

from dockeraudit import frameworks
from dockeraudit.check import Finding, Outcomes, Severity, check
from dockeraudit.facts import Evidence, Unit, Unread
from dockeraudit.host import Daemon, Engine, Host
from dockeraudit.settings import Settings

from . import _shared

_STARTS = re.compile(
    r"/etc/(rc\.d/)?rc[2-5S]\.d/S.*|/etc/runlevels/(sysinit|boot|default)/.+"
    r"|(/etc|/var)?/service/.+|/etc/runit/runsvdir/(default|current)/.+"
    r"|/etc/inittab.*|/etc/rc\.local"
)
_OTHER_INITS_ONLY = "/etc/inittab"
_INITS = ("openrc", "sysvinit", "runit", "busybox")


@check(
    id="service-enabled",
    title="Engine is not started at boot",
    severity=Severity.MEDIUM,
    over=Daemon,
    rationale="After a reboot the engine and all containers stay down, those with restart: always "
    "too. With only the socket enabled they stay down until somebody calls the API.",
    remediation="systemd (Debian- and RHEL-like): systemctl enable --now docker.service; a masked "
    "one: systemctl unmask docker.service first. OpenRC: rc-update add docker default. sysvinit: "
    "update-rc.d docker defaults. snap: snap start --enable docker. Rootless: systemctl --user "
    "enable docker and loginctl enable-linger USER.",
    quiet="Enabled, pulled in by a link below a .wants folder, or started by a line of rc.local, "
    "inittab or a crontab. What another unit's command starts is not recognised. An init that is "
    "not known is unknown.",
    references=frameworks.AVAILABILITY,
    profiles=_shared.PROFILES,
)
def enabled(daemon: Daemon, settings: Settings) -> Outcomes:
    host, engine = daemon.host, daemon.engine
    if engine.unit is not None and host.facts.boot.init == "systemd":
        yield from _by_systemd(host, engine, engine.unit)
    elif _by_line(host):
        return
    elif host.facts.boot.init == "systemd" or engine.configured is None:
        yield _finding(engine, f"nothing starts {engine.name} at boot", _started_by(engine))
    else:
        yield from _by_links(host, engine)


def _by_systemd(host: Host, engine: Engine, unit: Unit) -> Iterator[Finding | Unread]:
    state = _shared.prop(unit, "UnitFileState")
    name = _shared.label(unit)
    said = _shared.shown(unit, "LoadState", "UnitFileState")
    links = tuple(Evidence(link, "pulls it in at boot") for link in unit.wants)
    lasting = [link for link in unit.wants if not link.startswith("/run/")]
    if state.startswith("masked"):
        yield _finding(engine, f"{name} is masked and can't be started at all", said)
    elif state == "enabled-runtime" or (unit.wants and not lasting):
        what = f"{name} is enabled until the next reboot only ({state or 'link below /run'})"
        yield _finding(engine, what, said, *links)
    elif state == "enabled" or lasting or _generated(host, state):
        if unit.user and unit.user not in host.facts.boot.linger:
            what = f"{name} starts only when {unit.user} logs in: lingering is off"
            yield _finding(engine, what, said, Evidence("/var/lib/systemd/linger", "not listed"))
    elif state in ("", "bad", "alias"):
        reason = unit.properties.reason if isinstance(unit.properties, Unread) else state
        yield Unread(f"whether {name} is enabled: {reason or 'systemd does not say'}")
    elif not _by_line(host):
        yield _on_demand(engine, name, state, said)


def _by_line(host: Host) -> bool:
    """Whether a line of rc.local, a crontab or inittab starts a daemon at boot."""
    systemd = host.facts.boot.init == "systemd"
    return any(not (systemd and path == _OTHER_INITS_ONLY) for path in host.facts.boot.lines)


def _generated(host: Host, state: str) -> bool:
    """A unit made from an init script is started where the script's links say so."""
    links = host.facts.boot.links
    return state == "generated" and not isinstance(links, Unread) and any(map(_boots, links))


def _on_demand(engine: Engine, name: str, state: str, said: Evidence) -> Finding:
    """A unit that boot does not start: perhaps its socket does."""
    socket = engine.socket_unit
    if socket is not None and _socket_starts(socket):
        what = f"{name} is {state}: only the first client of {socket.name} starts it after a boot"
        return _finding(engine, what, said, _shared.shown(socket, "LoadState", "UnitFileState"))
    return _finding(engine, f"{name} is {state}: nothing starts it at boot", said)


def _socket_starts(unit: Unit) -> bool:
    return _shared.prop(unit, "UnitFileState") == "enabled" or bool(unit.wants)


def _by_links(host: Host, engine: Engine) -> Iterator[Finding | Unread]:
    """Inits that start what a folder of links names."""
    boot = host.facts.boot
    if isinstance(boot.links, Unread):
        yield Unread(f"what {boot.init} starts at boot: {boot.links.reason}")
    elif any(map(_boots, boot.links)):
        return
    elif boot.init not in _INITS:
        yield Unread(f"process 1 is {boot.init}, and what that starts at boot is not known here")
    else:
        have = ", ".join(boot.links) or "no link"
        what = f"{boot.init} does not start {engine.name} at boot"
        yield _finding(engine, what, Evidence(f"boot links of {boot.init}", have))


def _boots(link: str) -> bool:
    return _STARTS.fullmatch(link) is not None


def _finding(engine: Engine, message: str, *evidence: Evidence) -> Finding:
    return Finding(_shared.resource(engine), message, evidence)


def _started_by(engine: Engine) -> Evidence:
    if engine.process is None:
        return Evidence("units and boot scripts", f"none starts {engine.name}")
    return Evidence(f"/proc/{engine.process.pid}/cgroup", str(engine.process.cgroup))
