"""The sockets by which a host's engines and containerd are commanded, and containers that hold one.

A mount holds a socket if it is the socket or a folder above it: mounts below a folder come along.
Read-only makes no difference, as connecting to a socket writes no file.
"""

from collections.abc import Iterator

from dockeraudit.facts import Absent, FileFacts, Unread
from dockeraudit.host.binds import Mounted, mounted, real_path
from dockeraudit.host.contents import Container
from dockeraudit.host.host import Host
from dockeraudit.host.startup import Start

_USUAL = (
    "/run/docker.sock",
    "/run/containerd/containerd.sock",
    "/run/docker/containerd/containerd.sock",
)


def holding(container: Container) -> Iterator[Mounted | Unread]:
    """The mounts in which a socket of an engine or of containerd is, and those that may be one."""
    for mount in mounted(container):
        if isinstance(mount, Unread) or sockets_at(container.host, mount.real):
            yield mount
        elif mount.unseen:
            yield mount.unseen


def engine_sockets(host: Host) -> tuple[str, ...]:
    """The real paths of the sockets of the host's engines and of containerd."""
    return host.once("engine sockets", lambda: tuple(dict.fromkeys(_sockets(host))))


def _sockets(host: Host) -> Iterator[str]:
    named: list[str] = list(_USUAL)
    for engine in host.engines:
        named += [each.address for each in engine.exposures if each.transport == "unix"]
        if isinstance(engine.start, Start):
            named += [each.value for each in engine.start.sockets]
        if not isinstance(engine.effective, Unread):
            told = engine.effective.setting("containerd")
            named.append(str(told.value) if told is not None else "")
    for path in named:
        if path.startswith("/"):
            yield real_path(host, path)


def sockets_at(host: Host, real: str) -> tuple[str, ...]:
    """The sockets of engines at or below a real path, under whatever name."""
    above = real.rstrip("/") + "/"
    seen = host.file(real)
    return tuple(
        socket
        for socket in engine_sockets(host)
        if socket == real or socket.startswith(above) or _same(seen, host.file(socket))
    )


def _same(one: FileFacts | Absent | Unread, other: FileFacts | Absent | Unread) -> bool:
    """Whether two names are one socket."""
    return (
        isinstance(one, FileFacts)
        and isinstance(other, FileFacts)
        and one.kind == other.kind == "socket"
        and (one.device, one.inode) == (other.device, other.inode)
    )
