"""Containers have no limits by default."""

from dockeraudit import frameworks, in_force
from dockeraudit.check import LEVEL_1, Manual, Outcomes, Severity, check
from dockeraudit.host import Daemon
from dockeraudit.settings import Settings

from . import _shared


@check(
    id="daemon-default-ulimit",
    title="No default ulimits for containers",
    severity=Severity.LOW,
    over=Daemon,
    rationale="Containers take over the limits of the daemon, which are high on purpose: one of "
    "them can use up processes and file descriptors for all.",
    remediation='Add "default-ulimits": {"nofile": {"Name": "nofile", "Soft": 1024, "Hard": '
    "65536}} (and nproc) to /etc/docker/daemon.json, " + _shared.RESTART,
    quiet="Some default ulimit is set, whatever its value. Else a person decides: containers may "
    "be started with limits of their own, which are not looked at here.",
    references=frameworks.cis("2.8", "2.9") + frameworks.RESOURCES,
    profiles=LEVEL_1,
)
@_shared.where_it_starts
def default_ulimit(daemon: Daemon, settings: Settings) -> Outcomes:
    told = in_force.option(daemon, "default-ulimits", {})
    if not told.table:
        what = "no default ulimits are set: containers get the daemon's own limits"
        yield Manual("default-ulimits", f"{_shared.when(daemon.engine)}{what}", (told.evidence,))
