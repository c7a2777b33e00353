"""Ports are published on every address unless somebody says otherwise."""

from collections.abc import Iterator
from ipaddress import ip_address

from dockeraudit import frameworks, in_force
from dockeraudit.check import Finding, Outcomes, Severity, check
from dockeraudit.facts import Evidence, NetworkFacts, Unread
from dockeraudit.host import Daemon
from dockeraudit.host.contents import inventory
from dockeraudit.settings import Settings

from . import _shared

_OPTION = "com.docker.network.bridge.host_binding_ipv4"


@check(
    id="daemon-default-publish-ip",
    title="Ports are published on every address of the host by default",
    severity=Severity.MEDIUM,
    over=Daemon,
    rationale="`-p 5432:5432` names no address, so the database is open on all of the host's, past "
    "its firewall: what was meant for this machine is on the internet.",
    remediation='Add "ip": "127.0.0.1" to /etc/docker/daemon.json, for networks that are made '
    'later (from 24 on) "default-network-opts": {"bridge": '
    '{"com.docker.network.bridge.host_binding_ipv4": "127.0.0.1"}}, ' + _shared.RESTART + " Ports "
    "for others then name an address: -p 192.0.2.10:443:443. Networks that exist have to be made "
    "anew (docker network create -o com.docker.network.bridge.host_binding_ipv4=127.0.0.1 NAME).",
    quiet="ip is one address, and each bridge network that containers may publish from has a "
    "host_binding_ipv4 of its own: ip is for the default bridge only. The default bridge may be "
    "off. Ports with an address of their own are container-bind-address' business.",
    references=frameworks.NETWORK,
    profiles=("daemon", "strict"),
)
@_shared.where_it_starts
def default_publish_ip(daemon: Daemon, settings: Settings) -> Outcomes:
    when = _shared.when(daemon.engine)
    bridge = in_force.option(daemon, "bridge", "").text
    told = in_force.option(daemon, "ip", "0.0.0.0")
    if bridge != "none" and _wide(told.text):
        message = f"{when}ports of the default bridge are published on {told.text or '0.0.0.0'}"
        yield Finding("ip", message, (told.evidence,))
        return
    if daemon.engine.process is None:
        return
    kept = inventory(daemon.engine)
    networks = kept if isinstance(kept, Unread) else kept.networks
    if isinstance(networks, Unread):
        yield Unread(f"networks of {daemon.engine.name}: {networks.reason}")
        return
    yield from _of_networks(networks)


def _of_networks(networks: tuple[NetworkFacts, ...]) -> Iterator[Finding]:
    for network in networks:
        if network.driver != "bridge" or network.internal or network.name == "bridge":
            continue
        address = network.options.get(_OPTION, "")
        if _wide(address):
            said = f"{_OPTION} {address or '(unset)'}"
            yield Finding(
                resource=f"network {network.name}",
                message=f"ports of the network {network.name} are published on every address",
                evidence=(Evidence(f"docker network inspect {network.name}", said),),
            )


def _wide(address: str) -> bool:
    try:
        return not address or ip_address(address).is_unspecified
    except ValueError:
        return False
