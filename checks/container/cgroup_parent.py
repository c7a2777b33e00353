"""Containers under a control group of their own."""

from dockeraudit import frameworks
from dockeraudit.check import LEVEL_1, Finding, NotApplicable, Outcomes, Severity, check
from dockeraudit.host import Container
from dockeraudit.settings import Settings

from . import _shared


@check(
    id="container-cgroup-parent",
    title="Container under a control group nobody allowed",
    severity=Severity.LOW,
    over=Container,
    rationale="Limits and accounts of the engine's own group don't hold in another one, which may "
    "have none.",
    remediation="Leave out --cgroup-parent, or name it in `allowed-cgroup-parents` of the "
    "settings. " + _shared.AGAIN,
    quiet="It is under the daemon's group (daemon-cgroup-parent), or one that the settings allow. "
    "Swarms and rootless engines choose one themselves: not applicable.",
    references=frameworks.cis("5.25") + frameworks.RESOURCES,
    profiles=LEVEL_1,
)
def cgroup_parent(container: Container, settings: Settings) -> Outcomes:
    parent = container.seen.host_config.cgroup_parent
    if container.engine.rootless:
        yield NotApplicable(f"{container.engine.name} is rootless and chooses the control group")
    elif _shared.swarm_task(container):
        yield NotApplicable(f"the swarm chooses the control group of {container.resource}")
    elif parent and parent not in settings.allowed_cgroup_parents:
        message = f"{container.label} is under the control group {parent}"
        said = container.said("HostConfig.CgroupParent", parent)
        yield Finding(container.resource, message, (said,))
