"""An SSH server in a container."""

from dockeraudit import frameworks
from dockeraudit.check import LEVEL_1, Finding, Outcomes, Severity, check, known
from dockeraudit.facts import Evidence, Unread
from dockeraudit.host import Container
from dockeraudit.settings import Settings

from . import _shared


@check(
    id="container-sshd",
    title="SSH server in a container",
    severity=Severity.LOW,
    over=Container,
    rationale="It has keys and passwords of its own that nobody looks after, and logins that the "
    "host's log does not show.",
    remediation="Take the server out of the image; docker exec -it NAME sh opens a shell, and over "
    "the network docker -H ssh://HOST exec does. " + _shared.AGAIN,
    quiet="No process of the container runs a program of an SSH server. Processes of a container "
    "that does not run can't be seen: unknown.",
    references=frameworks.cis("5.7") + frameworks.ISOLATION,
    profiles=LEVEL_1,
)
def sshd(container: Container, settings: Settings) -> Outcomes:
    if not container.running:
        yield Unread(f"{container.label} has no processes that could be looked at")
        return
    found = known(container.seen.ssh_servers, f"processes of {container.label}")
    if found:
        names = ", ".join(found)
        said = Evidence(f"processes of {container.name}", names)
        yield Finding(container.resource, f"{container.label} runs {names}", (said,))
