"""CSV and JSON with groups, become and labels."""

import json

import pytest
from hypothesis import given
from hypothesis import strategies as st

from dockeraudit.inventory import Entry, InventoryError
from dockeraudit.inventory.table import of_csv, of_json

CSV = """\
target,groups,become,labels.owner,labels.site

ops@web1,"web, prod",true,alice,
web[2:3],,,,"Berlin, east"
"""
EXPECTED = [
    Entry("h:3", "ops@web1", None, ("web", "prod"), (("owner", "alice"),), True),
    Entry("h:4", "web2", labels=(("site", "Berlin, east"),)),
    Entry("h:4", "web3", labels=(("site", "Berlin, east"),)),
]


def test_csv() -> None:
    assert [*of_csv("h", CSV)] == EXPECTED


def test_json_says_the_same() -> None:
    text = """[

      {"target": "ops@web1", "groups": ["web", "prod"], "become": true,
       "labels": {"owner": "alice"}}, {"target": "web[2:3]", "labels.site": "Berlin, east"},
      "web4"
    ]"""
    found = [*of_json("h", text)]
    assert [each.place for each in found] == ["h:3", "h:4", "h:4", "h:5"]
    bare = [(each.word, each.groups, each.labels, each.become) for each in found]
    wanted = [(each.word, each.groups, each.labels, each.become) for each in EXPECTED]
    assert bare == [*wanted, ("web4", (), (), None)]


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("groups\nweb\n", "h:1: there is no column `target`"),
        ("target,group\n", "h:1: unknown column 'group'. Did you mean 'groups'?"),
        ("target,labels.\n", "h:1: no name of a label"),
        ("target,target\n", "h:1: the column 'target' is there twice"),
        ("target,groups\nweb1,a,b\n", "h:2: 3 cells for 2 columns"),
        ("target,groups\nweb1,a\n ,b\n", "h:3: no target"),
        ("target,groups\nweb1,a*\n", "h:2: no name of a group: 'a*'"),
        ("target,become\nweb1,perhaps\n", "h:2: become is 'perhaps'"),
        ("target\nweb[2:1]\n", "h:2: [2:1] goes backwards"),
        ('target\n"web1\n', "h:2: no CSV: "),
        ("target,labels.a\nweb1,\x07\n", "h:2: labels.a is no single line"),
    ],
)
def test_bad_csv(text: str, said: str) -> None:
    with pytest.raises(InventoryError) as caught:
        [*of_csv("h", text)]
    assert str(caught.value).startswith(said)


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ('["a",\n3]', "h:2: neither a target"),
        ('["a"\n"b"]', "h:2: no JSON: no , or ]"),
        ('["a",\n]', "h:2: no JSON: "),
        ('["a"]\nx', "h:1: no JSON: text after the ]"),
        ('["a",\n{"target": "b", "labels": 1}]', "h:2: labels are no object"),
        ('[\n\n{"targt": "b"}]', "h:3: there is no column `target`"),
        ('[{"target": 3}]', "h:1: no target"),
        ('[{"target": "a", "groups": [1]}]', "h:1: groups are no list of names"),
        ('[{"target": "a", "labels": {"b": []}}]', "h:1: labels.b is no text"),
        ("[" * 100_000, "h:1: "),
    ],
)
def test_bad_json(text: str, said: str) -> None:
    with pytest.raises(InventoryError) as caught:
        [*of_json("h", text)]
    assert str(caught.value).startswith(said)


def test_an_empty_list_has_no_targets() -> None:
    assert [*of_json("h", " [ ] ")] == []
    assert [*of_csv("h", "target\n\n")] == []


@given(st.text())
def test_any_text_gives_entries_or_a_named_error(text: str) -> None:
    for read in (of_csv, of_json):
        refused = "-:"
        found: list[Entry] = []
        try:
            found += read("-", text)
        except InventoryError as error:
            refused = str(error)
        assert refused.startswith("-:")
        assert all(each.word for each in found)


@given(st.lists(st.from_regex(r"[a-z][a-z0-9]{0,8}", fullmatch=True)), st.integers(0, 3))
def test_json_of_any_layout(names: list[str], indent: int) -> None:
    text = json.dumps([{"target": name} for name in names], indent=indent or None)
    found = [*of_json("h", text)]
    assert [each.word for each in found] == names
    lines = text.split("\n")
    for each in found:
        assert "{" in lines[int(each.place.rpartition(":")[2]) - 1]
