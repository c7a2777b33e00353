"""Containers that may make every system call."""

from dockeraudit import frameworks
from dockeraudit.check import LEVEL_1, Finding, Outcomes, Severity, check
from dockeraudit.facts import Evidence, Unread
from dockeraudit.host import Container
from dockeraudit.host.contents import info, security_option
from dockeraudit.settings import Settings

from . import _shared


@check(
    id="container-seccomp",
    title="Container without a filter of system calls",
    severity=Severity.HIGH,
    over=Container,
    rationale="The engine's profile refuses some fifty calls that programs don't need and that "
    "break-outs go through.",
    remediation="Leave out --security-opt seccomp=unconfined, or name a profile of your own: "
    "seccomp=profile.json. Where the engine has none at all see daemon-seccomp. " + _shared.AGAIN,
    quiet="A profile is in force: its own, or the engine's; what a profile of its own allows is "
    "not looked at. Of a running container the kernel's word that there is no filter counts most; "
    "that there is one does not, since a program can install its own." + _shared.PRIVILEGED,
    references=frameworks.cis("5.22") + frameworks.ISOLATION,
    profiles=LEVEL_1,
)
def seccomp(container: Container, settings: Settings) -> Outcomes:
    reason = _reason(container)
    if reason is None:
        yield Unread(f"the engine's seccomp profile, which {container.label} has: no GET /info")
    elif reason:
        text, said = reason[0]
        yield Finding(container.resource, f"{container.label} has no seccomp filter{text}", (said,))


def _reason(container: Container) -> list[tuple[str, Evidence]] | None:
    """Why it is not filtered; empty where it is; None where that is not known."""
    asked = container.seen.host_config
    options = _shared.security(container, "seccomp")
    process = _shared.task(container)
    if "unconfined" in options:
        return [(": unconfined", container.said("HostConfig.SecurityOpt", asked.security_opt))]
    if asked.privileged and not options:
        return [(", by --privileged", _shared.privileged(container))]
    if process is not None and process.seccomp == 0:
        return [(": none is in force", _shared.task_evidence(container, "Seccomp", 0))]
    if options:
        return []
    if not _shared.has_info(container):
        return None
    listed: list[object] = info(container.engine, "SecurityOptions", [])
    said = _shared.info_evidence(container, "SecurityOptions")
    if not security_option(container.engine, "seccomp"):
        return [(": the engine has none", said)]
    if "name=seccomp,profile=unconfined" in listed:
        return [(": the engine's own profile is unconfined", said)]
    return []
