"""Items of the gate: their ids and marks, what each verdict becomes, and what it says."""

from __future__ import annotations

import re

import pytest

from dockeraudit.plugins import checks
from dockeraudit.pytest_plugin import wording
from dockeraudit.selection import select
from tests.gate.conftest import CHECKS, Gate, count
from tests.reports.scans import SCANS

pytest_plugins = ["pytester"]

OPEN = "--dockeraudit-target=web1.facts.json"


@pytest.fixture
def web1(gate: Gate) -> Gate:
    """A host whose API is open to anyone."""
    gate.record("plain-any", "web1")
    return gate


def test_ids_are_there_without_asking_a_host(gate: Gate) -> None:
    asked = ("--dockeraudit-target", "web1", "--dockeraudit-target", "root@[2001:db8::1]:22")
    run = gate("--collect-only", "-q", *asked)
    assert run.ret == 0
    run.stdout.fnmatch_lines(
        ["dockeraudit::web1::listener-tcp-plain", "dockeraudit::root@2001-db8--1-22::tls-protocol"]
    )
    run.stdout.fnmatch_lines([f"{2 * CHECKS} tests collected*"])
    assert gate.connections == []


def test_marks_are_severity_and_family(web1: Gate) -> None:
    strict = ("--strict-markers", "--collect-only", "-q", OPEN)
    chosen = select(checks(), "daemon", (), ())
    tls = [check for check in chosen if check.family == "tls"]
    for expression, number in (
        ("critical", sum(check.severity == "critical" for check in chosen)),
        ("tls and not critical", sum(check.severity != "critical" for check in tls)),
    ):
        run = web1(*strict, "-m", expression)
        run.stdout.fnmatch_lines([f"{number}/{CHECKS} tests collected (*"])
    assert web1(*strict, "-m", "not dockeraudit").ret == pytest.ExitCode.NO_TESTS_COLLECTED


@pytest.mark.parametrize(
    "chosen",
    [
        pytest.param(("-k", "web1 and listener-tcp-plain"), id="keyword"),
        pytest.param(("dockeraudit::web1.facts.json::listener-tcp-plain",), id="node id"),
        pytest.param(
            ("dockeraudit::web1.facts.json", "-k", "listener-tcp-p"), id="beginning of node ids"
        ),
    ],
)
def test_items_can_be_chosen(web1: Gate, chosen: tuple[str, ...]) -> None:
    run = web1(OPEN, "--tb=no", *chosen)
    assert run.parseoutcomes().get("failed") == 1
    assert "passed" not in run.parseoutcomes()
    run.stdout.fnmatch_lines(
        ["FAILED dockeraudit::web1.facts.json::listener-tcp-plain - critical*"]
    )


def test_items_can_be_deselected(web1: Gate) -> None:
    run = web1(OPEN, "--tb=no", "--deselect", "dockeraudit::web1.facts.json::listener-tcp-plain")
    assert run.parseoutcomes()["deselected"] == 1
    assert run.parseoutcomes()["failed"] == count("plain-any", "fail") - 1


def test_a_failure_reads_like_the_report(web1: Gate) -> None:
    run = web1("dockeraudit::web1.facts.json::listener-tcp-plain", OPEN, "--tb=long", "-vv")
    text = run.stdout.str()
    run.stdout.fnmatch_lines(
        [
            "*web1.facts.json: listener-tcp-plain*",
            "CRITICAL  listener-tcp-plain",
            "*Docker API open to anyone, without encryption",
            "  found   * serves the Docker API without TLS: whoever connects is root*",
            "*| /proc/*/net/tcp6: LISTEN *:2375 held by dockerd*",
            "  why     Whoever can call the API*",
            "  fix     Leave the API on its unix socket*",
            "  rules   *cis-1.6 2.7*",
            "  more    dockeraudit explain listener-tcp-plain",
        ]
    )
    assert "Traceback" not in text
    assert ".py" not in re.sub(r"platform.*", "", text), "no place in our own code is shown"
    assert max(len(line) for line in text.splitlines() if line.startswith("  ")) <= 110


def test_below_fail_on_is_xfailed_and_shown_on_demand(web1: Gate) -> None:
    low = "dockeraudit::web1.facts.json::service-live-restore"
    run = web1(OPEN, low, "--dockeraudit-fail-on=high", "-rx")
    assert run.ret == 0
    run.assert_outcomes(xfailed=1)
    run.stdout.fnmatch_lines(
        [f"XFAIL {low} - below --dockeraudit-fail-on high; low: live-restore*"]
    )
    shown = web1(OPEN, low, "--dockeraudit-fail-on=none", "-rx", "--xfail-tb")
    shown.stdout.fnmatch_lines(["  found   live-restore is off*", "  fix     *"])
    web1(OPEN, low, "--dockeraudit-fail-on=high", "--runxfail").assert_outcomes(failed=1)


