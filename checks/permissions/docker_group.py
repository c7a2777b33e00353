"""Accounts that are root through a group that may use an engine's socket."""

from collections.abc import Iterator

from dockeraudit import frameworks
from dockeraudit.check import (
    Finding,
    Manual,
    Outcomes,
    Reference,
    Severity,
    check,
    no_engine,
)
from dockeraudit.facts import Evidence, FileFacts, Unread
from dockeraudit.host import Host
from dockeraudit.host.access import effective_mode, evidence
from dockeraudit.settings import Settings

from . import _targets


@check(
    id="permissions-docker-group",
    title="Accounts that may use the engine's socket without being listed for it",
    severity=Severity.HIGH,
    over=Host,
    rationale="Who may write to the engine's socket can start a container with the host's disk in "
    "it, and so is root without a password and without a trace in sudo's log.",
    remediation="Take accounts out on Debian- and RHEL-like hosts alike with: gpasswd -d USER "
    "docker; where docker is the primary group: usermod -g users USER. Name those that may stay "
    "in `docker_group` of the settings.",
    quiet="The group has no member, or all are listed. Members that only a directory service "
    "(SSSD, LDAP) knows are seen only where it lists them. What sudo allows is not looked at.",
    references=(
        *frameworks.cis("1.1.2"),
        Reference("nist-800-53", "AC-6"),
        Reference("nist-800-190", "3.5.4"),
    ),
    profiles=("daemon", "cis-level1", "cis-level2", "strict"),
)
def docker_group(host: Host, settings: Settings) -> Outcomes:
    if not host.engines:
        yield no_engine(host)
        return
    yield from (each for each in _targets.sockets(host) if isinstance(each, Unread))
    for gid, why in _groups(host).items():
        name = next((each.name for each in host.facts.groups if each.gid == gid), None)
        if name is None:
            yield Unread(f"who is in group {gid}, which owns {why.source}, was not read")
            continue
        members = dict(_members(host, gid))
        allowed = settings.docker_group
        if allowed is None and members:
            yield Manual(
                resource=f"group {name}",
                message=f"in group {name} ({gid}), and so root on this host: {', '.join(members)}",
                evidence=(*members.values(), why),
            )
        for member in members if allowed is not None else ():
            if member not in (allowed or ()):
                yield Finding(
                    resource=f"{member} in group {name}",
                    message=f"{member} is in group {name} ({gid}), but not listed as allowed",
                    evidence=(members[member], why),
                )


def _groups(host: Host) -> dict[int, Evidence]:
    """The groups that own an engine's socket now, or will, and what says so; never root's own."""
    found: dict[int, Evidence] = {}
    for engine in host.engines:
        for gid in _targets.socket_groups(host, engine) if not engine.rootless else ():
            found[gid] = Evidence("the engine's group option", f"group {gid} gets the socket")
    for target in _targets.sockets(host):
        if isinstance(target, Unread):
            continue
        seen = host.route(target.path).seen
        if not isinstance(seen, FileFacts) or not seen.gid or not effective_mode(seen) & 0o020:
            continue
        private = target.limit.owners - {0}
        if not private or not _only(host, seen.gid, private):
            found[seen.gid] = evidence(target.path, seen)
    return found


def _only(host: Host, gid: int, uids: frozenset[int]) -> bool:
    """Whether a group holds nobody but the engine's own account."""
    names = {account.name for account in host.facts.accounts if account.uid in uids}
    return dict(_members(host, gid)).keys() <= names


def _members(host: Host, gid: int) -> Iterator[tuple[str, Evidence]]:
    """Everybody in a group but root: those it lists, then those whose primary group it is."""
    roots = {account.name for account in host.facts.accounts if account.uid == 0}
    for group in host.facts.groups:
        if group.gid == gid:
            for name in group.members:
                if name not in roots:
                    line = f"{group.name}:{gid}:{','.join(group.members)}"
                    yield name, Evidence("getent group", line)
    for account in host.facts.accounts:
        if account.gid == gid and account.uid != 0:
            yield account.name, Evidence("getent passwd", f"{account.name}: primary group {gid}")
