"""What was changed since a daemon started, and whether the change means anything to it."""

import re
from collections.abc import Iterator
from typing import Any

from dockeraudit.effective.model import Outcome, Setting
from dockeraudit.facts import Document, FileFacts, Pem, Unread
from dockeraudit.host import Engine, Host, startup, unitfile
from dockeraudit.host.certificates import tls_listeners, wires_of
from dockeraudit.host.startup import plain_path

TOLERANCE = 1
"""Seconds: the start is computed from the boot time, which the kernel gives in whole ones."""

RELOADED = frozenset(
    (
        "allow-nondistributable-artifacts",
        "authorization-plugins",
        "debug",
        "default-runtime",
        "features",
        "insecure-registries",
        "labels",
        "live-restore",
        "max-concurrent-downloads",
        "max-concurrent-uploads",
        "max-download-attempts",
        "registry-mirrors",
        "runtimes",
        "shutdown-timeout",
    )
)
"""What SIGHUP takes over; the rest needs a restart."""

_BY_SOCKETS = ("hosts", "tls", "tlsverify", "tlscacert", "tlscert", "tlskey")
_IN_INFO = {
    "debug": "Debug",
    "default-runtime": "DefaultRuntime",
    "experimental": "ExperimentalBuild",
    "labels": "Labels",
    "live-restore": "LiveRestoreEnabled",
    "log-driver": "LoggingDriver",
    "storage-driver": "Driver",
}
_CERTIFICATE = re.compile(r"-----BEGIN CERTIFICATE-----(.*?)-----END CERTIFICATE-----", re.DOTALL)


def works(outcome: Outcome | Unread | None) -> Outcome | None:
    """An outcome that is known to start."""
    return outcome if isinstance(outcome, Outcome) and outcome.starts else None


def config_path(engine: Engine) -> str:
    """The configuration file of the running daemon, else of its next start; empty: none."""
    for outcome in (engine.running, engine.configured):
        if isinstance(outcome, Outcome):
            setting = outcome.setting("config-file")
            if setting is not None:
                return str(setting.value or "")
    return "/etc/docker/daemon.json"


def newer(host: Host, path: str, started: int) -> int | Unread | None:
    """When a file was written, if that was after the start; None: it was not."""
    unread = None
    for each in (path, host.resolved(path)[0]):
        seen = host.file(each)
        if isinstance(seen, FileFacts) and seen.mtime > started + TOLERANCE:
            return seen.mtime
        if isinstance(seen, Unread):
            unread = seen
    return unread


def start_files(host: Host, engine: Engine) -> list[str]:
    """Units, drop-ins and environment files of the service that started the daemon."""
    if engine.unit is None or engine.managed_by == "hand":
        return []
    found = list(engine.unit.sources)
    if engine.socket_unit is not None:
        found += engine.socket_unit.sources
    lines = startup.unit_lines(host.facts, engine.unit)
    for line in unitfile.values(
        () if isinstance(lines, Unread) else lines, "Service", "EnvironmentFile"
    ):
        found.append(line.value.lstrip("-"))
    return found


def differences(engine: Engine) -> list[tuple[Setting | None, Setting]] | None:
    """Settings that the next start has otherwise: now, then. None: they can't be compared.

    Listeners are compared as such, so `hosts` isn't among them.
    """
    before, after = works(engine.running), works(engine.configured)
    if before is None or after is None:
        return None
    now = {setting.name: setting for setting in before.settings}
    return [
        (now.get(then.name), then)
        for then in after.settings
        if then.name not in ("hosts", "config-file") and _differs(now.get(then.name), then)
    ]


def _differs(now: Setting | None, then: Setting) -> bool:
    """Whether two values mean something else: /var/run is /run."""
    value = now.value if now is not None else None
    if value == then.value:
        return False
    if isinstance(value, str) and isinstance(then.value, str):
        return plain_path(value) != plain_path(then.value)
    return True


def unconfirmed(engine: Engine, path: str) -> list[str]:
    """Settings of a file for which nothing but the file says that the daemon has them.

    What the daemon was told is computed from the file as it is now: where that is newer than the
    process, it is no witness of the start. The API and the sockets are.
    """
    running = works(engine.running)
    if running is None:
        return []
    named = [each for each in running.settings if str(each.origin).startswith(f"{path}:")]
    sockets = _sockets_agree(engine, running)
    return [
        each.name
        for each in named
        if not (each.name in _BY_SOCKETS and sockets) and not _in_info(engine, each)
    ]


def _in_info(engine: Engine, setting: Setting) -> bool:
    info = engine.api.info if engine.api is not None else None
    if not isinstance(info, Document):
        return False
    values: dict[str, Any] = info.value
    if setting.name == "data-root":
        root = str(values.get("DockerRootDir", ""))
        return root == setting.value or root.startswith(f"{setting.value}/")
    name = _IN_INFO.get(setting.name)
    return name is not None and name in values and values[name] == setting.value


def _sockets_agree(engine: Engine, running: Outcome) -> bool:
    """Whether the daemon has exactly the listeners, with the modes, that it was told of."""
    told = {plain_path(each.address): each.mode for each in running.endpoints}
    held = {plain_path(each.address): each.mode for each in engine.listeners}
    return told.keys() == held.keys() and all(same_mode(told[at], held[at]) for at in told)


def same_mode(one: object, other: object) -> bool:
    """Whether two modes may be one: a connection can't tell by which roots a client is checked."""
    if isinstance(one, Unread) or isinstance(other, Unread) or "BROKEN" in (one, other):
        return True
    return one == other or {str(one), str(other)} == {"MTLS", "MTLS-SYSROOTS"}


def serves(host: Host, engine: Engine, path: str) -> bool | None:
    """Whether connections get the certificate that lies in the file; None: none tells."""
    pem = host.pem(path)
    lying = next(_bodies(pem.certificates), None) if isinstance(pem, Pem) else None
    if lying is None:
        return None
    for listener in tls_listeners(engine):
        for wire in wires_of(host, listener):
            served = next(_bodies(wire.certificates), None)
            if served is not None:
                return served == lying
    return None


def _bodies(text: str) -> Iterator[str]:
    for block in _CERTIFICATE.finditer(text):
        yield "".join(block[1].split())
