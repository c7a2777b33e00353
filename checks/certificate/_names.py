"""By which names and addresses clients may call a host, and whether a certificate has one."""

from ipaddress import ip_address

from dockeraudit.facts import HostFacts, Unread
from dockeraudit.host import Host, Listener
from dockeraudit.host.certificates import Certificate

MOST = 8
"""Names that a message lists."""

_BRIDGES = ("docker", "br-", "veth", "virbr", "cni", "podman", "lxcbr", "cali", "flannel")


def covers(certificate: Certificate, listener: Listener, host: Host) -> bool | Unread:
    """Whether a client that calls this listener finds what it called in the certificate.

    Unread: the certificate has a name of which nothing here can say whose it is.
    """
    addresses = {_same(each) for each in certificate.addresses}
    own = own_addresses(host.facts)
    loopback = listener.reach == "LOOPBACK"
    if listener.reach == "ANY":
        called = set() if isinstance(own, Unread) else own
    else:
        called = {_same(listener.ip)}
    if addresses & called:
        return True
    names = own_names(host.facts, loopback=loopback)
    if any(_matches(pattern, name) for pattern in certificate.names for name in names):
        return True
    if isinstance(own, Unread) and listener.reach == "ANY":
        return own
    unknown = [
        name for name in certificate.names if not _is_localhost(name) and not _is_address(name)
    ]
    if unknown:
        return Unread(
            f"whether {', '.join(unknown[:MOST])} is a name of this host is not known here"
        )
    return False


def own_addresses(facts: HostFacts) -> set[str] | Unread:
    """The addresses that other machines may call: without loopback and bridges of containers."""
    if isinstance(facts.interfaces, Unread):
        return facts.interfaces
    found = {
        _same(each.address.partition("/")[0])
        for each in facts.interfaces
        if not each.name.startswith(_BRIDGES)
    }
    return {each for each in found if not ip_address(each.partition("%")[0]).is_loopback}


def own_names(facts: HostFacts, *, loopback: bool) -> set[str]:
    """Names of the machine, lower case: its own, those of /etc/hosts, and what the user called."""
    hostname = facts.machine.hostname.lower().rstrip(".")
    names = {hostname} | _called(facts.target)
    own = own_addresses(facts)
    mine = set() if isinstance(own, Unread) else own
    for name, addresses in facts.names.items():
        lower = name.lower().rstrip(".")
        if lower.partition(".")[0] == hostname.partition(".")[0] or mine & set(addresses):
            names.add(lower)
    if loopback:
        names |= {"localhost", "localhost.localdomain"}
    else:
        names = {name for name in names if not _is_localhost(name)}
    return names - {""}


def _called(target: str) -> set[str]:
    """The host's name in `user@host:port` or `ssh://…`; other targets are no network names."""
    scheme, separator, rest = target.rpartition("://")
    if separator and scheme != "ssh":
        return set()
    name = rest.partition("/")[0].rpartition("@")[2].partition(":")[0].lower()
    return set() if name in ("", "local") or name[0] == "[" or _is_address(name) else {name}


def _matches(pattern: str, name: str) -> bool:
    """As RFC 6125 says: a wildcard stands for the whole first label. A bare host name is taken to
    be the first label of a full one: DNS is not asked."""
    pattern = pattern.lower().rstrip(".")
    if pattern == name or pattern.partition(".")[0] == name:
        return True
    return pattern.startswith("*.") and "." in name and name.partition(".")[2] == pattern[2:]


def _is_localhost(name: str) -> bool:
    lower = name.lower().rstrip(".")
    return lower in ("localhost", "ip6-localhost", "ip6-loopback") or lower.startswith("localhost.")


def _is_address(text: str) -> bool:
    try:
        ip_address(text)
    except ValueError:
        return False
    return True


def _same(address: str) -> str:
    """One spelling for each IP address."""
    try:
        return str(ip_address(address.partition("%")[0]))
    except ValueError:
        return address


def listed(certificate: Certificate) -> str:
    """The alternative names as OpenSSL writes them; of many, the first."""
    tagged = [f"DNS:{name}" for name in certificate.names]
    tagged += [f"IP:{address}" for address in certificate.addresses]
    more = f" and {len(tagged) - MOST} more" if len(tagged) > MOST else ""
    return ", ".join(tagged[:MOST]) + more
