"""The data of containers and the swarm's management share a network."""

from dockeraudit import frameworks
from dockeraudit.check import LEVEL_1, Manual, Outcomes, Severity, check
from dockeraudit.facts import Evidence, Unread
from dockeraudit.host import Daemon
from dockeraudit.host.swarm import Membership
from dockeraudit.settings import Settings

from . import _shared


@check(
    id="swarm-plane-separation",
    title="Management and data of the swarm may share a network",
    severity=Severity.LOW,
    over=Daemon,
    rationale="Busy or hostile containers can then disturb how the swarm is managed, and what is "
    "overheard of one tells of the other.",
    remediation="docker swarm init --advertise-addr 192.0.2.10 --data-path-addr 198.51.100.10, and "
    f"docker swarm join likewise, {_shared.ALIKE}.",
    quiet="Never a failure: the API does not say which address carries the data. The node's own "
    "address and those of the host are told.",
    references=frameworks.cis("7.9") + frameworks.SWARM,
    profiles=LEVEL_1,
)
@_shared.of_a_node
def plane_separation(daemon: Daemon, place: Membership, settings: Settings) -> Outcomes:
    address = place.address or "an unknown address"
    message = f"the node is managed over {address}: look up which one --data-path-addr was given"
    yield Manual("data-path-addr", message, (place.said("NodeAddr", address), _addresses(daemon)))


def _addresses(daemon: Daemon) -> Evidence:
    seen = daemon.host.facts.interfaces
    if isinstance(seen, Unread):
        return Evidence("interfaces", f"not read: {seen.reason}")
    return Evidence("interfaces", ", ".join(f"{each.name} {each.address}" for each in seen))
