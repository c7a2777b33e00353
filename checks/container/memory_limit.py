"""Containers without a limit on memory."""

from dockeraudit import frameworks
from dockeraudit.check import LEVEL_1, Finding, Outcomes, Severity, check
from dockeraudit.host import Container
from dockeraudit.settings import Settings

from . import _shared


@check(
    id="container-memory-limit",
    title="Container that may use all of the host's memory",
    severity=Severity.MEDIUM,
    over=Container,
    rationale="One leak, or one attacker, makes the kernel kill whatever it likes best on the "
    "host, the engine included.",
    remediation="docker update --memory 512m --memory-swap 512m NAME, and --memory at the next "
    "docker run. " + _shared.UPDATE,
    quiet="A limit is set; whether it is a sensible one is not looked at, nor are limits of a "
    "control group above it.",
    references=frameworks.cis("5.11") + frameworks.RESOURCES,
    profiles=LEVEL_1,
)
def memory_limit(container: Container, settings: Settings) -> Outcomes:
    limit = container.seen.host_config.memory
    if limit <= 0:
        message = f"{container.label} has no limit on memory"
        yield Finding(container.resource, message, (container.said("HostConfig.Memory", limit),))
