"""Images come from registries that nobody can tell from impostors."""

from collections.abc import Iterator
from functools import lru_cache
from ipaddress import IPv4Network, IPv6Network, ip_network

from dockeraudit import frameworks, in_force
from dockeraudit.check import LEVEL_1, Finding, Outcomes, Severity, check
from dockeraudit.facts import Evidence
from dockeraudit.host import Daemon
from dockeraudit.settings import Settings

from . import _shared

Named = tuple[str, Evidence]


@check(
    id="daemon-insecure-registries",
    title="Registries are used without verified TLS",
    severity=Severity.HIGH,
    over=Daemon,
    rationale="For an insecure registry the daemon takes any certificate, and plain HTTP: whoever "
    "sits on the way hands out images of his own and reads the credentials.",
    remediation="Remove insecure-registries from /etc/docker/daemon.json and --insecure-registry "
    "from the arguments, put the registry's CA in /etc/docker/certs.d/HOST:PORT/ca.crt, then "
    "systemctl reload docker (restart, if it was an argument).",
    quiet="No registry but loopback (127.0.0.0/8, ::1, localhost) is insecure. Mirrors are not "
    "looked at here, nor hosts.toml of containerd.",
    references=frameworks.cis("2.5") + frameworks.SUPPLY,
    profiles=LEVEL_1,
)
@_shared.where_it_starts
def insecure_registries(daemon: Daemon, settings: Settings) -> Outcomes:
    when = _shared.when(daemon.engine)
    for name, evidence in sorted(_insecure(daemon), key=lambda named: named[0]):
        network = _network(name)
        if _loopback(name, network):
            continue
        wide = network is not None and network.num_addresses > 1
        what = f"every registry in {name} is" if wide else f"the registry {name} is"
        message = f"{when}{what} used without verified TLS"
        yield Finding(name, message, (evidence,), Severity.CRITICAL if wide else None)


def _insecure(daemon: Daemon) -> Iterator[Named]:
    """Names and networks: the daemon's own list, else the option."""
    told = in_force.said(daemon.engine, "RegistryConfig")
    if told is None or not told.table:
        option = in_force.option(daemon, "insecure-registries", [])
        yield from ((name.rpartition("://")[2], option.evidence) for name in option.items)
        return
    for cidr in told.table.get("InsecureRegistryCIDRs") or []:
        yield str(cidr), Evidence("GET /info", f"InsecureRegistryCIDRs {cidr}")
    for name, index in (told.table.get("IndexConfigs") or {}).items():
        if isinstance(index, dict) and index.get("Secure") is False:
            yield str(name), Evidence("GET /info", f"IndexConfigs {name} Secure false")


@lru_cache(maxsize=64)
def _network(name: str) -> IPv4Network | IPv6Network | None:
    if "/" not in name:
        return None
    try:
        return ip_network(name, strict=False)
    except ValueError:
        return None


def _loopback(name: str, network: IPv4Network | IPv6Network | None) -> bool:
    if network is None:
        return _shared.is_loopback(name)
    return network.network_address.is_loopback and network.broadcast_address.is_loopback
