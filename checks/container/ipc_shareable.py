"""Containers that offer their shared memory."""

from dockeraudit import frameworks
from dockeraudit.check import STRICT, Finding, Outcomes, Severity, check
from dockeraudit.host import Container
from dockeraudit.settings import Settings

from . import _shared


@check(
    id="container-ipc-shareable",
    title="Container whose shared memory others may join",
    severity=Severity.LOW,
    over=Container,
    rationale="Any container started with --ipc container:NAME reads and changes its shared "
    "memory, semaphores and queues.",
    remediation='Use --ipc private, or "default-ipc-mode": "private" in /etc/docker/daemon.json, '
    "where no other container has to join. " + _shared.AGAIN,
    quiet="Its IPC namespace is private, or not its own: the host's is container-host-ipc's.",
    references=frameworks.ISOLATION,
    profiles=STRICT,
)
def ipc_shareable(container: Container, settings: Settings) -> Outcomes:
    mode = container.seen.host_config.ipc_mode
    if mode == "shareable":
        message = f"{container.label} lets other containers join its IPC"
        yield Finding(container.resource, message, (container.said("HostConfig.IpcMode", mode),))
