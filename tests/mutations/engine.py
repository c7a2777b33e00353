"""What a mutation is: a host on which a check passes, and the one change that must fail it."""

from collections.abc import Callable
from functools import cache

from msgspec import Struct

from dockeraudit.facts import HostFacts
from dockeraudit.host import Host
from dockeraudit.judge import judge
from dockeraudit.plugins import checks
from dockeraudit.report import Status
from dockeraudit.settings import Settings

Step = Callable[[HostFacts], HostFacts]
"""One change of a host, as it shows in all that was seen of it."""

Base = Callable[[], HostFacts]
"""Facts that are made when they are asked for."""


class Mutation(Struct, frozen=True):
    """One change, on a recorded host."""

    base: Base
    step: Step
    also: frozenset[str] = frozenset()
    """Other checks that judge what the change changes. Each has to give another status."""
    to: Status = "fail"
    """`manual` for checks that leave the matter to a person."""
    docker_group: tuple[str, ...] | None = None
    """The setting of that name."""


def mutation(
    base: Base,
    step: Step,
    *,
    also: str = "",
    to: Status = "fail",
    docker_group: tuple[str, ...] | None = None,
) -> Mutation:
    """A mutation; `also` holds ids, separated by blanks."""
    return Mutation(base, step, frozenset(also.split()), to, docker_group)


def derived(base: Base, *steps: Step) -> Base:
    """A host that was set up otherwise."""

    @cache
    def facts() -> HostFacts:
        return in_order(*steps)(base())

    return facts


def in_order(*steps: Step) -> Step:
    """Several steps that make up one change."""

    def all_of_them(facts: HostFacts) -> HostFacts:
        for step in steps:
            facts = step(facts)
        return facts

    return all_of_them


ENDED = "the check ended in an error"


def statuses(host: Host, settings: Settings) -> dict[str, str]:
    """What every check comes to on a host; `error` where its own code failed."""
    found = judge(host, checks().values(), settings)
    return {each.check: "error" if ENDED in each.message else each.status for each in found}


@cache
def _of_base(base: Base, settings: Settings) -> dict[str, str]:
    return statuses(Host(base()), settings)


def around(change: Mutation) -> tuple[dict[str, str], dict[str, str]]:
    """Every check's status before and after the change."""
    before = change.base()
    settings = Settings(now=before.collected_at, docker_group=change.docker_group)
    return _of_base(change.base, settings), statuses(Host(change.step(before)), settings)


def differences(
    id: str, before: dict[str, str], after: dict[str, str], related: frozenset[str]
) -> dict[str, str]:
    """Other checks that changed although no one said so, and those that were to and did not."""
    changed = {other for other in before if before[other] != after[other]} - {id}
    stale = dict.fromkeys(related - changed, "is named as related and does not change")
    return stale | {each: f"{before[each]} -> {after[each]}" for each in sorted(changed - related)}
