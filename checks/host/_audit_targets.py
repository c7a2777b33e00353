"""Which paths each of the audit checks looks at."""

import re
from collections.abc import Callable, Iterator

from dockeraudit.facts import Absent, Evidence, FileFacts, Process, Unit, Unread
from dockeraudit.host import Engine, Host

from . import _shared

Found = Iterator[tuple[str, Evidence | None] | Unread]
Targets = Callable[[Host], Found]

_FOLDERS = re.compile(r"/usr/(local/)?s?bin")


def fixed(*paths: str) -> Targets:
    """The same on every host."""

    def targets(host: Host) -> Found:
        yield from ((path, None) for path in paths)

    return targets


def program(name: str, role: str = "") -> Targets:
    """A program where it is installed, and what the processes of a role really run."""

    def targets(host: Host) -> Found:
        for path, seen in sorted(host.facts.files.items()):
            folder, _, last = path.rpartition("/")
            if last == name and _FOLDERS.fullmatch(folder) and not isinstance(seen, Absent):
                yield path, None
        yield from _unseen(host) if role else ()
        for process in _processes(host, role):
            if isinstance(process.exe, str) and process.exe.startswith("/"):
                yield process.exe, Evidence(f"/proc/{process.pid}/exe", process.exe)

    return targets


def _unseen(host: Host) -> Iterator[Unread]:
    """Why processes may have paths of their own that are not known."""
    if host.unseen is not None:
        yield host.unseen


def _processes(host: Host, role: str) -> Iterator[Process]:
    """The host's own processes of a role: not those inside containers."""
    seen = host.facts.processes
    for process in () if isinstance(seen, Unread) else seen:
        if process.role == role and process.in_host_pid_namespace is not False:
            yield process


def data_roots(host: Host) -> Found:
    """Each engine's state."""
    yield from _unseen(host)
    for engine in host.engines:
        yield _shared.data_root(engine)


def service_units(host: Host) -> Found:
    """The units that start engines, with their drop-ins."""
    for engine in host.engines:
        yield from _sources(host, engine.unit)


def socket_units(host: Host) -> Found:
    """The units of engines' sockets."""
    for engine in host.engines:
        yield from _sources(host, engine.socket_unit)


def _sources(host: Host, unit: Unit | None) -> Found:
    for path in unit.sources if unit is not None else ():
        if host.resolved(path)[0] != "/dev/null":
            yield path, Evidence(unit.name if unit else "", f"is made of {path}")


def containerd_sockets(host: Host) -> Found:
    """containerd's socket: the usual one, what dockerd was told, or that of its child."""
    yield from _unseen(host)
    yield "/run/containerd/containerd.sock", None
    for engine in host.engines:
        yield from _option(engine, "containerd", "")
    child = "/run/docker/containerd/containerd.sock"
    if isinstance(host.file(child), FileFacts):
        yield child, None


def daemon_json(host: Host) -> Found:
    """Each engine's configuration file."""
    yield from _unseen(host)
    for engine in host.engines:
        usual = "/etc/docker/daemon.json"
        outcome = engine.effective
        if engine.rootless and not isinstance(outcome, Unread):
            usual = next((path for path in outcome.consulted if path.endswith(".json")), usual)
        yield from _option(engine, "config-file", usual)


def _option(engine: Engine, name: str, usual: str) -> Found:
    """A path that an option names, or the usual one; nothing where neither is."""
    outcome = engine.effective
    if isinstance(outcome, Unread):
        yield Unread(f"{name} of {engine.name}: {outcome.reason}")
        return
    setting = outcome.setting(name)
    if setting is not None and isinstance(setting.value, str) and setting.value:
        path = engine.absolute(setting.value)
        yield path, Evidence(str(setting.origin), f"{name} is {setting.value}")
    elif usual:
        yield usual, None
