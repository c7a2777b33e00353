"""Too few managers, too many, or a number that gains nothing."""

from dockeraudit import frameworks
from dockeraudit.check import LEVEL_1, Finding, Manual, Outcomes, Severity, check
from dockeraudit.facts import Unread
from dockeraudit.host import Daemon
from dockeraudit.host.swarm import Membership
from dockeraudit.settings import Settings

from . import _shared

_MOST = 7


@check(
    id="swarm-manager-count",
    title="Number of managers that does not suit a swarm",
    severity=Severity.MEDIUM,
    over=Daemon,
    rationale="Managers decide by majority: an even number stands no more failures than one less, "
    "and each further one can be broken into and slows every decision.",
    remediation="docker node ls shows them; docker node promote NODE and docker node demote NODE "
    f"change it to 3, 5 or 7, {_shared.ALIKE}.",
    quiet=f"An odd number up to {_MOST}. A single manager, which stands no failure, is for a "
    "person to judge. Only managers know the number.",
    references=frameworks.cis("7.1") + frameworks.SWARM,
    profiles=LEVEL_1,
)
@_shared.of_a_manager
def manager_count(daemon: Daemon, place: Membership, settings: Settings) -> Outcomes:
    count = place.managers
    evidence = (place.said("Managers", count), place.said("Nodes", place.nodes))
    if not count and place.error:
        yield Unread(f"how many managers the swarm has: {place.error}")
    elif count == 1:
        message = "the swarm has 1 manager, and stands still when it fails: decide whether it may"
        yield Manual("managers", message, evidence)
    elif count > _MOST or not count % 2:
        yield Finding("managers", f"the swarm has {count} managers", evidence)
