"""What the engine publishes or forwards passes by the host's firewall."""

from collections.abc import Iterator
from ipaddress import ip_address

from dockeraudit import frameworks, in_force
from dockeraudit.check import Finding, Manual, NotApplicable, Outcomes, Severity, check
from dockeraudit.facts import Evidence, Filters, Unread
from dockeraudit.host import Container, Daemon
from dockeraudit.host.contents import NotThere, contents, info, inventory
from dockeraudit.host.firewall import policy_of, rules_of
from dockeraudit.settings import Settings

from . import _shared

Said = Iterator[Finding | Manual | Unread]
_SWITCHES = {
    "allow-direct-routing": "other hosts of the network reach unpublished ports of containers",
    "ip-forward-no-drop": "the host forwards between all networks",
}
_FORWARDING = {
    "iptables": "net.ipv4.ip_forward",
    "ip6tables": "net.ipv6.conf.all.forwarding",
}
_GATEWAYS = tuple(f"com.docker.network.bridge.gateway_mode_ipv{n}" for n in (4, 6))


@check(
    id="daemon-firewall-bypass",
    title="Containers' ports are reached past the host's firewall",
    severity=Severity.HIGH,
    over=Daemon,
    rationale="Published ports are translated before the firewall's INPUT rules are asked: ufw and "
    "firewalld show them closed while they are open. Without a dropping FORWARD chain neighbours "
    "route to containers directly.",
    remediation="Publish on an address (-p 127.0.0.1:8080:80), or write rules where forwarded "
    "traffic passes: `iptables -I DOCKER-USER -i eth0 ! -s 192.0.2.0/24 -j DROP` (and ip6tables), "
    "kept by iptables-persistent on Debian-like, by `firewall-cmd --permanent --direct` on "
    "RHEL-like hosts. `iptables -P FORWARD DROP`; take allow-direct-routing and "
    "ip-forward-no-drop out of /etc/docker/daemon.json, and nat-unprotected out of networks.",
    quiet="FORWARD drops or the host forwards nothing, neither option is set, no network is "
    "nat-unprotected; with ufw or firewalld no container publishes on every address. Rules in "
    "DOCKER-USER are for a person to judge. Without ufw and firewalld published ports are open "
    "as they were meant. A rootless engine, or one without iptables, has no such rules.",
    references=frameworks.NETWORK,
    profiles=("daemon", "strict"),
)
@_shared.where_it_starts
def firewall_bypass(daemon: Daemon, settings: Settings) -> Outcomes:
    engine = daemon.engine
    if engine.rootless:
        yield NotApplicable(f"{engine.name} is rootless: its ports are a process' on the host")
        return
    if in_force.option(daemon, "iptables", True).value is False:
        yield NotApplicable(f"{engine.name} sets no packet filter rules: see daemon-iptables")
        return
    for name, effect in _SWITCHES.items():
        told = in_force.option(daemon, name, False)
        if told.value is True:
            message = f"{_shared.when(engine)}{name} is on: {effect}"
            yield Finding(name, message, (told.evidence,))
    if engine.process is not None:
        yield from _of_networks(daemon)
    filters = daemon.host.facts.filters
    if isinstance(filters, Unread):
        if engine.process is not None:
            yield Unread(f"packet filters: {filters.reason}")
        return
    yield from _forward(daemon, filters)
    if filters.firewalls and engine.process is not None:
        yield from _published_past(daemon, filters)


def _of_networks(daemon: Daemon) -> Said:
    kept = inventory(daemon.engine)
    networks = kept if isinstance(kept, Unread) else kept.networks
    if isinstance(networks, Unread):
        yield Unread(f"networks of {daemon.engine.name}: {networks.reason}")
        return
    for network in networks:
        for option in _GATEWAYS:
            if network.options.get(option) == "nat-unprotected":
                yield Finding(
                    resource=f"network {network.name}",
                    message=f"every port of containers in the network {network.name} is open to "
                    "other hosts: nat-unprotected",
                    evidence=(
                        Evidence(
                            f"docker network inspect {network.name}", f"{option} nat-unprotected"
                        ),
                    ),
                )


