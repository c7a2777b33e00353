"""A swarm that listens everywhere."""

from dockeraudit import frameworks
from dockeraudit.check import LEVEL_1, Finding, Outcomes, Severity, check, known
from dockeraudit.facts import Unread
from dockeraudit.host import Daemon, swarm
from dockeraudit.host.swarm import Membership
from dockeraudit.settings import Settings

from . import _shared


@check(
    id="swarm-bind-address",
    title="Swarm listens on every address of the host",
    severity=Severity.MEDIUM,
    over=Daemon,
    rationale="Management and gossip belong on the network of the cluster; on every address they "
    "are offered to all the others, too.",
    remediation="docker swarm init --listen-addr 192.0.2.10:2377 --advertise-addr 192.0.2.10, and "
    f"docker swarm join likewise, {_shared.ALIKE}; an address is only taken by a node that joins "
    "anew. A firewall may keep other networks out.",
    quiet="Each swarm port (TCP 2377 and 7946) is on a single address. UDP is not looked at, and "
    "neither is the overlay port 4789, which the kernel itself has open. See "
    "listener-swarm-ports for the same of a whole host.",
    references=frameworks.cis("7.2") + frameworks.SWARM,
    profiles=LEVEL_1,
)
@_shared.of_a_node
def bind_address(daemon: Daemon, place: Membership, settings: Settings) -> Outcomes:
    found = known(swarm.sockets(daemon.host, daemon.engine))
    if not found:
        yield Unread(f"{daemon.engine.name} is an active node, but none of its ports was seen open")
    for each in found:
        if each.wide:
            yield Finding(each.resource, each.message, (each.evidence,))
