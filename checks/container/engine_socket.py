"""The engine's socket in a container."""

from dockeraudit import frameworks
from dockeraudit.check import LEVEL_1, Finding, Outcomes, Severity, check
from dockeraudit.facts import Unread
from dockeraudit.host import Container
from dockeraudit.host.binds import mounted
from dockeraudit.host.engine_sockets import sockets_at
from dockeraudit.settings import Settings

from . import _shared


@check(
    id="container-engine-socket",
    title="Container that can command the engine through its socket",
    severity=Severity.CRITICAL,
    over=Container,
    rationale="Who can speak to the engine or to containerd starts a container with the host's "
    "disk in it, and is root of the host. A read-only mount makes no difference: it is no file "
    "that is written, and connecting needs no such right.",
    remediation="Leave out -v /var/run/docker.sock:… and mounts of /run or /. A program that has "
    "to watch containers gets a proxy that lets only its own calls through. " + _shared.AGAIN,
    quiet="No mount is or contains a socket of an engine of this host or of containerd, by path "
    "with links followed, or by inode under another name; local volumes that bind such a folder "
    "count. Where a source was not looked at it is unknown, since it may be a link. A socket that "
    "is handed on over TCP is not seen.",
    references=frameworks.cis("5.32") + frameworks.REMOTE,
    profiles=LEVEL_1,
)
def engine_socket(container: Container, settings: Settings) -> Outcomes:
    for mount in mounted(container):
        if isinstance(mount, Unread):
            yield mount
            continue
        found = sockets_at(container.host, mount.real)
        if found:
            message = f"{container.label} has {mount.named} of the host as {mount.destination}"
            if found[0] != mount.real:
                message += f", and with it {found[0]}"
            resource = f"{container.resource} {mount.destination}"
            yield Finding(resource, f"{message}: it can command the engine", mount.evidence)
        elif mount.unseen:
            yield mount.unseen
