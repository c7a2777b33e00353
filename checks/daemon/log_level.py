"""The daemon's log says too much or too little."""

from dockeraudit import frameworks, in_force
from dockeraudit.check import LEVEL_1, Finding, Outcomes, Severity, check
from dockeraudit.host import Daemon
from dockeraudit.settings import Settings

from . import _shared


@check(
    id="daemon-log-level",
    title="Log level of the engine is not info",
    severity=Severity.LOW,
    over=Daemon,
    rationale="Above info the daemon's log lacks events that an investigation needs; at debug it "
    "holds requests in full, which may be secrets.",
    remediation='Set "log-level": "info" and "debug": false in /etc/docker/daemon.json, '
    + _shared.RESTART
    + " debug alone needs only systemctl reload docker.",
    quiet="log-level is info or unset, and debug is off.",
    references=frameworks.cis("2.3") + frameworks.AUDIT,
    profiles=LEVEL_1,
)
@_shared.where_it_starts
def log_level(daemon: Daemon, settings: Settings) -> Outcomes:
    when = _shared.when(daemon.engine)
    debug = in_force.said(daemon.engine, "Debug") or in_force.option(daemon, "debug", False)
    if debug.value is True:
        yield Finding("debug", f"{when}the engine logs at debug level", (debug.evidence,))
        return
    level = in_force.option(daemon, "log-level", "info")
    if level.text.lower() not in ("", "info"):
        message = f"{when}the engine's log level is {level.text}"
        yield Finding("log-level", message, (level.evidence,))
