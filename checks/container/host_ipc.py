"""Containers that share memory with the host."""

from dockeraudit import frameworks
from dockeraudit.check import LEVEL_1, Finding, Outcomes, Severity, check
from dockeraudit.host import Container
from dockeraudit.settings import Settings

from . import _shared


@check(
    id="container-host-ipc",
    title="Container that shares memory with the host",
    severity=Severity.HIGH,
    over=Container,
    rationale="Shared memory, semaphores and queues of the host's programs, databases for "
    "example, can be read and changed from it.",
    remediation="Leave out --ipc host. " + _shared.AGAIN,
    quiet="Its IPC namespace is not the host's; --ipc container:NAME is followed. Where the "
    "container whose it is is not listed it is unknown. What others may join is "
    "container-ipc-shareable's.",
    references=frameworks.cis("5.17") + frameworks.ISOLATION,
    profiles=LEVEL_1,
)
def host_ipc(container: Container, settings: Settings) -> Outcomes:
    own = container.seen.host_config.ipc_mode
    mode = container.mode("ipc")
    said = container.said("HostConfig.IpcMode", own)
    if mode == "host":
        message = f"{container.label} shares the host's IPC{_shared.via(container, own)}"
        yield Finding(container.resource, message, (said,))
    else:
        yield from _shared.followed(container, mode)
