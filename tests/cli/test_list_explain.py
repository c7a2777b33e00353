"""`list` and `explain`: the heads of the checks, whole."""

import json

import pytest

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
    assert list(head) == KEYS
    assert head["remediation"] == check.remediation
