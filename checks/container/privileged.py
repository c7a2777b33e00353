"""A privileged container."""

from dockeraudit import frameworks
from dockeraudit.check import LEVEL_1, Finding, Outcomes, Severity, check
from dockeraudit.host import Container
from dockeraudit.settings import Settings

from . import _shared


@check(
    id="container-privileged",
    title="Privileged container",
    severity=Severity.CRITICAL,
    over=Container,
    rationale="It has every capability and every device of the host, and no filter of system "
    "calls: whoever is root in it is root of the host, by mounting the host's disk for example.",
    remediation="Leave out --privileged and give it the one device or capability that it needs: "
    "--device /dev/ttyUSB0, --cap-add NET_ADMIN. " + _shared.AGAIN,
    quiet="HostConfig.Privileged is false. Capabilities, devices and mounts that come to the same "
    "have checks of their own. In a rootless engine root is an ordinary account: high.",
    references=frameworks.cis("5.5") + frameworks.ISOLATION,
    profiles=LEVEL_1,
)
def privileged(container: Container, settings: Settings) -> Outcomes:
    if container.seen.host_config.privileged:
        severity = Severity.HIGH if container.engine.rootless else None
        message = f"{container.label} is privileged: it may do what its host's root may"
        if container.engine.rootless:
            message = f"{container.label} is privileged: it may do what {container.engine.user} may"
        yield Finding(container.resource, message, (_shared.privileged(container),), severity)
