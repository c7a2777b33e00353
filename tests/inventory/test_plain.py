"""Lists: comments, ranges, and what is wrong in them."""

import time

import pytest
from hypothesis import given
from hypothesis import strategies as st

from dockeraudit.inventory import InventoryError, form
from dockeraudit.inventory.plain import MOST, entries, expanded


def listed(text: str) -> list[str]:
    return [each.word for each in entries("hosts", text)]


@pytest.mark.parametrize(
    ("word", "expected"),
    [
        ("web1", ["web1"]),
        ("web[01:03].example", ["web01.example", "web02.example", "web03.example"]),
        ("web[8:11]", ["web8", "web9", "web10", "web11"]),
        ("web[0:1]", ["web0", "web1"]),
        ("db-[a:c]", ["db-a", "db-b", "db-c"]),
        ("db-[A:B]:2222", ["db-A:2222", "db-B:2222"]),
        ("web[001:010:4]", ["web001", "web005", "web009"]),
        ("r[1:2]n[a:b]", ["r1na", "r1nb", "r2na", "r2nb"]),
        ("ops@[7:7]", ["ops@7"]),
        ("[::1]:22", ["[::1]:22"]),
        ("root@[fe80::1%eth0]:22", ["root@[fe80::1%eth0]:22"]),
        ("[2001:db8:0:0:0:0:0:1]", ["[2001:db8:0:0:0:0:0:1]"]),
        ("10.0.0.[1:2]", ["10.0.0.1", "10.0.0.2"]),
    ],
)
def test_ranges(word: str, expected: list[str]) -> None:
    assert [*expanded(word, "hosts:1")] == expected


@pytest.mark.parametrize(
    ("word", "said"),
    [
        ("web[3:1]", "goes backwards"),
        ("web[c:a]", "goes backwards"),
        ("web[1:5:0]", "the step of [1:5:0] is 0"),
        ("web[01:100]", "different lengths"),
        ("web[a:3]", "from a number to a letter"),
        ("web[a:F]", "from one case to the other"),
        ("web[0:9999999999]", "more than nine digits"),
        ("web[1:100001]", "stands for 100001 targets, more than 100000"),
        ("w[0:99999]x[0:99999]y[0:99999]", "more than 100000"),
    ],
)
def test_bad_ranges_name_file_and_line(word: str, said: str) -> None:
    started = time.monotonic()
    with pytest.raises(InventoryError) as caught:
        listed(f"# a list\n{word} # a comment\n")
    assert str(caught.value).startswith("hosts:2: ")
    assert said in str(caught.value)
    assert time.monotonic() - started < 1


def test_the_most_that_one_line_may_bring() -> None:
    assert len(listed(f"web[1:{MOST}]")) == MOST


@given(st.text())
def test_any_text_is_a_list_or_a_named_error(text: str) -> None:
    try:
        words = listed(text)
    except InventoryError as error:
        words, refused = [], str(error)
    else:
        refused = "hosts:"
    assert refused.startswith("hosts:")
    for word in words:
        assert word.strip() == word
        assert word
        assert "#" not in word


@given(
    st.integers(0, 99_999),
    st.integers(0, 500),
    st.integers(1, 50),
    st.sampled_from(["", "web", "ops@h-"]),
    st.sampled_from(["", ".example", ":22"]),
)
def test_a_range_is_what_counting_gives(
    first: int, more: int, step: int, before: str, after: str
) -> None:
    last = first + more
    numbers = range(first, last + 1, step)
    got = [*expanded(f"{before}[{first}:{last}:{step}]{after}", "hosts:1")]
    assert got == [f"{before}{number}{after}" for number in numbers]
    width = len(str(last)) + 1
    got = [*expanded(f"{before}[{first:0{width}}:{last:0{width}}:{step}]{after}", "hosts:1")]
    assert got == [f"{before}{number:0{width}}{after}" for number in numbers]


@given(st.lists(st.from_regex(r"[a-z][a-z0-9.-]{0,12}", fullmatch=True)))
def test_comments_and_empty_lines_change_nothing(names: list[str]) -> None:
    dressed = "".join(f"\n  # {name}\n {name}\t# it's {name}\r\n" for name in names)
    assert listed(dressed) == names


@given(st.from_regex(r"[a-z0-9@.\[\]:,]{0,30}", fullmatch=True))
def test_what_a_word_stands_for_is_bounded(word: str) -> None:
    try:
        count = sum(1 for _ in expanded(word, "hosts:1"))
    except InventoryError:
        return
    assert 1 <= count <= MOST


@pytest.mark.parametrize(
    ("file", "text", "expected"),
    [
        ("hosts", "web1\nweb2 # target, one\n", "plain"),
        ("hosts", "", "plain"),
        ("hosts", "[::1]:22\n", "plain"),
        ("hosts", "[a:f]\n[01:20].example\n", "plain"),
        ("hosts", "ops@web1 # user=ops\n", "plain"),
        ("hosts.txt", "# x\n[web]\nweb1\n", "ansible"),
        ("hosts", "[web:children]\n", "ansible"),
        ("hosts", "web1 ansible_host=10.0.0.1\n", "ansible"),
        ("hosts", "---\nall:\n", "ansible"),
        ("hosts", "all:\n  hosts:\n", "ansible"),
        ("hosts.yml", "", "ansible"),
        ("hosts.INI", "web1\n", "ansible"),
        ("hosts", "target,groups\nweb1,a\n", "csv"),
        ("hosts", 'groups, "target"\n', "csv"),
        ("hosts.csv", "", "csv"),
        ("-", ' [\n"web1"]', "json"),
        ("-", '{"_meta": {}}', "json"),
        ("hosts.json", "[]", "json"),
    ],
)
def test_the_form_is_told_by_ending_and_content(file: str, text: str, expected: str) -> None:
    assert form(file, text) == expected
