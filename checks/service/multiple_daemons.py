"""More than one daemon on a host: each has its own configuration, sockets and containers."""

from dockeraudit import frameworks
from dockeraudit.check import Finding, Outcomes, Severity, check, no_engine
from dockeraudit.host import Host
from dockeraudit.settings import Settings

from . import _shared


@check(
    id="service-multiple-daemons",
    title="More than one Docker daemon runs on the host",
    severity=Severity.MEDIUM,
    over=Host,
    rationale="Tools and people look at one of them: what the other one exposes and runs goes "
    "unseen, and the two write the same firewall tables.",
    remediation="End the daemons that aren't meant to run (each is named with its process), and "
    "remove what starts them: a unit, a line in rc.local or cron, a login script.",
    quiet="At most one daemon of the host itself runs; those inside containers are not counted.",
    references=frameworks.CONFIGURATION,
    profiles=_shared.PROFILES,
)
def multiple_daemons(host: Host, settings: Settings) -> Outcomes:
    if host.unseen is not None:
        yield host.unseen
        return
    if not host.engines:
        yield no_engine(host)
    running = [engine for engine in host.engines if engine.process is not None]
    if len(running) > 1:
        names = sorted(engine.name for engine in running)
        yield Finding(
            resource=", ".join(names),
            message=f"{len(running)} daemons run on this host: {', '.join(names)}",
            evidence=tuple(
                _shared.command_line(engine.process) for engine in running if engine.process
            ),
        )
