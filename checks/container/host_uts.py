"""Containers that share the host's name."""

from dockeraudit import frameworks
from dockeraudit.check import LEVEL_1, Finding, Outcomes, Severity, check
from dockeraudit.host import Container
from dockeraudit.settings import Settings

from . import _shared


@check(
    id="container-host-uts",
    title="Container that shares the host's name",
    severity=Severity.MEDIUM,
    over=Container,
    rationale="With the right capability it changes the host's name, on which logs, certificates "
    "and clusters rely.",
    remediation="Leave out --uts host; --hostname gives it a name of its own. " + _shared.AGAIN,
    quiet="HostConfig.UTSMode is not host.",
    references=frameworks.cis("5.21") + frameworks.ISOLATION,
    profiles=LEVEL_1,
)
def host_uts(container: Container, settings: Settings) -> Outcomes:
    own = container.seen.host_config.uts_mode
    mode = container.mode("uts")
    if mode == "host":
        message = f"{container.label} shares the host's name"
        yield Finding(container.resource, message, (container.said("HostConfig.UTSMode", own),))
    else:
        yield from _shared.followed(container, mode)
