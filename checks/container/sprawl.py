"""Stopped containers that nobody removes."""

from dockeraudit import frameworks
from dockeraudit.check import LEVEL_1, Finding, NotApplicable, Outcomes, Severity, check
from dockeraudit.facts import Evidence, Unread
from dockeraudit.host import Daemon
from dockeraudit.settings import Settings

from . import _shared


@check(
    id="container-sprawl",
    title="More stopped containers than anybody needs",
    severity=Severity.LOW,
    over=Daemon,
    rationale="Each keeps its data and settings, passwords too, and can be started again with the "
    "flaws that its image had.",
    remediation="docker ps -a --filter status=exited, then docker container prune --filter "
    "until=168h (Debian- and RHEL-like hosts alike); docker run --rm leaves none behind.",
    quiet="No more than 25 containers don't run, or than `stopped-containers` of the settings "
    "says. For how long they have not is not looked at.",
    references=frameworks.cis("6.2") + frameworks.IMAGES,
    profiles=LEVEL_1,
)
def sprawl(daemon: Daemon, settings: Settings) -> Outcomes:
    found = _shared.containers(daemon)
    if isinstance(found, NotApplicable | Unread):
        yield found
        return
    kept, unknown = found
    idle = [each.name for each in kept if not each.running]
    if len(idle) > settings.stopped_containers:
        said = Evidence("GET /containers/json?all=1", ", ".join(sorted(idle)))
        message = f"{len(idle)} containers don't run, of {len(kept)}"
        yield Finding("stopped containers", message, (said,))
    elif len(idle) + len(unknown) > settings.stopped_containers:
        yield Unread(f"whether they run: {unknown[0].reason}")
