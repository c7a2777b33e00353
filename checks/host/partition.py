"""The engine's state fills the root file system."""

import posixpath
from collections.abc import Iterator

from dockeraudit import frameworks
from dockeraudit.check import LEVEL_1, Finding, NotApplicable, Outcomes, Severity, check, known
from dockeraudit.facts import Absent, Document, Evidence, MountPoint, Unread
from dockeraudit.host import Daemon, Engine
from dockeraudit.settings import Settings

from . import _shared


@check(
    id="host-partition",
    title="The engine's state is on the root file system",
    severity=Severity.LOW,
    over=Daemon,
    rationale="Images, logs and what containers write fill it up, and with it the disk that the "
    "host itself, its logins and its own logs need.",
    remediation="Stop docker, move /var/lib/docker to a file system of its own (a logical volume, "
    "say: lvcreate -L 50G -n docker VG; mkfs.xfs /dev/VG/docker), mount it there by /etc/fstab "
    "and start docker: on Debian- and RHEL-like hosts alike. A data-root in daemon.json may name "
    "another folder that is a mount point.",
    quiet="The data-root (of a remapped engine the folder above it) is where a file system is "
    "mounted, and where images are containerd's its folder as well; how large they are is not "
    "looked at. A folder of the root file system bound to that place is none of its own. A "
    "rootless engine's state only has to lie outside the root file system.",
    references=frameworks.cis("1.1.1") + frameworks.RESOURCES,
    profiles=LEVEL_1,
)
def partition(daemon: Daemon, settings: Settings) -> Outcomes:
    host, engine = daemon.host, daemon.engine
    if engine.process is None and engine.configured is None:
        yield NotApplicable(f"nothing starts {engine.name}")
        return
    mounts = known(host.facts.mounts, "mounts")
    by_path = {mount.path: mount for mount in mounts}
    there = False
    for path, why in _folders(engine):
        way = host.route(path)
        if isinstance(way.seen, Absent):
            continue
        there = True
        mount = _mount(by_path, way.real)
        if mount is None:
            yield Unread(f"what {way.real} is on: no mount of the root file system was read")
        elif problem := _problem(engine, by_path.get("/"), mount, way.real):
            line = f"{mount.path} {mount.fstype} {mount.source} root={mount.root}"
            evidence = (why, Evidence("/proc/self/mountinfo", line))
            yield Finding(path, f"{path} {problem}", evidence)
    if not there:
        yield NotApplicable(f"{engine.name} has no state on the disk yet")


def _folders(engine: Engine) -> Iterator[tuple[str, Evidence]]:
    """The engine's folder, and containerd's where images are kept there."""
    root = known(_shared.data_root(engine))
    yield root
    info = _shared.information(engine)
    status = info.get("DriverStatus") if isinstance(info, dict) else None
    rows = status if isinstance(status, list) else []
    if ["driver-type", "io.containerd.snapshotter.v1"] not in rows:
        return
    because = Evidence("GET /info", "DriverStatus driver-type io.containerd.snapshotter.v1")
    if not engine.rootless and not _own_containerd(engine):
        yield "/var/lib/containerd", because


def _own_containerd(engine: Engine) -> bool:
    """Whether containerd is dockerd's child, whose folder is in the data-root."""
    info = engine.api.info if engine.api is not None else None
    told = info.value.get("Containerd") if isinstance(info, Document) else None
    address = told.get("Address") if isinstance(told, dict) else None
    return isinstance(address, str) and "/docker/containerd/" in address


def _mount(by_path: dict[str, MountPoint], path: str) -> MountPoint | None:
    """The mount that a path is on: the deepest one, of several there the last."""
    while path not in by_path and path not in ("/", ""):
        path = posixpath.dirname(path)
    return by_path.get(path)


def _problem(engine: Engine, root: MountPoint | None, mount: MountPoint, path: str) -> str:
    """What is wrong with where a path lies; empty: nothing."""
    if mount.path == "/":
        return "is on the root file system"
    if engine.rootless:
        return ""
    if mount.path != path:
        return f"is no mount point: it is a folder of {mount.path}"
    same = root is not None and mount.source.startswith("/") and mount.source == root.source
    return f"is mounted from the root file system's own {mount.source}" if same else ""
