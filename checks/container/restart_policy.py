"""Containers that are started again without end."""

from dockeraudit import frameworks
from dockeraudit.check import LEVEL_1, Finding, NotApplicable, Outcomes, Severity, check
from dockeraudit.host import Container
from dockeraudit.settings import Settings

from . import _shared


@check(
    id="container-restart-policy",
    title="Container that is started again without end",
    severity=Severity.LOW,
    over=Container,
    rationale="One that ends in an error each time burns time and hides the error; after five "
    "attempts somebody should look.",
    remediation="docker update --restart on-failure:5 NAME, and --restart at the next docker run. "
    + _shared.UPDATE,
    quiet="The policy is no, or on-failure with one to five attempts. Many operators want always "
    "or unless-stopped for services: then except them, or leave this check out. Tasks of a swarm "
    "are started by the swarm: not applicable.",
    references=frameworks.cis("5.15") + frameworks.RESOURCES,
    profiles=LEVEL_1,
)
def restart_policy(container: Container, settings: Settings) -> Outcomes:
    if _shared.swarm_task(container):
        yield NotApplicable(f"{container.resource} is a task of a swarm, which starts it again")
        return
    policy = container.seen.host_config.restart_policy
    most = policy.maximum_retry_count
    if policy.name in ("", "no") or (policy.name == "on-failure" and 1 <= most <= 5):
        return
    text = policy.name
    if policy.name == "on-failure":
        text += f" with {most} attempts" if most else " without a limit"
    said = container.said("HostConfig.RestartPolicy", f"{policy.name}:{most}")
    yield Finding(container.resource, f"{container.label} has the restart policy {text}", (said,))
