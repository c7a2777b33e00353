"""Mounts that containers pass on to the host."""

from dockeraudit import frameworks
from dockeraudit.check import LEVEL_1, Finding, Outcomes, Severity, check
from dockeraudit.host import Container
from dockeraudit.settings import Settings

from . import _shared


@check(
    id="container-mount-propagation",
    title="Container whose mounts spread to the host",
    severity=Severity.MEDIUM,
    over=Container,
    rationale="What it mounts below a shared folder appears on the host and in other containers, "
    "over whatever lies there.",
    remediation="Leave out :shared and :rshared; :rslave lets mounts of the host come in, not out. "
    + _shared.AGAIN,
    quiet="No mount is shared or rshared.",
    references=frameworks.cis("5.20") + frameworks.ISOLATION,
    profiles=LEVEL_1,
)
def mount_propagation(container: Container, settings: Settings) -> Outcomes:
    for mount in container.seen.mounts:
        if mount.propagation in ("shared", "rshared"):
            where = f"{mount.source}:{mount.destination}"
            said = container.said("Mounts", f"{where} propagation {mount.propagation}")
            message = f"mounts of {container.label} in {mount.destination} spread to {mount.source}"
            yield Finding(f"{container.resource} {mount.destination}", message, (said,))
