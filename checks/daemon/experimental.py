"""Features that are not finished are on."""

from dockeraudit import frameworks, in_force
from dockeraudit.check import LEVEL_1, Finding, Outcomes, Severity, check
from dockeraudit.host import Daemon
from dockeraudit.settings import Settings

from . import _shared


@check(
    id="daemon-experimental",
    title="Experimental features are on",
    severity=Severity.LOW,
    over=Daemon,
    rationale="Experimental features may change or go with any release and were tested less.",
    remediation="Remove experimental from /etc/docker/daemon.json and the arguments, "
    + _shared.RESTART
    + ' Engines before 27 need it for "ip6tables": true: there it may be the lesser evil.',
    quiet="The daemon says that they are off, or was not told to turn them on.",
    references=frameworks.cis("2.18", "2.19") + frameworks.CONFIGURATION,
    profiles=LEVEL_1,
)
@_shared.where_it_starts
def experimental(daemon: Daemon, settings: Settings) -> Outcomes:
    engine = daemon.engine
    told = in_force.said(engine, "ExperimentalBuild") or in_force.option(
        daemon, "experimental", False
    )
    if told.value is True:
        message = f"{_shared.when(engine)}experimental features are on"
        yield Finding("experimental", message, (told.evidence,))
