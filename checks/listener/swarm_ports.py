"""Swarm's ports are on every address."""

from dockeraudit import frameworks
from dockeraudit.check import LEVEL_1, Finding, NotApplicable, Outcomes, Severity, check, known
from dockeraudit.host import Host, swarm
from dockeraudit.settings import Settings


@check(
    id="listener-swarm-ports",
    title="Swarm ports on every address of the host",
    severity=Severity.MEDIUM,
    over=Host,
    rationale="Swarm's management and gossip ports, and the unauthenticated overlay port UDP 4789, "
    "belong on the cluster's own network only.",
    remediation="`docker swarm init --listen-addr 192.0.2.10:2377 --advertise-addr 192.0.2.10` "
    "(and `swarm join` likewise) bind them to one address; a firewall may keep other networks out.",
    quiet="Swarm is not active, or its ports are on single addresses. UDP is not looked at.",
    references=frameworks.cis("7.2"),
    profiles=("daemon", *LEVEL_1),
)
def swarm_ports(host: Host, settings: Settings) -> Outcomes:
    if host.unseen is not None:
        yield host.unseen
        return
    found: dict[str, swarm.SwarmSocket] = {}
    for engine in host.engines:
        for each in known(swarm.sockets(host, engine)):
            found.setdefault(f"{each.resource} {each.socket.address}", each)
    if not found:
        known(host.facts.sockets, "listening sockets")
        yield NotApplicable("no engine listens on a swarm port")
    for each in found.values():
        if each.wide:
            yield Finding(each.resource, each.message, (each.evidence,))
