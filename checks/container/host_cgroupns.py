"""Containers that see the host's control groups."""

from dockeraudit import frameworks
from dockeraudit.check import STRICT, Finding, NotApplicable, Outcomes, Severity, check
from dockeraudit.host import Container
from dockeraudit.host.contents import info
from dockeraudit.settings import Settings

from . import _shared


@check(
    id="container-host-cgroupns",
    title="Container that sees the host's control groups",
    severity=Severity.MEDIUM,
    over=Container,
    rationale="It sees what else runs on the host and with which limits, and with a writable "
    "/sys/fs/cgroup changes them.",
    remediation="Leave out --cgroupns host; for all containers: "
    '"default-cgroupns-mode": "private" in /etc/docker/daemon.json, then systemctl restart '
    "docker. " + _shared.AGAIN,
    quiet="Its control group namespace is private. On hosts with control groups of version 1, "
    "where the host's is the default, it does not apply.",
    references=frameworks.ISOLATION,
    profiles=STRICT,
)
def host_cgroupns(container: Container, settings: Settings) -> Outcomes:
    _shared.knows_info(container)
    if info(container.engine, "CgroupVersion", "1") != "2":
        yield NotApplicable("the host has control groups of version 1")
        return
    mode = container.seen.host_config.cgroupns_mode
    if mode != "private":
        message = f"{container.label} is in the host's control group namespace"
        said = container.said("HostConfig.CgroupnsMode", mode)
        yield Finding(container.resource, message, (said,))
