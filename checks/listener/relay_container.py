"""A container that others reach holds the engine's socket."""

import re
from collections.abc import Iterator
from ipaddress import ip_address

from msgspec import Struct

from dockeraudit import frameworks
from dockeraudit.check import Finding, Outcomes, Severity, check
from dockeraudit.facts import ContainerFacts, Evidence, Unread
from dockeraudit.host import Container
from dockeraudit.host.binds import Mounted
from dockeraudit.host.contents import inventory
from dockeraudit.host.engine_sockets import holding
from dockeraudit.settings import Settings

_FILTERS = ("docker-socket-proxy", "socket-proxy", "dockerproxy")
_OTHERS = ("portainer", "portainer-ce", "portainer-ee", "traefik", "watchtower", "dozzle", "yacht")
_WRITES = re.compile(
    r"POST|PUT|PATCH|DELETE|EXEC|ALLOW_\w+|(SP_)?ALLOW_?(POST|PUT|PATCH|DELETE)\w*"
)
_VERBS = re.compile(
    _WRITES.pattern + r"|(SP_)?ALLOW_?(GET|HEAD)\w*|AUTH|BUILD|COMMIT|CONFIGS|CONTAINERS"
    r"|DISTRIBUTION|EVENTS|GRPC|IMAGES|INFO|NETWORKS|NODES|PING|PLUGINS|SECRETS|SERVICES|SESSION"
    r"|SWARM|SYSTEM|TASKS|VERSION|VOLUMES"
)
_OPTION = re.compile(r"-{1,2}allow(POST|PUT|PATCH|DELETE)\b", re.IGNORECASE)


class _Ways(Struct, frozen=True):
    """How others reach a container."""

    said: tuple[str, ...]
    evidence: tuple[Evidence, ...]
    near: bool
    """Only from this machine, and by no other container."""


@check(
    id="listener-relay-container",
    title="A container that others reach holds the engine's socket",
    severity=Severity.CRITICAL,
    over=Container,
    rationale="Who takes over a container with the engine's or containerd's socket in it is root "
    "on the host; many such containers pass the API on to all that reach them, while the daemon "
    "itself is on its unix socket only.",
    remediation="Take the socket out of the container, or the container off the network: publish "
    "its port on 127.0.0.1 only, and give it a network of its own with those that need it "
    "(docker network create --internal). Where only parts of the API are needed, let a filtering "
    "proxy hold the socket, with POST, EXEC and ALLOW_… left off (Debian- and RHEL-like hosts "
    "alike).",
    quiet="No container holds a socket of an engine or of containerd, or those that do publish no "
    "port, have a network for themselves, and are not on the host's. Whether it passes the API on "
    "is not tried. Of its variables the names are known and no values: a filtering proxy counts "
    "as read-only while it is given none that opens writing.",
    references=frameworks.cis("5.32") + frameworks.REMOTE,
    profiles=("daemon", "cis-level1", "cis-level2", "strict"),
)
def relay_container(container: Container, settings: Settings) -> Outcomes:
    found = tuple(holding(container))
    held = [each for each in found if isinstance(each, Mounted)]
    if not held:
        yield from (each for each in found if isinstance(each, Unread))
        return
    ways = _ways(container)
    if isinstance(ways, Unread):
        yield ways
    elif ways.said:
        yield _finding(container, held[0], ways)


def _finding(container: Container, held: Mounted, ways: _Ways) -> Finding:
    image = container.seen.config.image
    name = image.partition("@")[0].rpartition("/")[2].partition(":")[0]
    mode = "" if held.writable else " (read-only makes no difference)"
    message = f"{container.label} ({image}) holds {held.named}{mode} and "
    message += f"is reached {', '.join(ways.said)}"
    severity = Severity.HIGH if ways.near else Severity.CRITICAL
    evidence = [*held.evidence, *ways.evidence]
    if name in _FILTERS:
        opened = [each for each in _given(container) if _VERBS.fullmatch(each)]
        words = [each for each in container.seen.config.cmd if _OPTION.match(each)]
        named = ", ".join((*opened, *(each.partition("=")[0] for each in words)))
        writes = bool(words) or any(_WRITES.fullmatch(each) for each in opened)
        evidence.append(container.said("Config.Env", f"names {named or 'of the image only'}"))
        message += f"; as a filtering proxy it is given {named or 'nothing but its defaults'}"
        severity = severity if writes else Severity.MEDIUM
    elif name in _OTHERS:
        message += f"; {name} acts on the engine for its users"
    return Finding(container.resource, message, tuple(evidence), severity)


def _given(container: Container) -> list[str]:
    """The variables that the container was given, without those of its image.

    The engine puts the image's behind them, in the image's order, but for those given anew.
    """
    names = [each.partition("=")[0] for each in container.seen.config.env]
    kept = inventory(container.engine)
    images = () if isinstance(kept, Unread) or isinstance(kept.images, Unread) else kept.images
    own: list[str] = []
    for image in images:
        if image.id == container.seen.image:
            own = [each.partition("=")[0] for each in image.config.env]
    for count in range(len(names) + 1):
        if names[count:] == [each for each in own if each not in names[:count]]:
            return names[:count]
    return names


def _ways(container: Container) -> _Ways | Unread:
    mode = container.mode("network")
    if mode == "host":
        told = container.said("HostConfig.NetworkMode", mode)
        return _Ways(("on the host's network",), (told,), near=False)
    if mode == "none":
        return _Ways((), (), near=True)
    own = container.seen.host_config.network_mode
    if own.startswith("container:"):
        told = container.said("HostConfig.NetworkMode", own)
        return _Ways(("in another container's network",), (told,), near=False)
    said: list[str] = []
    evidence: list[Evidence] = []
    published = list(_published(container))
    if published:
        said.append("at " + ", ".join(f"{ip or '0.0.0.0'}:{port}" for ip, port in published))
        evidence.append(container.said("NetworkSettings.Ports", said[-1].removeprefix("at ")))
    kept = inventory(container.engine)
    others = kept if isinstance(kept, Unread) else kept.containers
    if isinstance(others, Unread):
        if not published:
            return Unread(f"who shares the networks of {container.label}: {others.reason}")
        others = ()
    shared = {name: who for name, who in _shared_with(container, others).items() if who}
    for network, names in shared.items():
        said.append(f"by {names[0]} and others" if len(names) > 1 else f"by {names[0]}")
        said[-1] += f" over the network {network}"
        evidence.append(container.said("NetworkSettings.Networks", network))
    near = not shared and all(_loopback(ip) for ip, _ in published)
    return _Ways(tuple(said), tuple(evidence), near)


def _published(container: Container) -> Iterator[tuple[str, str]]:
    seen = container.seen
    ports = seen.network_settings.ports if container.running else seen.host_config.port_bindings
    for port, bindings in sorted(ports.items()):
        for each in bindings:
            yield each.host_ip, each.host_port or port.partition("/")[0]


def _shared_with(container: Container, others: tuple[ContainerFacts, ...]) -> dict[str, list[str]]:
    """The other containers in each of its networks; stopped ones may start."""
    networks = container.seen.network_settings.networks
    found: dict[str, list[str]] = {name: [] for name in sorted(networks)}
    for other in others:
        if other.id == container.seen.id and other.name == container.seen.name:
            continue
        for name in set(networks) & set(other.network_settings.networks) - {"none", "host"}:
            found[name].append(other.name.removeprefix("/") or other.id[:12])
    return found


def _loopback(address: str) -> bool:
    try:
        return bool(address) and ip_address(address).is_loopback
    except ValueError:
        return False
