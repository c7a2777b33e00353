"""What the swarm checks have in common: whom they are asked of, and what managers know."""

from collections.abc import Callable
from functools import wraps

from dockeraudit.check import NotApplicable, Outcomes, known
from dockeraudit.facts import SwarmFacts, Unread
from dockeraudit.host import Daemon, swarm
from dockeraudit.host.contents import inventory
from dockeraudit.host.swarm import Membership
from dockeraudit.settings import Settings

ALIKE = "on Debian- and RHEL-like hosts alike"

Rule = Callable[[Daemon, Membership, Settings], Outcomes]
Judged = Callable[[Daemon, Settings], Outcomes]


def of_a_node(rule: Rule) -> Judged:
    """The rule, asked of active nodes only."""

    @wraps(rule)
    def judged(daemon: Daemon, settings: Settings) -> Outcomes:
        name = daemon.engine.name
        if daemon.engine.process is None:
            yield NotApplicable(f"{name} does not run")
            return
        place = known(swarm.membership(daemon.host, daemon.engine))
        if place.state == "inactive":
            yield NotApplicable(f"{name} is in no swarm")
        elif place.state == "locked":
            yield Unread(f"{name} is locked: it tells nothing before `docker swarm unlock`")
        elif place.state != "active":
            why = f" ({place.error})" if place.error else ""
            yield Unread(f"{name} is no active node of its swarm, but {place.state}{why}")
        else:
            yield from rule(daemon, place, settings)

    return judged


def of_a_manager(rule: Rule) -> Judged:
    """The rule, asked of managers only."""

    @wraps(rule)
    def judged(daemon: Daemon, place: Membership, settings: Settings) -> Outcomes:
        if place.manager:
            yield from rule(daemon, place, settings)
        else:
            yield Unread(worker(daemon.engine.name, place))

    return of_a_node(judged)


def worker(name: str, place: Membership) -> str:
    """Why a worker can't tell, and who can."""
    managers = ", ".join(sorted(place.remote))
    return f"{name} is a worker: only managers know, scan one" + (managers and f" ({managers})")


def kept(daemon: Daemon) -> SwarmFacts:
    """What a manager says of its swarm.

    Raises:
        MissingEvidence: it was not read.
    """
    swarm_facts = known(inventory(daemon.engine)).swarm
    if swarm_facts is None:
        swarm_facts = Unread("it was not asked for")
    return known(swarm_facts, f"the swarm of {daemon.engine.name}")
