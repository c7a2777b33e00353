"""Containers' logs grow without end."""

from dockeraudit import frameworks
from dockeraudit.check import STRICT, Finding, NotApplicable, Outcomes, Severity, check
from dockeraudit.host import Daemon
from dockeraudit.settings import Settings

from . import _shared


@check(
    id="daemon-log-rotation",
    title="Containers' logs grow without a limit",
    severity=Severity.LOW,
    over=Daemon,
    rationale="json-file never rotates by itself: a container that talks much fills the disk of "
    "the host and of all others.",
    remediation='Add "log-opts": {"max-size": "10m", "max-file": "3"} to /etc/docker/daemon.json, '
    'or set "log-driver": "local", '
    + _shared.RESTART
    + " Containers keep the options they were created with.",
    quiet="max-size is set. It does not apply to other drivers. Containers with options of their "
    "own, and a logrotate of the host's, are not looked at.",
    references=frameworks.RESOURCES,
    profiles=STRICT,
)
@_shared.where_it_starts
def log_rotation(daemon: Daemon, settings: Settings) -> Outcomes:
    driver = _shared.logging_driver(daemon)
    if driver.text != "json-file":
        yield NotApplicable(f"the log driver is {driver.text}")
        return
    limit = _shared.log_option(daemon, "max-size")
    if not limit.text:
        message = f"{_shared.when(daemon.engine)}json-file logs have no max-size"
        yield Finding("max-size", message, (driver.evidence, limit.evidence))