WAIVERS = """
    [[waiver]]
    check = "listener-tcp-plain"
    target = "plain-*"
    reason = "moves\\n::error::in May"
    owner = "alice"
    expires = 2099-05-01
    ticket = "OPS-7"

    [[waiver]]
    check = "service-live-restore"
    target = "*"
    reason = "was to move in May"
    owner = "alice"
    expires = 2019-05-01
"""


def test_waived_is_xfailed_with_who_and_why(web1: Gate) -> None:
    web1.write("waivers.toml", WAIVERS)
    run = web1("--dockeraudit-waivers=waivers.toml", OPEN, "-rxf", "--tb=no")
    assert run.parseoutcomes()["xfailed"] == 1
    assert run.parseoutcomes()["failed"] == count("plain-any", "fail") - 1
    reason = r"waived until 2099-05-01 by alice (OPS-7): moves\n::error::in May; critical: *"
    run.stdout.fnmatch_lines(
        [
            f"XFAIL dockeraudit::web1.facts.json::listener-tcp-plain - {reason}",
            "FAILED dockeraudit::web1.facts.json::service-live-restore - *",
        ]
    )


def test_a_wrong_waiver_is_wrong_use(web1: Gate) -> None:
    web1.write("waivers.toml", WAIVERS.replace("tcp-plain", "tcp-plan"))
    run = web1("--dockeraudit-waivers=waivers.toml", OPEN)
    assert run.ret == pytest.ExitCode.USAGE_ERROR
    run.stderr.fnmatch_lines(["*waivers.toml:3*listener-tcp-plan*Did you mean*"])


def test_what_was_not_judged_is_skipped_with_the_reason(web1: Gate) -> None:
    run = web1(OPEN, "--tb=no", "-rs")
    run.stdout.fnmatch_lines(
        [
            "SKIPPED * dockeraudit::web1.facts.json:1: not applicable: no certificate of *",
            "SKIPPED * dockeraudit::web1.facts.json:1: for a person to decide: engine *",
        ]
    )


def test_unknown_is_an_error_that_says_why(gate: Gate) -> None:
    target = f"--dockeraudit-target={gate.record('hardened-user', 'web2')}"
    run = gate(target)
    outcomes = run.parseoutcomes()
    assert (run.ret, outcomes["errors"]) == (1, count("hardened-user", "unknown"))
    run.stdout.fnmatch_lines(
        [
            "CRITICAL  permissions-binaries",
            "  unknown not assessed: *permission denied (needs root)",
            "  hint    scan as root, or with --become*",
            "ERROR dockeraudit::web2.facts.json::permissions-binaries - critical: not a*",
        ]
    )
    below = gate(target, "--dockeraudit-fail-on=none", "--tb=no", "-rs")
    assert below.ret == 0
    below.stdout.fnmatch_lines(["*below --dockeraudit-fail-on none; not assessed: *"])


def test_unreachable_is_one_error(gate: Gate) -> None:
    run = gate("--dockeraudit-target=gone", "--dockeraudit-target=no-engine")
    outcomes = run.parseoutcomes()
    assert (run.ret, outcomes["errors"]) == (1, 1)
    assert sum(outcomes.values()) == CHECKS + 1
    run.stdout.fnmatch_lines(
        [
            "UNREACHABLE gone",
            "  refused: *",
            "  hint    *",
            "ERROR dockeraudit::gone::connect - not*",
        ]
    )
    assert "dockeraudit::gone::listener" not in run.stdout.str()


def test_a_broken_facts_file_is_a_host_that_was_not_reached(gate: Gate) -> None:
    gate.write("web1.facts.json", "{")
    run = gate(OPEN)
    run.assert_outcomes(errors=1)
    run.stdout.fnmatch_lines(["  facts: *not a facts file*"])


def test_hostile_text_gets_no_line_of_its_own(gate: Gate) -> None:
    path = gate.path / gate.record("plain-any", "web1")
    evil = rb"\n::error::owned\u001b[31m##vso[task.complete]"
    path.write_bytes(path.read_bytes().replace(b"Debian GNU/Linux 12", evil))
    run = gate(OPEN, "-rA", "--color=no", "--junit-xml=junit.xml")
    text = run.stdout.str() + (gate.path / "junit.xml").read_text(encoding="utf-8")
    assert "owned" in text
    _harmless(text)


def test_hostile_results_are_harmless() -> None:
    for host in SCANS["hostile"]().hosts:
        for result in host.results:
            for text in (
                wording.explained(result),
                wording.headline(result),
                wording.unassessed(result, host),
            ):
                _harmless(text)
                assert len(text) < 100_000


def _harmless(text: str) -> None:
    assert all(char.isprintable() or char == "\n" for char in text)
    assert "##vso[" not in text
    assert not re.search(r"^\s*::", text, re.MULTILINE)
