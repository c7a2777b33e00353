"""Containers share the host's view of cgroups, or let others into their memory."""

from dockeraudit import frameworks, in_force
from dockeraudit.check import STRICT, Finding, Outcomes, Severity, check
from dockeraudit.facts import Unread
from dockeraudit.host import Daemon
from dockeraudit.settings import Settings

from . import _shared


@check(
    id="daemon-default-namespaces",
    title="Containers' IPC or cgroup namespace is not private by default",
    severity=Severity.MEDIUM,
    over=Daemon,
    rationale="A shareable IPC namespace lets a second container into the first one's memory; in "
    "the host's cgroup namespace a container sees where it is and what runs beside it.",
    remediation='Add "default-ipc-mode": "private" and "default-cgroupns-mode": "private" to '
    "/etc/docker/daemon.json, " + _shared.RESTART,
    quiet="Both are private: by option, or by default (IPC always, cgroups on cgroup v2). Engines "
    "before 20.10 have no cgroup namespaces. Containers with modes of their own are not looked at.",
    references=frameworks.ISOLATION,
    profiles=STRICT,
)
@_shared.where_it_starts
def default_namespaces(daemon: Daemon, settings: Settings) -> Outcomes:
    if in_force.release(daemon.engine) >= (20, 10, 0):
        yield from _cgroup(daemon)
    ipc = in_force.option(daemon, "default-ipc-mode", "private")
    if ipc.text not in ("", "private"):
        message = f"{_shared.when(daemon.engine)}the default IPC mode is {ipc.text}"
        yield Finding("default-ipc-mode", message, (ipc.evidence,))


def _cgroup(daemon: Daemon) -> Outcomes:
    """By the daemon's word, else by its option, else by the version of cgroups it found."""
    engine = daemon.engine
    told = in_force.security(engine)
    if told is not None:
        if "name=cgroupns" not in told.items:
            message = "containers run in the host's cgroup namespace by default"
            yield Finding("default-cgroupns-mode", message, (told.evidence,))
        return
    option = in_force.option(daemon, "default-cgroupns-mode", "")
    if option.text == "host":
        message = f"{_shared.when(engine)}the default cgroup namespace is the host's"
        yield Finding("default-cgroupns-mode", message, (option.evidence,))
    elif option.text != "private":
        yield Unread("default-cgroupns-mode: unset, and which cgroups the host has is not known")
