"""The size of containers' devices was changed."""

from dockeraudit import frameworks, in_force
from dockeraudit.check import LEVEL_2, Finding, NotApplicable, Outcomes, Severity, check
from dockeraudit.host import Daemon
from dockeraudit.settings import Settings

from . import _shared


@check(
    id="daemon-base-device-size",
    title="Base device size of devicemapper was changed",
    severity=Severity.LOW,
    over=Daemon,
    rationale="A larger base device lets every image and container fill more of the pool that "
    "they all share.",
    remediation="Remove dm.basesize from storage-opts in /etc/docker/daemon.json and from the "
    "arguments, " + _shared.RESTART,
    quiet="dm.basesize is unset. It does not apply to other storage drivers, so to no engine from "
    "25 on.",
    references=frameworks.cis("2.11", "2.12") + frameworks.CONFIGURATION,
    profiles=LEVEL_2,
)
@_shared.where_it_starts
def base_device_size(daemon: Daemon, settings: Settings) -> Outcomes:
    if in_force.release(daemon.engine) >= (25, 0, 0):
        yield NotApplicable(f"engine {daemon.engine.version} has no devicemapper")
        return
    driver = _shared.driver(daemon)
    if driver.text != "devicemapper":
        yield NotApplicable(f"the storage driver is {driver.text}")
        return
    options = in_force.option(daemon, "storage-opts", [])
    for each in options.items:
        name, _, size = each.partition("=")
        if name.strip().lower() == "dm.basesize":
            message = f"{_shared.when(daemon.engine)}the base device size is {size.strip()}"
            yield Finding("dm.basesize", message, (options.evidence,))
