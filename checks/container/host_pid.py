"""Containers that see the host's processes."""

from dockeraudit import frameworks
from dockeraudit.check import LEVEL_1, Finding, Outcomes, Severity, check
from dockeraudit.host import Container
from dockeraudit.settings import Settings

from . import _shared


@check(
    id="container-host-pid",
    title="Container that sees the host's processes",
    severity=Severity.HIGH,
    over=Container,
    rationale="It reads command lines and, with the right capability, memory and files of the "
    "host's processes, and may stop them.",
    remediation="Leave out --pid host; to debug one container join its namespace: --pid "
    "container:NAME. " + _shared.AGAIN,
    quiet="Its process namespace is its own, or that of a container whose own it is; --pid "
    "container:NAME is followed. Where that container is not listed it is unknown.",
    references=frameworks.cis("5.16") + frameworks.ISOLATION,
    profiles=LEVEL_1,
)
def host_pid(container: Container, settings: Settings) -> Outcomes:
    own = container.seen.host_config.pid_mode
    mode = container.mode("pid")
    if mode == "host":
        said = container.said("HostConfig.PidMode", own)
        message = f"{container.label} shares the host's processes{_shared.via(container, own)}"
        yield Finding(container.resource, message, (said,))
    else:
        yield from _shared.followed(container, mode)
