"""An unlock key that stays the same."""

from dockeraudit import frameworks
from dockeraudit.check import LEVEL_1, Manual, NotApplicable, Outcomes, Severity, check
from dockeraudit.facts import Evidence
from dockeraudit.host import Daemon
from dockeraudit.host.swarm import Membership
from dockeraudit.settings import Settings

from . import _shared


@check(
    id="swarm-autolock-rotation",
    title="The key that unlocks managers may never have been changed",
    severity=Severity.LOW,
    over=Daemon,
    rationale="Whoever knew the key once can unlock a copy of a manager's disk until it is "
    "changed.",
    remediation="docker swarm unlock-key --rotate on a manager, regularly and when somebody leaves "
    f"({_shared.ALIKE}). Keep the old key until each manager has the new one.",
    quiet="Never a failure: a swarm does not say when its key was changed. Without autolock there "
    "is no key. Only managers know.",
    references=frameworks.cis("7.6") + frameworks.SWARM,
    profiles=LEVEL_1,
)
@_shared.of_a_manager
def autolock_rotation(daemon: Daemon, place: Membership, settings: Settings) -> Outcomes:
    swarm = _shared.kept(daemon)
    if not swarm.spec.encryption_config.auto_lock_managers:
        yield NotApplicable("autolock is off: there is no key to change")
        return
    evidence = (
        Evidence("GET /swarm", "Spec.EncryptionConfig.AutoLockManagers true"),
        Evidence("GET /swarm", f"CreatedAt {swarm.created_at}"),
    )
    message = "autolock is on: look up when its key was changed last"
    yield Manual("unlock key", message, evidence)
