"""Containers that can change their own programs."""

from dockeraudit import frameworks
from dockeraudit.check import LEVEL_1, Finding, Outcomes, Severity, check
from dockeraudit.host import Container
from dockeraudit.settings import Settings

from . import _shared


@check(
    id="container-read-only",
    title="Container whose root file system can be written",
    severity=Severity.LOW,
    over=Container,
    rationale="Who gets in can replace programs and leave tools behind that stay until the "
    "container is removed.",
    remediation="Start it with --read-only, and --tmpfs /tmp or a volume for what it has to write. "
    + _shared.AGAIN,
    quiet="Its root file system is read-only. Volumes and tmpfs stay writable.",
    references=frameworks.cis("5.13") + frameworks.ISOLATION,
    profiles=LEVEL_1,
)
def read_only(container: Container, settings: Settings) -> Outcomes:
    if not container.seen.host_config.readonly_rootfs:
        said = container.said("HostConfig.ReadonlyRootfs", False)
        message = f"the root file system of {container.label} can be written"
        yield Finding(container.resource, message, (said,))
