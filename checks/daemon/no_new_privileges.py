"""Programs in containers may gain privileges."""

from dockeraudit import frameworks, in_force
from dockeraudit.check import LEVEL_1, Finding, Outcomes, Severity, check
from dockeraudit.host import Daemon
from dockeraudit.settings import Settings

from . import _shared


@check(
    id="daemon-no-new-privileges",
    title="Programs in containers may gain privileges by default",
    severity=Severity.MEDIUM,
    over=Daemon,
    rationale="A set-uid program of an image makes its caller root in the container, from where "
    "kernel flaws are nearer.",
    remediation='Add "no-new-privileges": true to /etc/docker/daemon.json, '
    + _shared.RESTART
    + " Containers that need sudo or ping by set-uid get "
    "--security-opt no-new-privileges=false.",
    quiet="no-new-privileges is on by default. Containers that were started with the opposite are "
    "not looked at here.",
    references=frameworks.cis("2.14", "2.15") + frameworks.ISOLATION,
    profiles=LEVEL_1,
)
@_shared.where_it_starts
def no_new_privileges(daemon: Daemon, settings: Settings) -> Outcomes:
    engine = daemon.engine
    told = in_force.security(engine)
    if told is not None and "name=no-new-privileges" in told.items:
        return
    # Engines before 24 have the option and don't list it.
    if told is None or in_force.release(engine) < (24, 0, 0):
        told = in_force.option(daemon, "no-new-privileges", False)
        if told.value is True:
            return
    message = f"{_shared.when(engine)}no-new-privileges is off by default"
    yield Finding("no-new-privileges", message, (told.evidence,))
