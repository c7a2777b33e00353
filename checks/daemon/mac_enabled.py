"""No mandatory access control holds containers."""

from dockeraudit import frameworks, in_force
from dockeraudit.check import STRICT, Finding, NotApplicable, Outcomes, Severity, check
from dockeraudit.facts import Unread
from dockeraudit.host import Daemon
from dockeraudit.settings import Settings

from . import _shared


@check(
    id="daemon-mac-enabled",
    title="Neither AppArmor nor SELinux confines containers",
    severity=Severity.MEDIUM,
    over=Daemon,
    rationale="They keep a process that got out of its namespaces away from the host's files and "
    "from /proc and /sys.",
    remediation="Debian-like: install apparmor, have it on the kernel's command line and restart "
    'docker. RHEL-like: install container-selinux, add "selinux-enabled": true to '
    "/etc/docker/daemon.json and restart docker.",
    quiet="The engine reports apparmor or selinux. Only a running engine says it, over its API. "
    "Rootless engines can't load AppArmor profiles: not applicable.",
    references=frameworks.ISOLATION,
    profiles=STRICT,
)
@_shared.where_it_starts
def mac_enabled(daemon: Daemon, settings: Settings) -> Outcomes:
    told = in_force.security(daemon.engine)
    if told is None:
        yield Unread("AppArmor and SELinux: the engine's API says it, and did not answer")
    elif not {"name=apparmor", "name=selinux"}.isdisjoint(told.items):
        return
    elif daemon.engine.rootless:
        yield NotApplicable("a rootless engine can't load AppArmor profiles")
    else:
        message = "the engine uses neither AppArmor nor SELinux"
        yield Finding("security options", message, (told.evidence,))
