"""Ports below 1024 that containers publish."""

from dockeraudit import frameworks
from dockeraudit.check import LEVEL_1, Finding, Outcomes, Severity, check
from dockeraudit.host import Container
from dockeraudit.settings import Settings

from . import _shared


@check(
    id="container-privileged-ports",
    title="Container that publishes a port below 1024",
    severity=Severity.LOW,
    over=Container,
    rationale="Ports below 1024 are the host's own services' by custom: clients trust what answers "
    "there, and a container can take the place of one of them.",
    remediation="Publish a higher port (-p 127.0.0.1:8443:443) behind the host's own proxy, or "
    "name the port in `allowed-published-ports` of the settings. " + _shared.AGAIN,
    quiet="No published port is below 1024 but for those that the settings allow. Containers in "
    "the host's network publish nothing: container-host-network.",
    references=frameworks.cis("5.8") + frameworks.NETWORK,
    profiles=LEVEL_1,
)
def privileged_ports(container: Container, settings: Settings) -> Outcomes:
    for port, places in _shared.by_port(container).items():
        low = [
            each
            for each in places
            if 0 < each.number < 1024
            and not _shared.allowed(each, settings.allowed_published_ports or ())
        ]
        if low:
            where = ", ".join(each.place for each in low)
            message = f"{container.label} publishes {port} on {where}, below 1024"
            proof = tuple(each.evidence for each in low)
            yield Finding(f"{container.resource} {port}", message, proof)
