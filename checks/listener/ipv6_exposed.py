"""A packet filter closes the API's port over IPv4 and leaves it open over IPv6."""

from collections.abc import Iterator
from ipaddress import IPv6Network, ip_address

from dockeraudit.check import Finding, NotApplicable, Outcomes, Severity, check
from dockeraudit.facts import Evidence, Filters, Interface, Unread
from dockeraudit.host import Daemon, Listener
from dockeraudit.host.firewall import admits, outer_interfaces, policy_of
from dockeraudit.settings import Settings

from . import _shared

_GLOBAL = IPv6Network("2000::/3")


@check(
    id="listener-ipv6-exposed",
    title="Docker API filtered over IPv4 and open over IPv6",
    severity=Severity.HIGH,
    over=Daemon,
    rationale="A listener on every address answers over IPv6 too, which has a packet filter of its "
    "own: rules of iptables say nothing of it, and the port that seems closed is open.",
    remediation="Filter both: `ip6tables -A INPUT -p tcp --dport 2376 ! -s CLIENTS -j DROP`, or "
    "one table for both (`nft add rule inet filter input tcp dport 2376 drop`); ufw: IPV6=yes in "
    "/etc/default/ufw (Debian-like); firewalld filters both (RHEL-like). Better:\n"
    + _shared.PROTECT,
    quiet="No listener takes IPv6, the host has no global IPv6 address, both families are let in "
    "alike (other checks' business), or IPv6 is kept out. Rules are followed for a connection "
    "from anywhere to the host; what they make of something that is not known here, and filters "
    "that can't be read, are unknown. Filters elsewhere on the way are not seen.",
)
def ipv6_exposed(daemon: Daemon, settings: Settings) -> Outcomes:
    listeners = [each for each in _shared.tcp(daemon.engine) if ":" in each.ip]
    addresses = _global(daemon.host.facts.interfaces)
    if isinstance(addresses, Unread):
        yield addresses
        return
    listeners = [each for each in listeners if each.reach == "ANY" or each.ip in addresses]
    if not listeners:
        yield NotApplicable("the API is on no address that is reached over IPv6 from outside")
    elif not addresses:
        yield NotApplicable("the host has no global IPv6 address")
    else:
        for listener in listeners:
            yield from _judged(daemon, listener, addresses)


def _global(interfaces: tuple[Interface, ...] | Unread) -> list[str] | Unread:
    """The host's IPv6 addresses that are reached from elsewhere."""
    if isinstance(interfaces, Unread):
        return Unread(f"the host's addresses: {interfaces.reason}")
    found = (each.address.partition("/")[0].partition("%")[0] for each in interfaces)
    return [each for each in found if ":" in each and ip_address(each) in _GLOBAL]


def _judged(daemon: Daemon, listener: Listener, addresses: list[str]) -> Iterator[Finding | Unread]:
    facts = daemon.host.facts
    outer = outer_interfaces(facts.interfaces)
    six = admits(facts.filters, "ip6", listener.port, outer)
    if six is False:
        return
    four = admits(facts.filters, "ip", listener.port, outer)
    if four is True:
        return
    for answer in (six, four):
        if isinstance(answer, Unread):
            yield Unread(f"who reaches {listener.address}: {answer.reason}")
            return
    yield Finding(
        resource=listener.address,
        message=f"{listener.address} is filtered over IPv4 and open over IPv6 at {addresses[0]}",
        evidence=(*_policies(facts.filters), *listener.evidence),
        severity=None if listener.anonymous else Severity.MEDIUM,
    )


def _policies(filters: Filters | Unread) -> Iterator[Evidence]:
    if isinstance(filters, Unread):
        return
    for name, lines in (("iptables", filters.iptables), ("ip6tables", filters.ip6tables)):
        if not isinstance(lines, Unread):
            told = policy_of(lines, "INPUT") or "(no rules)"
            yield Evidence(f"{name}-save", f"INPUT {told}")
