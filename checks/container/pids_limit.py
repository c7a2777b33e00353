"""Containers that may start any number of processes."""

from dockeraudit import frameworks
from dockeraudit.check import LEVEL_1, Finding, Outcomes, Severity, check
from dockeraudit.host import Container
from dockeraudit.settings import Settings

from . import _shared


@check(
    id="container-pids-limit",
    title="Container that may start any number of processes",
    severity=Severity.MEDIUM,
    over=Container,
    rationale="Processes are counted for the whole host: a fork bomb in one container stops "
    "everything else.",
    remediation="docker update --pids-limit 200 NAME, and --pids-limit at the next docker run. "
    + _shared.UPDATE,
    quiet="A limit above 0 is set; the one that systemd sets for all of the engine together does "
    "not count.",
    references=frameworks.cis("5.29") + frameworks.RESOURCES,
    profiles=LEVEL_1,
)
def pids_limit(container: Container, settings: Settings) -> Outcomes:
    limit = container.seen.host_config.pids_limit
    if limit is None or limit <= 0:
        message = f"{container.label} has no limit on processes"
        yield Finding(container.resource, message, (container.said("HostConfig.PidsLimit", limit),))
