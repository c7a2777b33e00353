"""AppArmor does not confine a container."""

from dockeraudit import frameworks
from dockeraudit.check import LEVEL_1, Finding, NotApplicable, Outcomes, Severity, check
from dockeraudit.host import Container
from dockeraudit.host.contents import security_option
from dockeraudit.settings import Settings

from . import _shared


@check(
    id="container-apparmor",
    title="Container that AppArmor does not confine",
    severity=Severity.MEDIUM,
    over=Container,
    rationale="The engine's profile keeps a process that got out of its namespaces from writing to "
    "/proc and /sys and from mounting.",
    remediation="Leave out --security-opt apparmor=unconfined, or name a profile that is loaded "
    "(aa-status shows them). Debian-like: the package apparmor brings it; RHEL-like hosts have "
    "SELinux instead (container-selinux). " + _shared.AGAIN,
    quiet="A profile is in force; what it allows is not looked at. Where the engine does not use "
    "AppArmor it does not apply. Of a container that was never started only its options count."
    + _shared.PRIVILEGED,
    references=frameworks.cis("5.2") + frameworks.ISOLATION,
    profiles=LEVEL_1,
)
def apparmor(container: Container, settings: Settings) -> Outcomes:
    _shared.knows_info(container)
    if not security_option(container.engine, "apparmor"):
        yield NotApplicable(f"{container.engine.name} does not use AppArmor")
        return
    seen = container.seen
    profile = seen.app_armor_profile
    said = [container.said("AppArmorProfile", profile)]
    if _shared.never_started(container):
        asked = _shared.security(container, "apparmor")
        profile = asked[-1] if asked else "(default)"
        if seen.host_config.privileged:
            profile = "unconfined"
        said = [container.said("HostConfig.SecurityOpt", seen.host_config.security_opt)]
    if profile not in ("", "unconfined"):
        return
    message = f"{container.label} runs without an AppArmor profile"
    if seen.host_config.privileged:
        message += ", by --privileged"
        said.append(_shared.privileged(container))
    yield Finding(container.resource, message, tuple(said))
