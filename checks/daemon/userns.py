"""Root in a container is root on the host."""

from dockeraudit import frameworks, in_force
from dockeraudit.check import LEVEL_2, Finding, Outcomes, Severity, check
from dockeraudit.host import Daemon
from dockeraudit.settings import Settings

from . import _shared


@check(
    id="daemon-userns",
    title="Root in containers is root on the host",
    severity=Severity.MEDIUM,
    over=Daemon,
    rationale="Without user namespaces uid 0 of a container is uid 0 of the host: a break-out, or "
    "a mounted folder, is in the hands of root.",
    remediation='Add "userns-remap": "default" to /etc/docker/daemon.json, '
    + _shared.RESTART
    + " Images and volumes are kept apart for it, so they have to be pulled and moved first.",
    quiet="The daemon remaps users or is rootless. Whether the ranges in /etc/subuid and "
    "/etc/subgid are free of the host's own ids is not looked at, nor are containers that were "
    "started with --userns=host.",
    references=frameworks.cis("2.9", "2.10") + frameworks.ISOLATION,
    profiles=LEVEL_2,
)
@_shared.where_it_starts
def userns(daemon: Daemon, settings: Settings) -> Outcomes:
    engine = daemon.engine
    if engine.rootless:
        return
    told = in_force.security(engine)
    if told is not None:
        on = not {"name=userns", "name=rootless"}.isdisjoint(told.items)
    else:
        told = in_force.option(daemon, "userns-remap", "")
        on = bool(told.text)
    if not on:
        message = f"{_shared.when(engine)}user namespaces are off: root in containers is root here"
        yield Finding("userns-remap", message, (told.evidence,))
