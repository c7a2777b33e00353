"""Containers of the default bridge reach each other."""

from dockeraudit import frameworks, in_force
from dockeraudit.check import LEVEL_1, Finding, NotApplicable, Outcomes, Severity, check
from dockeraudit.host import Daemon
from dockeraudit.settings import Settings

from . import _shared


@check(
    id="daemon-icc",
    title="Containers on the default bridge may talk to each other",
    severity=Severity.MEDIUM,
    over=Daemon,
    rationale="Every container that names no network is on the default bridge: one that is taken "
    "over reaches all ports of all others there.",
    remediation='Add "icc": false to /etc/docker/daemon.json, '
    + _shared.RESTART
    + " Containers that have to talk get a network of their own (docker network create).",
    quiet="icc is false, by the option that the daemon was started with: the options of the "
    "bridge itself and of networks made later are not looked at. It does not apply where the "
    "default bridge is off (bridge none). Raw packets pass icc=false unless NET_RAW is dropped.",
    references=frameworks.cis("2.2") + frameworks.NETWORK,
    profiles=LEVEL_1,
)
@_shared.where_it_starts
def icc(daemon: Daemon, settings: Settings) -> Outcomes:
    told = in_force.option(daemon, "icc", True)
    if told.value is False:
        return
    if in_force.option(daemon, "bridge", "").text == "none":
        yield NotApplicable("the default bridge is off")
        return
    when = _shared.when(daemon.engine)
    message = f"{when}containers on the default bridge reach each other: icc is on"
    yield Finding("icc", message, (told.evidence,))
