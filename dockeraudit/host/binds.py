"""What of the host is mounted into containers, by the place where it really lies.

Where links lead decides what a container may do, so a scan has to look at each source and at
every folder above it; what it did not look at is unknown.
"""

import posixpath
from collections.abc import Iterator
from typing import TYPE_CHECKING

from msgspec import Struct

from dockeraudit.facts import Absent, Evidence, FileFacts, Unread, VolumeFacts
from dockeraudit.facts.inventory import Mount
from dockeraudit.host.access import Files
from dockeraudit.host.contents import Container, inventory
from dockeraudit.host.model import Engine
from dockeraudit.host.startup import plain_path

if TYPE_CHECKING:
    from dockeraudit.host.host import Host


class Mounted(Struct, frozen=True):
    """A path of the host that a container sees."""

    source: str
    real: str
    """With links followed as far as they were seen, and /var/run written as /run."""
    destination: str
    name: str
    """The volume's, where it is one."""
    writable: bool
    unseen: Unread | None
    """Why it may lead elsewhere."""
    evidence: tuple[Evidence, ...]

    @property
    def named(self) -> str:
        """How messages name it."""
        plain = self.real in (self.source, self.source.removeprefix("/var"))
        return self.source if plain else f"{self.source} ({self.real})"


def within(path: str, folder: str) -> bool:
    """Whether a path is a folder or lies in it.

    >>> within("/etc/x", "/etc"), within("/etcetera", "/etc"), within("/x", "/")
    (True, False, True)
    """
    return path == folder or path.startswith(f"{folder.rstrip('/')}/")


def mounted(container: Container) -> Iterator[Mounted | Unread]:
    """Every path of the host in a container, and the volumes of which it can't be told."""
    name = ("mounted", container.engine.name, container.seen.id, container.seen.name)
    return iter(container.host.once(name, lambda: tuple(_mounted(container))))


def _mounted(container: Container) -> Iterator[Mounted | Unread]:
    kept = inventory(container.engine)
    volumes = kept if isinstance(kept, Unread) else kept.volumes
    for mount in container.seen.mounts:
        if mount.type == "volume" and isinstance(volumes, Unread):
            if mount.driver in ("", "local"):
                yield Unread(
                    f"where volume {mount.name} of {container.label} lies: {volumes.reason}"
                )
            continue
        source = bound(mount, () if isinstance(volumes, Unread) else volumes)
        if source:
            yield _placed(container, mount, source)


def _placed(container: Container, mount: Mount, source: str) -> Mounted:
    given = source if mount.type != "volume" else mount.name
    how = "rw" if mount.rw else "ro"
    said = [container.said("Mounts", f"{given}:{mount.destination}:{how}")]
    if mount.type == "volume":
        said.append(Evidence(f"docker volume inspect {mount.name}", f"Options device={source}"))
    why = unseen(container.host.facts.files, source)
    if why is not None:
        why = Unread(f"where {source}, mounted into {container.label}, leads: {why.reason}")
    return Mounted(
        source=source,
        real=real_path(container.host, source),
        destination=mount.destination,
        name=mount.name,
        writable=mount.rw,
        unseen=why,
        evidence=tuple(said),
    )


def real_path(host: "Host", path: str) -> str:
    """A path with its links followed as far as they are known, /var/run as /run."""
    path = _plain("/" + posixpath.normpath(path).lstrip("/"))
    way = host.route(path)
    broken = any(link.target is None for link in way.links.values())
    return path if broken or isinstance(way.seen, Absent) else _plain(way.real)


def _plain(path: str) -> str:
    return "/run" if path == "/var/run" else plain_path(path)


def to_look_at(host: "Host") -> tuple[str, ...]:
    """Every source on a host and the folders above, without what was looked at already."""
    found = {
        place for engine in host.engines for path in _sources(engine) for place in _down_to(path)
    }
    return tuple(sorted(found - {*host.facts.files}))


def bound(mount: Mount, volumes: tuple[VolumeFacts, ...]) -> str:
    """The path of the host that a mount shows; empty: it is a volume of the engine's own.

    A volume of the local driver may have been told to bind a folder in place of its own.
    """
    path = mount.source if mount.type in ("bind", "") else ""
    for volume in volumes if mount.type == "volume" and mount.driver in ("", "local") else ():
        words = volume.options.get("o", "").split(",")
        if volume.name == mount.name and {"bind", "rbind"} & {*words}:
            path = volume.options.get("device", "")
    return "/" + posixpath.normpath(path).lstrip("/") if path.startswith("/") else ""


def unseen(files: Files, path: str, links: int = 8) -> Unread | None:
    """Why it can't be told where a path leads; None where every part of it was looked at."""
    for place in _down_to(path):
        seen = files.get(place)
        if seen is None:
            return Unread(f"{place} was not looked at")
        if isinstance(seen, Unread):
            return Unread(f"{place}: {seen.reason}")
        if not isinstance(seen, FileFacts):
            return None
        if seen.kind == "symlink":
            if seen.target is None or not links:
                return Unread(f"where {place} leads was not read")
            rest = path.removeprefix(place)
            return unseen(files, seen.target + rest, links - 1) if rest else None
    return None


def _sources(engine: Engine) -> Iterator[str]:
    kept = inventory(engine)
    if isinstance(kept, Unread) or isinstance(kept.containers, Unread):
        return
    volumes = () if isinstance(kept.volumes, Unread) else kept.volumes
    for container in kept.containers:
        for mount in container.mounts:
            yield bound(mount, volumes)


def _down_to(path: str) -> Iterator[str]:
    """The folders above a path from the top, and the path itself; nothing of an empty one."""
    parts = [part for part in path.split("/") if part]
    if path:
        yield "/"
    for end in range(1, len(parts) + 1):
        yield "/" + "/".join(parts[:end])
