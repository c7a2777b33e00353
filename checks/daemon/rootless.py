"""The daemon runs as root."""

from dockeraudit import frameworks, in_force
from dockeraudit.check import LEVEL_1, Manual, Outcomes, Severity, check
from dockeraudit.facts import Evidence
from dockeraudit.host import Daemon
from dockeraudit.settings import Settings

from . import _shared


@check(
    id="daemon-rootless",
    title="Engine runs as root",
    severity=Severity.LOW,
    over=Daemon,
    rationale="Whoever breaks out of a container, or may call the API, is root on the host where "
    "the daemon is; a rootless daemon gives no more than its own account.",
    remediation="Where the workload allows it (no privileged ports, overlay networks or AppArmor): "
    "install uidmap (Debian-like) or shadow-utils (RHEL-like), then run "
    "dockerd-rootless-setuptool.sh install as the account that shall own the daemon.",
    quiet="The daemon is rootless. Else a person decides whether it could be: never a failure.",
    references=frameworks.cis("2.1") + frameworks.ISOLATION,
    profiles=LEVEL_1,
)
@_shared.where_it_starts
def rootless(daemon: Daemon, settings: Settings) -> Outcomes:
    engine = daemon.engine
    told = in_force.security(engine)
    if engine.rootless or (told is not None and "name=rootless" in told.items):
        return
    evidence = told.evidence if told is not None else Evidence("user", engine.user)
    message = f"{engine.name} runs as {engine.user}: decide whether it could be rootless"
    yield Manual("rootless", message, (evidence,))
