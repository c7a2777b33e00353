"""Commands that were started in containers with --user=root."""

from dockeraudit import frameworks
from dockeraudit.check import LEVEL_2, Outcomes, Severity, check
from dockeraudit.host import Daemon
from dockeraudit.settings import Settings

from . import _execs


@check(
    id="container-exec-root",
    title="Commands may have been started in containers as root",
    severity=Severity.MEDIUM,
    over=Daemon,
    rationale="docker exec --user=root gives back what the image's USER took away, "
    "and leaves no trace in its settings.",
    remediation="Leave out --user=root of docker exec. " + _execs.LOGS,
    quiet=_execs.QUIET,
    references=frameworks.cis("5.24") + frameworks.AUDIT,
    profiles=LEVEL_2,
)
def exec_root(daemon: Daemon, settings: Settings) -> Outcomes:
    yield from _execs.for_a_person(daemon, "--user=root")
