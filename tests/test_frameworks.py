"""No item of a framework that is covered whole is without a check."""

import pytest

from dockeraudit.frameworks import ITEMS
from dockeraudit.plugins import checks

COUNTS = {"cis-1.6": 117, "cis-1.7": 117, "cis-1.8": 118}
CIS = frozenset(ITEMS)


def test_how_many_there_are() -> None:
    assert {name: len(set(items)) for name, items in ITEMS.items()} == COUNTS


@pytest.mark.parametrize("framework", ITEMS)
def test_every_item_has_a_check(framework: str) -> None:
    answered = {
        each.id
        for check in checks().values()
        for each in check.references
        if each.framework == framework
    }
    assert [item for item in ITEMS[framework] if item not in answered] == []
    assert answered <= set(ITEMS[framework]), "no check names an item that there is not"


def test_each_version_is_named_where_one_is() -> None:
    """An item that 1.8 brought is in no other."""
    for check in checks().values():
        named = {each.framework for each in check.references} & CIS
        assert named in (set(), CIS, {"cis-1.8"}), check.id
