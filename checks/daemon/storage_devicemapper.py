"""Images lie on devicemapper."""

from dockeraudit import frameworks, in_force
from dockeraudit.check import LEVEL_1, Finding, NotApplicable, Outcomes, Reference, Severity, check
from dockeraudit.host import Daemon
from dockeraudit.settings import Settings

from . import _shared


@check(
    id="daemon-storage-devicemapper",
    title="Storage driver is devicemapper",
    severity=Severity.MEDIUM,
    over=Daemon,
    rationale="devicemapper was given up in 18.09 and removed in 25: it fills up without a word "
    "and stands in the way of upgrades.",
    remediation="Save images and volumes, set "
    '"storage-driver": "overlay2" in /etc/docker/daemon.json and remove the dm.* entries of '
    "storage-opts, " + _shared.RESTART + " Images have to be pulled or loaded anew.",
    quiet="Another driver is in use. Engines from 25 on have no devicemapper: not applicable.",
    references=(Reference("cis-1.8", "2.7"), *frameworks.CONFIGURATION),
    profiles=LEVEL_1,
)
@_shared.where_it_starts
def storage_devicemapper(daemon: Daemon, settings: Settings) -> Outcomes:
    if in_force.release(daemon.engine) >= (25, 0, 0):
        yield NotApplicable(f"engine {daemon.engine.version} has no devicemapper")
        return
    told = _shared.driver(daemon)
    if told.text == "devicemapper":
        message = f"{_shared.when(daemon.engine)}the storage driver is devicemapper"
        yield Finding("devicemapper", message, (told.evidence,))
