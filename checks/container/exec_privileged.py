"""Commands that were started in containers with --privileged."""

from dockeraudit import frameworks
from dockeraudit.check import LEVEL_2, Outcomes, Severity, check
from dockeraudit.host import Daemon
from dockeraudit.settings import Settings

from . import _execs


@check(
    id="container-exec-privileged",
    title="Commands may have been started in containers with all privileges",
    severity=Severity.MEDIUM,
    over=Daemon,
    rationale="docker exec --privileged gives a process every capability, "
    "whatever the container has, and leaves no trace in its settings.",
    remediation="Leave out --privileged of docker exec. " + _execs.LOGS,
    quiet=_execs.QUIET,
    references=frameworks.cis("5.23") + frameworks.AUDIT,
    profiles=LEVEL_2,
)
def exec_privileged(daemon: Daemon, settings: Settings) -> Outcomes:
    yield from _execs.for_a_person(daemon, "--privileged")
