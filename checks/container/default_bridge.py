"""Containers on the default bridge."""

from dockeraudit import frameworks
from dockeraudit.check import LEVEL_2, Finding, Outcomes, Severity, check
from dockeraudit.host import Container
from dockeraudit.settings import Settings


@check(
    id="container-default-bridge",
    title="Container on the default bridge network",
    severity=Severity.LOW,
    over=Container,
    rationale="All containers that name no network meet there, and reach each other's ports "
    "whether these are published or not.",
    remediation="docker network create front, and docker run --network front for those that "
    "belong together; docker network connect and disconnect work on running ones (Debian- and "
    "RHEL-like hosts alike).",
    quiet="It is attached to networks of its own choice only, or has none, or shares that of "
    "another container, which is judged by itself.",
    references=frameworks.cis("5.30") + frameworks.NETWORK,
    profiles=LEVEL_2,
)
def default_bridge(container: Container, settings: Settings) -> Outcomes:
    seen = container.seen
    networks = seen.network_settings.networks
    mode = seen.host_config.network_mode
    if "bridge" in networks or (not networks and mode in ("", "default", "bridge")):
        said = (
            container.said("HostConfig.NetworkMode", mode),
            container.said("NetworkSettings.Networks", sorted(networks)),
        )
        yield Finding(container.resource, f"{container.label} is on the default bridge", said)
