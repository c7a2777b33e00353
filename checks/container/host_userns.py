"""Containers whose root is the host's although users are remapped."""

from dockeraudit import frameworks
from dockeraudit.check import LEVEL_1, Finding, NotApplicable, Outcomes, Severity, check
from dockeraudit.host import Container
from dockeraudit.host.contents import security_option
from dockeraudit.settings import Settings

from . import _shared


@check(
    id="container-host-userns",
    title="Container exempt from the engine's user namespaces",
    severity=Severity.MEDIUM,
    over=Container,
    rationale="Its root is the host's root, although the daemon was set up so that no container's "
    "is.",
    remediation="Leave out --userns host; what it is for, --privileged and the host's namespaces, "
    "should go too. " + _shared.AGAIN,
    quiet="It has the user namespace that the daemon gives to all. Where the daemon gives none it "
    "does not apply: daemon-userns.",
    references=frameworks.cis("5.31") + frameworks.ISOLATION,
    profiles=LEVEL_1,
)
def host_userns(container: Container, settings: Settings) -> Outcomes:
    _shared.knows_info(container)
    if not security_option(container.engine, "userns"):
        yield NotApplicable(f"{container.engine.name} has no user namespaces switched on")
    elif container.mode("userns") == "host":
        said = container.said("HostConfig.UsernsMode", container.seen.host_config.userns_mode)
        message = f"root in {container.label} is root of the host: --userns host"
        yield Finding(container.resource, message, (said,))
