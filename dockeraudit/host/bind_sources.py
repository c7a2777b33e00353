"""Places of a host that are mounted into containers, as they were given.

Where their links lead decides what a container may do, so a scan has to look at each of them and
at every folder above it; what it did not look at is unknown.
"""

import posixpath
from collections.abc import Iterator
from typing import TYPE_CHECKING

from dockeraudit.facts import FileFacts, Unread, VolumeFacts
from dockeraudit.facts.inventory import Mount
from dockeraudit.host.access import Files
from dockeraudit.host.contents import inventory
from dockeraudit.host.model import Engine

if TYPE_CHECKING:
    from dockeraudit.host.host import Host


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
