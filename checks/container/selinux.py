"""SELinux does not confine a container."""

from dockeraudit import frameworks
from dockeraudit.check import LEVEL_2, Finding, NotApplicable, Outcomes, Severity, check
from dockeraudit.host import Container
from dockeraudit.host.contents import security_option
from dockeraudit.settings import Settings

from . import _shared

_UNCONFINED = {"spc_t", "unconfined_t"}


@check(
    id="container-selinux",
    title="Container that SELinux does not confine",
    severity=Severity.MEDIUM,
    over=Container,
    rationale="With a label of its own a container reaches only files that carry it, even as root "
    "and out of its namespaces.",
    remediation="Leave out --security-opt label=disable and label=type:spc_t; label what it needs "
    "with the :z or :Z of a volume. RHEL-like: install container-selinux and add "
    '"selinux-enabled": true to /etc/docker/daemon.json; Debian-like hosts have AppArmor instead. '
    + _shared.AGAIN,
    quiet="Its processes have a label, and not one of a type that may do anything. Where the "
    "engine does not use SELinux it does not apply." + _shared.PRIVILEGED,
    references=frameworks.cis("5.3") + frameworks.ISOLATION,
    profiles=LEVEL_2,
)
def selinux(container: Container, settings: Settings) -> Outcomes:
    _shared.knows_info(container)
    if not security_option(container.engine, "selinux"):
        yield NotApplicable(f"{container.engine.name} does not use SELinux")
        return
    seen = container.seen
    options = _shared.security(container, "label")
    said = [
        container.said("ProcessLabel", seen.process_label),
        container.said("HostConfig.SecurityOpt", seen.host_config.security_opt),
    ]
    kinds = {*seen.process_label.split(":"), *(each.removeprefix("type:") for each in options)}
    if "disable" in options or not seen.process_label:
        message = f"{container.label} runs without an SELinux label"
    elif kinds & _UNCONFINED:
        message = f"{container.label} has an SELinux type that may do anything"
    else:
        return
    if seen.host_config.privileged:
        message += ", by --privileged"
        said.append(_shared.privileged(container))
    yield Finding(container.resource, message, tuple(said))
