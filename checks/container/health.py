"""Containers of which nobody knows whether they work."""

from dockeraudit import frameworks
from dockeraudit.check import LEVEL_1, Finding, Outcomes, Severity, check
from dockeraudit.host import Container
from dockeraudit.settings import Settings

from . import _shared


@check(
    id="container-health",
    title="Container without a health check, or that fails it",
    severity=Severity.LOW,
    over=Container,
    rationale="A process that hangs is running; without a check nothing notices, and a swarm does "
    "not replace it.",
    remediation="Add HEALTHCHECK to the image's Dockerfile, or start it with --health-cmd; of an "
    "unhealthy one docker inspect NAME shows what the check said. " + _shared.AGAIN,
    quiet="It has a check that passes, or is starting; of one that does not run only the check "
    "counts. What the check looks at is not looked at. One that is unhealthy is medium.",
    references=frameworks.cis("5.27") + frameworks.RESOURCES,
    profiles=LEVEL_1,
)
def health(container: Container, settings: Settings) -> Outcomes:
    state = container.seen.state.health
    status = state.status if state is not None else "none"
    check = container.seen.config.healthcheck
    if container.running and status == "unhealthy":
        said = container.said("State.Health.Status", status)
        message = f"{container.label} is unhealthy"
        yield Finding(container.resource, message, (said,), Severity.MEDIUM)
    elif status in ("", "none"):
        test = check.test if check is not None else ()
        if container.running or not test or test[0] == "NONE":
            said = container.said("Config.Healthcheck.Test", test)
            yield Finding(container.resource, f"{container.label} has no health check", (said,))
