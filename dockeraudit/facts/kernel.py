"""The kernel's side of a host: what is mounted, its parameters, packet filters, audit rules."""

from msgspec import Struct

from dockeraudit.facts.evidence import Unread

NO_AUDITD = "auditd is not installed (no auditctl)"
"""The reason of an `Audit`'s `enabled` and `loaded` where no rule can be loaded at all."""


class MountPoint(Struct, frozen=True):
    """A line of /proc/self/mountinfo; containers' own file systems are left out."""

    path: str
    fstype: str
    source: str
    root: str = "/"
    """What of the file system is mounted: `/` unless it is a bind mount."""
    options: tuple[str, ...] = ()


class Audit(Struct, frozen=True, tag="audit", tag_field="is"):
    """The kernel's audit: rules in force; those in files are among `HostFacts.texts`."""

    enabled: bool | Unread
    """`auditctl -s`."""
    loaded: tuple[str, ...] | Unread
    """Lines of `auditctl -l`; empty: no rule is loaded."""
    rule_files: tuple[str, ...] | Unread = ()
    """/etc/audit/rules.d/*.rules and /etc/audit/audit.rules, as far as they exist."""


class Filters(Struct, frozen=True, tag="filters", tag_field="is"):
    """Packet filters, word for word."""

    iptables: tuple[str, ...] | Unread
    """`iptables-save` of the filter and nat tables, without counters; empty: none."""
    ip6tables: tuple[str, ...] | Unread
    nftables: tuple[str, ...] | Unread
    """`nft list ruleset` less the tables that iptables-nft made; empty: none."""
    firewalls: tuple[str, ...] = ()
    """Of `ufw`, `firewalld` those that are in force."""


class Package(Struct, frozen=True):
    """A package of the distribution that brought an engine's program."""

    name: str
    version: str
    fixed: tuple[str, ...] | Unread = ()
    """CVE ids that its changelog names, where it is on the host."""
