"""Folders of the host that decide over it, in a container."""

from dockeraudit import frameworks
from dockeraudit.check import LEVEL_1, Finding, Outcomes, Severity, check
from dockeraudit.facts import Unread
from dockeraudit.host import Container
from dockeraudit.host.binds import Mounted, mounted, within
from dockeraudit.host.contents import info
from dockeraudit.host.engine_sockets import engine_sockets
from dockeraudit.settings import Settings

from . import _shared

_SENSITIVE = (
    "/boot",
    "/dev",
    "/etc",
    "/home",
    "/lib",
    "/proc",
    "/root",
    "/run",
    "/sys",
    "/usr",
    "/var/lib/containerd",
    "/var/lib/docker",
)


@check(
    id="container-sensitive-mounts",
    title="Sensitive folder of the host in a container",
    severity=Severity.HIGH,
    over=Container,
    rationale="Who may write /etc, /usr, /root or the engine's own data is root of the host with "
    "its next login, boot or start of a container; who may read them has its keys and hashes.",
    remediation="Mount only the file or folder that the program needs, and :ro; keep data in named "
    "volumes (docker volume create). " + _shared.AGAIN,
    quiet="Nothing is mounted that is, contains or lies in one of the listed folders, with links "
    "followed; local volumes that bind a folder count. Where a source was not looked at it is "
    "unknown, since it may be a link. Read-only mounts are medium; /, /etc and the engine's data "
    "to be written are critical. A mount of an engine's socket alone is "
    "container-engine-socket's.",
    references=frameworks.cis("5.6") + frameworks.ISOLATION,
    profiles=LEVEL_1,
)
def sensitive_mounts(container: Container, settings: Settings) -> Outcomes:
    root: str = info(container.engine, "DockerRootDir", "/var/lib/docker")
    folders = dict.fromkeys((*_SENSITIVE, root))
    sockets = engine_sockets(container.host)
    for mount in mounted(container):
        if isinstance(mount, Unread):
            yield mount
        elif mount.real not in sockets:
            yield from _judged(container, mount, (*folders,), {"/etc", root})


def _judged(
    container: Container, mount: Mounted, folders: tuple[str, ...], decisive: set[str]
) -> Outcomes:
    what = next((each for each in folders if within(mount.real, each)), "")
    inside = next((each for each in folders if within(each, mount.real)), "")
    if not what and not inside:
        if mount.unseen:
            yield mount.unseen
        return
    severity = Severity.HIGH
    if not mount.writable:
        severity = Severity.MEDIUM
    elif any(within(each, mount.real) for each in decisive):
        severity = Severity.CRITICAL
    how = "write" if mount.writable else "read"
    message = f"{container.label} may {how} {mount.named} of the host, as {mount.destination}"
    if not what:
        message += f"; it contains {inside}"
    resource = f"{container.resource} {mount.destination}"
    yield Finding(resource, message, mount.evidence, severity)
