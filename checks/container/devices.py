"""Devices of the host in containers."""

import re

from dockeraudit import frameworks
from dockeraudit.check import LEVEL_1, Finding, Outcomes, Severity, check
from dockeraudit.host import Container
from dockeraudit.settings import Settings

from . import _shared

_GRAVE = re.compile(
    r"/dev(/(sd|hd|vd|xvd|nvme|mmcblk|dm-|md|loop|nbd|sr|sg|bsg|disk|mapper|mem$|kmem$|port$|kvm$).*"
    r"|/?)"
)
"""Disks, the machine's memory, other machines, or all of /dev."""
_EVERY = re.compile(r"[ab]\s|c\s+\*:")
"""Rules for every device, for disks, or for every character device."""


@check(
    id="container-devices",
    title="Container with devices of the host",
    severity=Severity.MEDIUM,
    over=Container,
    rationale="A driver's flaws are the kernel's, and a disk read past its file system has every "
    "file of the host, whatever their modes.",
    remediation="Leave out --device, --device-cgroup-rule and --gpus, or give the one device that "
    "is needed, :r where reading is enough. " + _shared.AGAIN,
    quiet="It has no devices but those that every container has, no rule that lets it make any, "
    "and asks no driver for any (GPUs). Disks, /dev/mem and /dev/kvm are high. Folders of /dev "
    "that are mounted are container-sensitive-mounts'." + _shared.PRIVILEGED,
    references=frameworks.cis("5.18") + frameworks.ISOLATION,
    profiles=LEVEL_1,
)
def devices(container: Container, settings: Settings) -> Outcomes:
    asked = container.seen.host_config
    if asked.privileged:
        message = f"{container.label} has every device of the host, by --privileged"
        yield Finding(container.resource, message, (_shared.privileged(container),), Severity.HIGH)
        return
    paths = [each.path_on_host for each in asked.devices]
    requests = [f"{each.driver or 'any driver'}:{each.count}" for each in asked.device_requests]
    said = []
    if paths:
        shown = [f"{each.path_on_host}:{each.cgroup_permissions}" for each in asked.devices]
        said.append(container.said("HostConfig.Devices", shown))
    if asked.device_cgroup_rules:
        said.append(container.said("HostConfig.DeviceCgroupRules", asked.device_cgroup_rules))
    if requests:
        said.append(container.said("HostConfig.DeviceRequests", requests))
    if not said:
        return
    grave = any(map(_GRAVE.fullmatch, paths)) or any(map(_EVERY.match, asked.device_cgroup_rules))
    rules = [f"rule {each}" for each in asked.device_cgroup_rules]
    what = ", ".join((*paths, *rules, *requests))
    message = f"{container.label} has devices of the host: {what}"
    severity = Severity.HIGH if grave else Severity.MEDIUM
    yield Finding(container.resource, message, tuple(said), severity)
