"""Managers that start without being asked for a key."""

from dockeraudit import frameworks
from dockeraudit.check import LEVEL_1, Finding, Outcomes, Severity, check
from dockeraudit.facts import Evidence
from dockeraudit.host import Daemon
from dockeraudit.host.swarm import Membership
from dockeraudit.settings import Settings

from . import _shared


@check(
    id="swarm-autolock",
    title="Managers are not locked when they restart",
    severity=Severity.MEDIUM,
    over=Daemon,
    rationale="The keys of the swarm's log and of its traffic lie on each manager's disk in clear: "
    "whoever gets a copy of it has all the swarm's secrets.",
    remediation="docker swarm update --autolock=true on a manager, and keep the key that it prints "
    "away from the hosts: after a restart each manager waits for docker swarm unlock "
    f"({_shared.ALIKE}).",
    quiet="Autolock is on. Only managers know. The key itself is never asked for.",
    references=frameworks.cis("7.5") + frameworks.SWARM,
    profiles=LEVEL_1,
)
@_shared.of_a_manager
def autolock(daemon: Daemon, place: Membership, settings: Settings) -> Outcomes:
    if not _shared.kept(daemon).spec.encryption_config.auto_lock_managers:
        evidence = Evidence("GET /swarm", "Spec.EncryptionConfig.AutoLockManagers false")
        message = "autolock is off: the swarm's keys lie on the managers' disks in clear"
        yield Finding("AutoLockManagers", message, (evidence,))
