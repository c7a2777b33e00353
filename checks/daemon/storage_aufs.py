"""Images lie on aufs."""

from dockeraudit import frameworks, in_force
from dockeraudit.check import LEVEL_1, Finding, NotApplicable, Outcomes, Severity, check
from dockeraudit.host import Daemon
from dockeraudit.settings import Settings

from . import _shared


@check(
    id="daemon-storage-aufs",
    title="Storage driver is aufs",
    severity=Severity.MEDIUM,
    over=Daemon,
    rationale="aufs is a patch that the kernel never took in: it is known for crashes, and nobody "
    "repairs it any more.",
    remediation="Save images and volumes, set "
    '"storage-driver": "overlay2" in /etc/docker/daemon.json, '
    + _shared.RESTART
    + " Images have to be pulled or loaded anew.",
    quiet="Another driver is in use. Engines from 24 on have no aufs: not applicable.",
    references=frameworks.cis("2.6") + frameworks.CONFIGURATION,
    profiles=LEVEL_1,
)
@_shared.where_it_starts
def storage_aufs(daemon: Daemon, settings: Settings) -> Outcomes:
    if in_force.release(daemon.engine) >= (24, 0, 0):
        yield NotApplicable(f"engine {daemon.engine.version} has no aufs")
        return
    told = _shared.driver(daemon)
    if told.text == "aufs":
        message = f"{_shared.when(daemon.engine)}the storage driver is aufs"
        yield Finding("aufs", message, (told.evidence,))