def _forward(daemon: Daemon, filters: Filters) -> Said:
    """Whether what no rule decides is forwarded; the engine drops it if it switched that on."""
    parameters = daemon.host.facts.parameters
    forwards = parameters.get(_FORWARDING["iptables"], "")
    if _by_nftables(daemon):
        return
    if forwards != "0":
        yield from _chain(daemon, "iptables", filters.iptables, forwards)
    kept = inventory(daemon.engine)
    networks = (
        () if isinstance(kept, Unread) or isinstance(kept.networks, Unread) else kept.networks
    )
    if parameters.get(_FORWARDING["ip6tables"]) == "1" and any(
        network.enable_ipv6 for network in networks
    ):
        yield from _chain(daemon, "ip6tables", filters.ip6tables, "1")


def _chain(
    daemon: Daemon, tool: str, lines: tuple[str, ...] | Unread, forwards: str
) -> Iterator[Finding | Unread]:
    """The FORWARD chain of one family."""
    if isinstance(lines, Unread):
        yield Unread(f"{tool}: {lines.reason}")
        return
    policy = policy_of(lines, "FORWARD")
    if policy == "DROP" or _drops_all(rules_of(lines, "FORWARD")):
        return
    if not forwards:
        yield Unread("net.ipv4.ip_forward was not read")
        return
    modern = in_force.release(daemon.engine) >= (28, 0, 0)
    yield Finding(
        resource=f"{tool} FORWARD",
        message=f"the FORWARD chain of {tool} lets through what no rule decides "
        f"(policy {policy or 'none'})",
        evidence=(
            Evidence(f"{tool}-save", f"FORWARD {policy or '(no rules)'}"),
            Evidence("sysctl", f"{_FORWARDING[tool]} = {forwards}"),
        ),
        severity=Severity.LOW if modern else Severity.MEDIUM,
    )


def _drops_all(rules: tuple[str, ...]) -> bool:
    """Whether the last rule drops everything."""
    return bool(rules) and rules[-1].split()[2:4] in (["-j", "DROP"], ["-j", "REJECT"])


def _by_nftables(daemon: Daemon) -> bool:
    """Whether the engine's rules are nftables' own: its base chains hold no policy for others."""
    backend: dict[str, object] = info(daemon.engine, "FirewallBackend", {})
    return str(backend.get("Driver", "")).startswith("nftables")


def _published_past(daemon: Daemon, filters: Filters) -> Said:
    """Ports on every address, where a firewall is in force and DOCKER-USER says nothing."""
    ports: list[str] = []
    for container in contents(daemon.host, daemon.engine, Container):
        if isinstance(container, Unread):
            yield container
        elif isinstance(container, Container):
            ports += [f"{port} ({container.name})" for port in _wide(container)]
        else:
            assert isinstance(container, NotThere)
    if not ports:
        return
    firewall = " and ".join(filters.firewalls)
    listed = ", ".join(sorted(ports)[:10])
    in_force = Evidence(firewall, "in force")
    if _by_nftables(daemon):
        message = f"do rules of nftables keep others from {listed}, which bypass {firewall}?"
        yield Manual("published ports", message, (in_force,))
        return
    if isinstance(filters.iptables, Unread):
        yield Unread(f"iptables: {filters.iptables.reason}")
        return
    rules = [each for each in rules_of(filters.iptables, "DOCKER-USER") if _says_something(each)]
    if rules:
        message = f"do the rules of DOCKER-USER keep others from {listed}, which bypass {firewall}?"
        quoted = tuple(Evidence("iptables-save", each) for each in rules[:10])
        yield Manual("DOCKER-USER", message, (in_force, *quoted))
        return
    yield Finding(
        resource="DOCKER-USER",
        message=f"the published ports {listed} bypass {firewall}",
        evidence=(in_force, Evidence("iptables-save", "no rule in DOCKER-USER but RETURN")),
    )


def _says_something(rule: str) -> bool:
    return rule.split()[2:] != ["-j", "RETURN"]


def _wide(container: Container) -> Iterator[str]:
    """Its published ports on every address, now."""
    for port, bindings in container.seen.network_settings.ports.items():
        for each in bindings:
            if not each.host_ip or _unspecified(each.host_ip):
                yield f"{each.host_port}/{port.partition('/')[2] or 'tcp'}"
                break


def _unspecified(address: str) -> bool:
    try:
        return ip_address(address).is_unspecified
    except ValueError:
        return False
