"""Every check fails when the one thing is wrong that it looks for, and then it is the only one."""

import pytest

from dockeraudit.plugins import checks
from tests.build import SETTINGS
from tests.mutations.engine import around, differences, statuses
from tests.mutations.pairs import ALWAYS_MANUAL, BROKEN, ONLY_MANUAL, PAIRS, RELATED
from tests.mutations.table import TABLE


@pytest.mark.parametrize("id", checks())
def test_every_check_has_a_mutation(id: str) -> None:
    assert id in TABLE or any(id == each for each, _ in PAIRS), "no mutation of it is written"


def test_no_mutation_is_left_over() -> None:
    related = {name for ids in RELATED.values() for name in ids.split()}
    named = {*TABLE, *(id for id, _ in PAIRS), *RELATED, *related}
    named |= ONLY_MANUAL | ALWAYS_MANUAL
    assert named <= checks().keys(), "there are no such checks"
    assert RELATED.keys() <= {id for id, _ in PAIRS}
    assert not BROKEN, "these bring mutations and can't be imported"


@pytest.mark.parametrize("id", TABLE)
def test_recorded_host(id: str) -> None:
    mutation = TABLE[id]
    before, after = around(mutation)
    assert (before[id], after[id]) == ("pass", mutation.to)
    assert not differences(id, before, after, mutation.also)


@pytest.mark.parametrize(("id", "module"), PAIRS, ids=[id for id, _ in PAIRS])
def test_built_host(id: str, module: str) -> None:
    sound, changed = PAIRS[id, module]
    before, after = statuses(sound, SETTINGS), statuses(changed, SETTINGS)
    if id in ALWAYS_MANUAL:
        assert (before[id], after[id]) == ("manual", "manual")
    elif id in ONLY_MANUAL:
        assert (before[id], after[id]) == ("pass", "manual")
    else:
        assert before[id] in ("pass", "manual")
        assert after[id] == "fail"
    assert not differences(id, before, after, frozenset(RELATED.get(id, "").split()))
