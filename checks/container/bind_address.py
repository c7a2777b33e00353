"""Ports published on every interface."""

from collections.abc import Iterator
from ipaddress import ip_address

from dockeraudit import frameworks, in_force
from dockeraudit.check import LEVEL_1, Finding, NotApplicable, Outcomes, Severity, check, known
from dockeraudit.facts import Evidence, Unread
from dockeraudit.host import Container
from dockeraudit.host.contents import inventory
from dockeraudit.settings import Settings

from . import _shared

_BINDING = "com.docker.network.bridge.host_binding_ipv4"


@check(
    id="container-bind-address",
    title="Container that publishes a port on every interface",
    severity=Severity.HIGH,
    over=Container,
    rationale="The port is reachable on every address that the host has or gets, public ones "
    "included, and the engine's rules let it through before the host firewall's.",
    remediation="Name the address: -p 127.0.0.1:8080:80 or -p 192.0.2.10:8080:80. For all "
    'containers: "ip": "127.0.0.1" in /etc/docker/daemon.json, then systemctl restart docker '
    "(it counts for the default bridge). Name what has to be open in `allowed-published-ports` "
    "with its address, such as 0.0.0.0:443. " + _shared.AGAIN,
    quiet="Every published port names an address, IPv6 too, or one that the settings allow on "
    "all. Of a container that does not run the bindings of its next start count, and where they "
    "name no address that of the network, else of the daemon. Containers in the host's network "
    "publish nothing: container-host-network.",
    references=frameworks.cis("5.14") + frameworks.NETWORK,
    profiles=LEVEL_1,
)
def bind_address(container: Container, settings: Settings) -> Outcomes:
    if container.mode("network") == "host":
        yield NotApplicable(f"{container.resource} is in the host's network and publishes nothing")
        return
    for port, places in _shared.by_port(container).items():
        wide = [
            (each, said)
            for each in places
            if not _allowed(each, settings)
            for said in _everywhere(container, each)
        ]
        if wide:
            where = ", ".join(each.place for each, _ in wide)
            message = f"{container.label} publishes {port} on every interface: {where}"
            proof = tuple(dict.fromkeys(each for _, said in wide for each in said))
            yield Finding(f"{container.resource} {port}", message, proof)


def _everywhere(container: Container, place: _shared.Published) -> Iterator[tuple[Evidence, ...]]:
    """What says that a port is published on every interface; nothing where it is not."""
    said: tuple[Evidence, ...] = (place.evidence,)
    address = place.ip
    if not address:
        told = _default(container)
        said += (told.evidence,)
        address = told.text
    if address in ("", "*") or _unspecified(address):
        yield said


def _unspecified(address: str) -> bool:
    try:
        return ip_address(address).is_unspecified
    except ValueError:
        return False


def _default(container: Container) -> in_force.Told:
    """The address that a binding without one gets: the network's, else the daemon's."""
    kept = inventory(container.engine)
    networks = () if isinstance(kept, Unread) else known(kept.networks, "networks")
    joined = container.seen.network_settings.networks
    for network in networks:
        address = network.options.get(_BINDING, "") if network.name in joined else ""
        if address:
            said = Evidence(f"docker network inspect {network.name}", f"{_BINDING} {address}")
            return in_force.Told(address, said)
    return in_force.option(_shared.daemon(container), "ip", "0.0.0.0")


def _allowed(place: _shared.Published, settings: Settings) -> bool:
    """Whether the settings let it be open on this address; a port alone does not say so."""
    ports = settings.allowed_published_ports or ()
    mine = [each for each in ports if each.rpartition(":")[0] in (place.ip, f"[{place.ip}]")]
    return bool(place.ip) and _shared.allowed(place, tuple(mine))
