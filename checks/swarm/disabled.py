"""A swarm that nobody asked for."""

from dockeraudit import frameworks
from dockeraudit.check import LEVEL_1, Finding, NotApplicable, Outcomes, Severity, check, known
from dockeraudit.host import Daemon, swarm
from dockeraudit.settings import Settings

from . import _shared


@check(
    id="swarm-disabled",
    title="Engine is in a swarm that is not declared as wanted",
    severity=Severity.MEDIUM,
    over=Daemon,
    rationale="A node opens ports to other machines and runs what the swarm's managers send it.",
    remediation=f"docker swarm leave (--force on the last manager), {_shared.ALIKE}; or, where the "
    "swarm is wanted, swarm = true in [settings] of dockeraudit.toml.",
    quiet="The engine is in no swarm, or dockeraudit.toml says that a swarm is wanted. Being "
    "locked, pending or in error is being in one.",
    references=frameworks.cis("5.1") + frameworks.SWARM,
    profiles=LEVEL_1,
)
def disabled(daemon: Daemon, settings: Settings) -> Outcomes:
    name = daemon.engine.name
    if daemon.engine.process is None:
        yield NotApplicable(f"{name} does not run")
        return
    place = known(swarm.membership(daemon.host, daemon.engine))
    if place.inside and not settings.swarm:
        role = "a manager" if place.manager else "a node"
        message = f"{name} is {role} of a swarm ({place.state}), and nothing says that it shall be"
        yield Finding("swarm", message, (place.said("LocalNodeState", place.state),))
