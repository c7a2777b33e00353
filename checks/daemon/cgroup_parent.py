"""Containers run under a cgroup that somebody chose."""

from dockeraudit import frameworks, in_force
from dockeraudit.check import LEVEL_2, Manual, Outcomes, Severity, check
from dockeraudit.host import Daemon
from dockeraudit.settings import Settings

from . import _shared


@check(
    id="daemon-cgroup-parent",
    title="Containers run under a cgroup of the user's choice",
    severity=Severity.LOW,
    over=Daemon,
    rationale="The parent cgroup decides which limits hold for all containers together; a parent "
    "without limits, or one shared with the host's services, lets containers starve those.",
    remediation="Remove cgroup-parent from /etc/docker/daemon.json and the arguments unless it is "
    "wanted, " + _shared.RESTART,
    quiet="cgroup-parent is unset, or what the engine takes by itself (/docker, system.slice). Any "
    "other is for a person to confirm.",
    references=frameworks.cis("2.10", "2.11") + frameworks.RESOURCES,
    profiles=LEVEL_2,
)
@_shared.where_it_starts
def cgroup_parent(daemon: Daemon, settings: Settings) -> Outcomes:
    told = in_force.option(daemon, "cgroup-parent", "")
    if told.text not in ("", "/docker", "system.slice"):
        message = f"containers run under the cgroup {told.text}: confirm that it is wanted"
        yield Manual("cgroup-parent", f"{_shared.when(daemon.engine)}{message}", (told.evidence,))
