"""The host passes packets on between all its networks."""

from collections.abc import Iterator

from msgspec import Struct

from dockeraudit import frameworks
from dockeraudit.check import STRICT, Finding, NotApplicable, Outcomes, Severity, check, no_engine
from dockeraudit.facts import Evidence, Filters, Unread
from dockeraudit.host import Host
from dockeraudit.settings import Settings

from . import _forwarding


class _Family(Struct, frozen=True):
    name: str
    switch: str
    tool: str
    nft: str


_FAMILIES = (
    _Family("IPv4", "net.ipv4.ip_forward", "iptables", "ip"),
    _Family("IPv6", "net.ipv6.conf.all.forwarding", "ip6tables", "ip6"),
)
_BRIDGED = "net.bridge.bridge-nf-call-iptables"


@check(
    id="host-ip-forward-open",
    title="The host forwards packets that no rule is for",
    severity=Severity.MEDIUM,
    over=Host,
    rationale="Engines switch forwarding on. Where the FORWARD chain then accepts what no rule is "
    "for, neighbours of the host reach containers by their own addresses, published or not, and "
    "every network behind the host.",
    remediation="Let it drop: iptables -P FORWARD DROP and ip6tables -P FORWARD DROP, kept by "
    "apt-get install iptables-persistent (Debian-like) or by firewalld (RHEL-like); routes of "
    "your own get rules in DOCKER-USER. For bridges: sysctl -w " + _BRIDGED + "=1 and a file in "
    "/etc/sysctl.d/.",
    quiet="Forwarding is off, the FORWARD policy or its last rule drops, or a chain of nftables "
    "does. What rules before that let through is not followed. With icc=false, frames on a bridge "
    "have to pass iptables as well. Rootless engines forward nothing on the host.",
    references=frameworks.NETWORK,
    profiles=STRICT,
)
def ip_forward_open(host: Host, settings: Settings) -> Outcomes:
    if not host.engines:
        yield no_engine(host)
        return
    if host.unseen is not None:
        yield host.unseen
    if all(engine.rootless for engine in host.engines):
        yield NotApplicable("rootless engines forward nothing on the host")
        return
    for family in _FAMILIES:
        yield from _forwards(host, family)
    yield from _bridges(host)


def _forwards(host: Host, family: _Family) -> Outcomes:
    switch = host.facts.parameters.get(family.switch)
    if switch is None:
        # No IPv6 at all is no gap; a kernel without IPv4 was never seen.
        if family.name == "IPv4" or host.facts.machine.bind_v6_only is not None:
            yield Unread(f"{family.switch} was not read")
        return
    if switch == "0":
        return
    filters = host.facts.filters
    if isinstance(filters, Unread):
        yield Unread(f"packet filters: {filters.reason}")
        return
    yield from _open(filters, family, switch)


def _open(filters: Filters, family: _Family, switch: str) -> Iterator[Finding | Unread]:
    if _forwarding.closed_elsewhere(filters, family.nft) is not None:
        return
    rules: tuple[str, ...] | Unread = getattr(filters, family.tool)
    if isinstance(rules, Unread):
        yield Unread(f"the FORWARD chain of {family.name}: {rules.reason}")
        return
    word = _forwarding.iptables(rules, f"{family.tool}-save")
    if word.closed:
        return
    if isinstance(filters.nftables, Unread) and "firewalld" in filters.firewalls:
        yield Unread(f"firewalld's own rules: {filters.nftables.reason}")
        return
    yield Finding(
        resource=f"{family.name} forwarding",
        message=f"the host forwards {family.name} packets that no rule is for: {word.line}",
        evidence=(
            Evidence("sysctl", f"{family.switch} = {switch}"),
            Evidence(word.source, word.line),
        ),
    )


def _bridges(host: Host) -> Iterator[Finding | Unread]:
    """icc=false is a rule of iptables, which frames on a bridge meet only if told to."""
    for engine in host.engines:
        outcome = engine.effective
        if engine.rootless or isinstance(outcome, Unread):
            continue
        setting = outcome.setting("icc")
        if setting is None or setting.value is not False:
            continue
        told = host.facts.parameters.get(_BRIDGED)
        if told is None:
            yield Unread(f"whether icc=false has effect: {_BRIDGED} was not read")
        elif told == "0":
            yield Finding(
                resource="frames on bridges",
                message="containers on one bridge reach each other although icc is false: frames "
                "there don't pass iptables",
                evidence=(
                    Evidence("sysctl", f"{_BRIDGED} = 0"),
                    Evidence(str(setting.origin), "icc false"),
                ),
            )
