"""Images lie on a driver that is given up, slow, or fits its file system badly."""

from dockeraudit import frameworks, in_force
from dockeraudit.check import STRICT, Finding, Manual, Outcomes, Severity, check
from dockeraudit.facts import Evidence
from dockeraudit.host import Daemon, Engine
from dockeraudit.settings import Settings

from . import _shared

_BAD = {
    "overlay": "it was removed in 24 and runs out of inodes",
    "vfs": "it copies every layer whole and is meant for tests",
    "native": "it copies every layer whole",
}
_RARE = ("btrfs", "zfs")


@check(
    id="daemon-storage-deprecated",
    title="Storage driver is deprecated or unfit for production",
    severity=Severity.LOW,
    over=Daemon,
    rationale="Drivers that nobody tends lose data or fill the disk, and stand in the way of "
    "upgrades. Without d_type overlay2 leaves files that can't be deleted.",
    remediation='Set "storage-driver": "overlay2" in /etc/docker/daemon.json, with the data-root '
    "on ext4 or on xfs made with ftype=1, " + _shared.RESTART + " Images have to be pulled anew.",
    quiet="Any other driver, with d_type where the engine says so. btrfs and zfs are for a person "
    "to decide; aufs and devicemapper have checks of their own.",
    references=frameworks.CONFIGURATION,
    profiles=STRICT,
)
@_shared.where_it_starts
def storage_deprecated(daemon: Daemon, settings: Settings) -> Outcomes:
    when = _shared.when(daemon.engine)
    told = _shared.driver(daemon)
    if told.text in _BAD:
        message = f"{when}the storage driver is {told.text}: {_BAD[told.text]}"
        yield Finding("storage-driver", message, (told.evidence,))
    elif told.text in _RARE:
        message = f"{when}the storage driver is {told.text}: decide whether it is wanted"
        yield Manual("storage-driver", message, (told.evidence,))
    elif _without_d_type(daemon.engine):
        evidence = Evidence("GET /info", "DriverStatus Supports d_type false")
        message = f"the file system below {told.text} has no d_type"
        yield Finding("d_type", message, (told.evidence, evidence))


def _without_d_type(engine: Engine) -> bool:
    status = in_force.said(engine, "DriverStatus")
    pairs = status.value if status is not None and isinstance(status.value, list) else []
    return ["Supports d_type", "false"] in pairs
