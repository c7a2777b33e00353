"""`list` and `explain`: the heads of the checks, whole."""

import json

import pytest

from dockeraudit.check import Reference
from dockeraudit.frameworks import ITEMS
from dockeraudit.plugins import checks
from tests.cli.program import run

KEYS = ["id", "title", "family", "severity", "over", "rationale", "remediation", "quiet",
        "references", "profiles"]  # fmt: skip


def test_list_shows_every_check() -> None:
    answer = run("list")
    assert answer.status == 0
    assert [line.split()[0] for line in answer.out.splitlines()] == list(checks())
    for line in answer.out.splitlines():
        id, severity, title = line.split(None, 2)
        assert severity == checks()[id].severity.value
        assert title == checks()[id].title
    assert answer.err == f"{len(checks())} checks; `dockeraudit explain ID` says more of one.\n"


def test_list_as_json() -> None:
    answer = run("list", "--format", "json")
    assert (answer.status, answer.err) == (0, "")
    heads = json.loads(answer.out)
    assert [head["id"] for head in heads] == list(checks())
    for head in heads:
        assert list(head) == KEYS
        assert all(head[key] for key in KEYS if key != "references")


def test_list_of_a_profile() -> None:
    heads = json.loads(run("list", "--profile", "daemon", "--format", "json").out)
    assert {head["id"] for head in heads} == {
        id for id, check in checks().items() if "daemon" in check.profiles
    }


@pytest.mark.parametrize("id", ["listener-tcp-plain", "permissions-docker-group"])
def test_explain(id: str) -> None:
    answer = run("explain", id)
    assert (answer.status, answer.err) == (0, "")
    assert answer.out.startswith(f"# {id}\n")
    for heading in ("## Why it matters", "## What to do", "## When it stays quiet"):
        assert heading in answer.out
    check = checks()[id]
    assert check.title in answer.out
    head = json.loads(run("explain", id, "--format", "json").out)
    assert list(head) == [*KEYS, "example"]
    assert head["remediation"] == check.remediation


def test_an_example_from_the_lab() -> None:
    answer = run("explain", "listener-tcp-plain")
    example = json.loads(run("explain", "listener-tcp-plain", "--format", "json").out)["example"]
    assert f"## What it looks like\nSeen on the lab host `{example['host']}`:" in answer.out
    assert f"\n    {example['message']}\n" in answer.out
    for proof in example["evidence"]:
        assert proof["source"] in answer.out
        assert proof["detail"] in answer.out


class TestFrameworks:
    """Items with the checks that answer them."""

    @pytest.mark.parametrize("name", ITEMS)
    def test_every_item_of_cis_in_its_order(self, name: str) -> None:
        answer = run("list", "--framework", name, "--format", "json")
        document = json.loads(answer.out)
        assert document["framework"] == name
        assert [each["item"] for each in document["items"]] == list(ITEMS[name])
        for each in document["items"]:
            for id in each["checks"]:
                assert Reference(name, each["item"]) in checks()[id].references

    def test_as_a_table(self) -> None:
        answer = run("list", "--framework", "cis-1.8")
        lines = dict(line.split(None, 1) for line in answer.out.splitlines())
        assert "daemon-icc" in lines["2.2"].split(", ")
        assert "listener-tcp-plain" in lines["2.8"].split(", ")
        assert answer.err.startswith("cis-1.8: 118 items; ")

    def test_what_a_profile_lacks_is_named(self) -> None:
        answer = run("list", "--framework", "cis-1.7", "--profile", "daemon")
        assert "\n5.1      -\n" in answer.out.replace("5.1     -", "5.1      -")
        assert "no check answers " in answer.err

    def test_another_framework_in_natural_order(self) -> None:
        answer = run("list", "--framework", "nist-800-53")
        items = [line.split()[0] for line in answer.out.splitlines()]
        assert items.index("AC-3") < items.index("AC-6") < items.index("AC-17(2)")
        assert answer.err.endswith("each has a check.\n")

    def test_a_framework_that_there_is_not(self) -> None:
        answer = run("list", "--framework", "cis-1.9")
        assert answer.status == 2
        assert "no framework 'cis-1.9'. Did you mean 'cis-1." in answer.err
