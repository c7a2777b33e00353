"""Containers in the host's network."""

from dockeraudit import frameworks
from dockeraudit.check import LEVEL_1, Finding, Outcomes, Severity, check
from dockeraudit.host import Container
from dockeraudit.settings import Settings

from . import _shared


@check(
    id="container-host-network",
    title="Container in the host's network",
    severity=Severity.HIGH,
    over=Container,
    rationale="It sees all of the host's traffic, reaches what listens on 127.0.0.1 only, and "
    "opens ports that no rule of the engine governs.",
    remediation="Leave out --network host and publish the ports that are needed: "
    "-p 127.0.0.1:8080:80. " + _shared.AGAIN,
    quiet="Its network is its own, or that of a container whose network is; --network "
    "container:NAME is followed. Where that container is not listed it is unknown.",
    references=frameworks.cis("5.10") + frameworks.NETWORK,
    profiles=LEVEL_1,
)
def host_network(container: Container, settings: Settings) -> Outcomes:
    own = container.seen.host_config.network_mode
    mode = container.mode("network")
    if mode == "host" or "host" in container.seen.network_settings.networks:
        said = container.said("HostConfig.NetworkMode", own)
        yield Finding(
            container.resource,
            f"{container.label} is in the host's network{_shared.via(container, own)}",
            (said,),
        )
    else:
        yield from _shared.followed(container, mode)
