"""What of the host is mounted into containers, by the place where it really lies."""

from collections.abc import Iterator

from msgspec import Struct

from dockeraudit.facts import Evidence, Unread
from dockeraudit.facts.inventory import Mount
from dockeraudit.host import Container
from dockeraudit.host.bind_sources import bound, unseen
from dockeraudit.host.contents import inventory
from dockeraudit.host.engine_sockets import real_path


class Mounted(Struct, frozen=True):
    """A path of the host that a container sees."""

    source: str
    real: str
    """With links followed as far as they were seen, and /var/run written as /run."""
    destination: str
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
        writable=mount.rw,
        unseen=why,
        evidence=tuple(said),
    )
