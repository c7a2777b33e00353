"""What containers publish."""

from dockeraudit import frameworks
from dockeraudit.check import LEVEL_1, Finding, Manual, Outcomes, Severity, check
from dockeraudit.host import Container
from dockeraudit.settings import Settings

from . import _shared


@check(
    id="container-published-ports",
    title="Container that publishes ports nobody allowed",
    severity=Severity.LOW,
    over=Container,
    rationale="Each published port is a way in from outside; the engine's rules come before the "
    "host firewall's.",
    remediation="Leave out the -p and -P that are not needed, and put containers that only speak "
    "to each other on a network of their own. Name those that are needed in "
    "`allowed-published-ports` of the settings. " + _shared.AGAIN,
    quiet="Nothing is published, or all that is is allowed by the settings. Where they allow "
    "nothing in particular, a person has to say whether a port is needed. Ports of swarm services "
    "count; of a task on a worker they are unknown.",
    references=frameworks.cis("5.9") + frameworks.NETWORK,
    profiles=LEVEL_1,
)
def published_ports(container: Container, settings: Settings) -> Outcomes:
    allowed = settings.allowed_published_ports
    seen = container.seen
    for port, places in _shared.by_port(container).items():
        rest = [each for each in places if not _shared.allowed(each, allowed or ())]
        if not rest:
            continue
        resource = f"{container.resource} {port}"
        message = f"{container.label} publishes {port} on {', '.join(each.place for each in rest)}"
        proof = tuple(each.evidence for each in rest)
        if allowed is not None:
            yield Finding(resource, f"{message}, which is not allowed", proof)
            continue
        if port not in seen.config.exposed_ports:
            message += ", which its image does not expose"
        yield Manual(resource, f"{message}: confirm that it is needed", proof)
    if seen.host_config.publish_all_ports and not container.running:
        said = container.said("HostConfig.PublishAllPorts", True)
        message = f"{container.label} publishes every port that its image exposes"
        yield Manual(container.resource, f"{message}: confirm that all are needed", (said,))
