"""Swarm's ports are on every address."""

from dockeraudit import frameworks
from dockeraudit.check import LEVEL_1, Finding, NotApplicable, Outcomes, Severity, check, known
from dockeraudit.facts import Evidence
from dockeraudit.host import Host
from dockeraudit.settings import Settings

_PORTS = {2377: "cluster management", 7946: "node gossip"}


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
    daemons = {each.process.pid for each in host.engines if each.process is not None}
    sockets = known(host.facts.sockets, "listening sockets")
    held = [each for each in sockets if daemons & set(each.pids) and each.port in _PORTS]
    if not held:
        yield NotApplicable("no engine listens on a swarm port")
    for socket in held:
        if socket.address in ("0.0.0.0", "::"):
            yield Finding(
                resource=f"port {socket.port}",
                message=f"swarm's {_PORTS[socket.port]} port {socket.port} is on every address",
                evidence=(Evidence(f"/proc/net/{socket.transport}", f"LISTEN {socket.address}"),),
            )
