"""What can't be read never makes a check pass, and never leaves a rule out."""

from collections.abc import Callable

import pytest

from dockeraudit.facts import HostFacts
from dockeraudit.host import Host
from dockeraudit.settings import Settings
from tests.mutations.bases import RECORDED, recorded
from tests.mutations.engine import statuses
from tests.mutations.loss import GROUPS, Losses, without_difference
from tests.mutations.table import TABLE

HOSTS = sorted(path.name.partition(".")[0] for path in RECORDED.glob("*.facts.json"))

WORSE = ("fail", "unknown", "manual")


TOLD_OTHERWISE = {"tls-protocol": "the engine's version says which TLS its own listener takes"}
"""Checks that pass by other evidence than that of their mutation."""


@pytest.mark.parametrize("group", GROUPS, ids=lambda group: group.__name__)
@pytest.mark.parametrize("host", HOSTS)
def test_less_evidence_gives_no_better_verdict(
    host: str, group: Callable[[HostFacts], Losses]
) -> None:
    facts = recorded(host)()
    settings = Settings(now=facts.collected_at)
    before = statuses(Host(facts), settings)
    better = {
        f"{id} without {what}": f"{before[id]} -> {status}"
        for what, less in group(facts)
        for id, status in statuses(Host(less), settings).items()
        if status == "error" or (before[id] in WORSE and status not in WORSE)
    }
    assert not better


ALWAYS_KNOWN = ("permissions-docker-group", "service-enabled", "service-engine-supported")


@pytest.mark.parametrize("id", TABLE)
def test_a_pass_needs_what_would_fail_it(id: str) -> None:
    """Where a change fails a check, it can't pass without all in which that change shows."""
    mutation = TABLE[id]
    facts = mutation.base()
    less = without_difference(facts, mutation.step(facts))
    if less is None:  # such as a version: what changes is always known
        assert id in ALWAYS_KNOWN
        return
    settings = Settings(now=facts.collected_at, docker_group=mutation.docker_group)
    assert (statuses(Host(less), settings)[id] == "pass") == (id in TOLD_OTHERWISE)
