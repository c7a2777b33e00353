"""DOCKER_TLS_VERIFY in the daemon's environment protects nothing."""

from dockeraudit import frameworks
from dockeraudit.check import Finding, NotApplicable, Outcomes, Severity, check, known
from dockeraudit.facts import Evidence, Unread
from dockeraudit.host import Engine
from dockeraudit.settings import Settings

from . import _shared
from ._shared import parsed

NAME = "DOCKER_TLS_VERIFY"


@check(
    id="tls-environment-trap",
    title="DOCKER_TLS_VERIFY is set for a daemon that ignores it",
    severity=Severity.CRITICAL,
    over=Engine,
    rationale="Since 20.10 the variable switches nothing on in the daemon: whoever relies on it"
    " serves the API to everybody while it looks protected.",
    remediation=_shared.MUTUAL_TLS + f"\nAnd take {NAME} out of the unit's Environment= and"
    " EnvironmentFile= (`systemctl cat docker`; /etc/default/docker on Debian,"
    " /etc/sysconfig/docker on RHEL).",
    quiet="Critical where a TCP listener takes clients without certificates; else low, since it"
    " only misleads. Before 20.10 the variable counts. A daemon that does not run has no"
    " environment.",
    references=frameworks.REMOTE,
)
def environment_trap(engine: Engine, settings: Settings) -> Outcomes:
    if engine.process is None:
        yield NotApplicable(f"{engine.name} does not run")
        return
    environment = known(engine.process.environment, f"the environment of {engine.name}")
    if NAME not in environment.values or environment.values[NAME] == "":
        return
    version = known(engine.version, f"the version of {engine.name}, which decides on {NAME}")
    if known(parsed(version), f"whether {engine.name} heeds {NAME}") < (20, 10, 0):
        return
    said = f"{engine.name} has {NAME} in its environment, which has no effect in {version}"
    exposed = [each for each in engine.exposures if each.anonymous]
    if exposed:
        said += f": {exposed[0].address} takes clients without certificates"
    else:
        for each in engine.exposures:
            if each.transport == "tcp" and isinstance(each.mode, Unread):
                yield Unread(f"how {each.address} is protected: {each.mode.reason}")
    value = environment.values[NAME]
    where = Evidence(f"/proc/{engine.process.pid}/environ", f"{NAME}={value or '(withheld)'}")
    evidence = (where, *(exposed[0].evidence if exposed else ()))
    yield Finding(NAME, said, evidence, None if exposed else Severity.LOW)
