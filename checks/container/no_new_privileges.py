"""Programs in a container may gain privileges."""

from dockeraudit import frameworks, in_force
from dockeraudit.check import LEVEL_1, Finding, Outcomes, Severity, check
from dockeraudit.facts import Evidence, Unread
from dockeraudit.host import Container
from dockeraudit.settings import Settings

from . import _shared

_OPTION = "no-new-privileges"


@check(
    id="container-no-new-privileges",
    title="Programs in a container may gain privileges",
    severity=Severity.MEDIUM,
    over=Container,
    rationale="A set-uid program of its image makes an ordinary account root in the container, "
    "from where the kernel's flaws are nearer.",
    remediation="Start it with --security-opt no-new-privileges, or add "
    '"no-new-privileges": true to /etc/docker/daemon.json, then systemctl restart docker; the '
    "default counts only for containers that are made after it. " + _shared.AGAIN,
    quiet="The container's own option says so, and the kernel does not deny it of the first "
    "process; or the daemon's default does, and the kernel confirms it. That the first process "
    "alone gave up new privileges does not count: docker exec starts others. Of one that does not "
    "run the default counts if it was made after the daemon's start, else it is unknown.",
    references=frameworks.cis("5.26") + frameworks.ISOLATION,
    profiles=LEVEL_1,
)
def no_new_privileges(container: Container, settings: Settings) -> Outcomes:
    process = _shared.task(container)
    options = _shared.security(container, _OPTION)
    said = container.said("HostConfig.SecurityOpt", container.seen.host_config.security_opt)
    label = container.label
    if options:
        if not _is_true(options[-1]):
            message = f"programs of {label} may gain privileges: {_OPTION}={options[-1]}"
            yield Finding(container.resource, message, (said,))
            return
    else:
        on, default = _default(container)
        if not on:
            message = (
                f"programs of {label} may gain privileges: neither it nor the daemon forbids it"
            )
            yield Finding(container.resource, message, (said, default))
            return
        if process is None or process.no_new_privileges is None:
            yield from _made_before(container)
            return
    if process is not None and process.no_new_privileges is False:
        proof = (said, _shared.task_evidence(container, "NoNewPrivs", 0))
        why = "the kernel says so" if options else "it was made before the daemon's default"
        yield Finding(container.resource, f"programs of {label} may gain privileges: {why}", proof)


def _is_true(value: str) -> bool:
    """As Go's ParseBool reads it; the bare option means yes."""
    return value in ("", "1", "t", "T", "true", "TRUE", "True")


def _default(container: Container) -> tuple[bool, Evidence]:
    """Whether the daemon forbids it for all, and what says so; engines before 24 don't list it."""
    told = in_force.security(container.engine)
    if told is not None and f"name={_OPTION}" in told.items:
        return True, told.evidence
    if told is None or in_force.release(container.engine) < (24, 0, 0):
        told = in_force.option(_shared.daemon(container), _OPTION, False)
        return told.value is True, told.evidence
    return False, told.evidence


def _made_before(container: Container) -> Outcomes:
    process = container.engine.process
    since = None if process is None else process.started
    made = _shared.seconds(container.seen.created)
    if since is None or made is None or made < since:
        yield Unread(
            f"whether {container.label} was made after the daemon was told to forbid new privileges"
        )
