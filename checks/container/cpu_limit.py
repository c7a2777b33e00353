"""Containers without a share of processor time."""

from dockeraudit import frameworks
from dockeraudit.check import LEVEL_1, Finding, Outcomes, Severity, check
from dockeraudit.host import Container
from dockeraudit.settings import Settings

from . import _shared


@check(
    id="container-cpu-limit",
    title="Container that may use all of the host's processor time",
    severity=Severity.LOW,
    over=Container,
    rationale="Where all have the same weight and none has a limit, one that loops, or mines, "
    "takes the time of all the others.",
    remediation="docker update --cpus 1.5 NAME, and --cpus at the next docker run; --cpu-shares "
    "sets a weight instead. " + _shared.UPDATE,
    quiet="A limit (--cpus, --cpu-quota), a set of processors or a weight other than the usual "
    "1024 is set.",
    references=frameworks.cis("5.12") + frameworks.RESOURCES,
    profiles=LEVEL_1,
)
def cpu_limit(container: Container, settings: Settings) -> Outcomes:
    asked = container.seen.host_config
    weighed = asked.cpu_shares not in (0, 1024)
    if weighed or asked.nano_cpus > 0 or asked.cpu_quota > 0 or asked.cpuset_cpus:
        return
    said = (
        container.said("HostConfig.NanoCpus", asked.nano_cpus),
        container.said("HostConfig.CpuQuota", asked.cpu_quota),
        container.said("HostConfig.CpuShares", asked.cpu_shares),
    )
    yield Finding(container.resource, f"{container.label} has no limit on processor time", said)
