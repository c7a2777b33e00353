"""Fixtures for a team's own tests, beside those of testinfra."""

from __future__ import annotations

from tests.gate.conftest import CHECKS, Gate

pytest_plugins = ["pytester"]

OWN = """
    import pytest
    from dockeraudit.facts import HostFacts

    def test_facts(docker_facts):
        assert isinstance(docker_facts, HostFacts)
        assert docker_facts.machine.os["ID"] == "debian"

    def test_both(docker_facts, dockeraudit_host):
        command = dockeraudit_host.run("id")
        assert command.stdout.strip() == f"uid=0(root) on {docker_facts.target}"

    @pytest.mark.dockeraudit_targets("mtls")
    def test_marked(docker_facts):
        assert docker_facts.target == "mtls"

    def test_testinfra(host):
        assert host.backend.NAME == "local"
"""


def test_fixtures(gate: Gate) -> None:
    gate.write("test_own.py", OWN)
    targets = ("--dockeraudit-target=no-engine", "--dockeraudit-target=plain-any")
    run = gate("-v", "--strict-markers", *targets, "-m", "not dockeraudit", "--hosts=local://")
    run.assert_outcomes(passed=6, deselected=2 * CHECKS)
    run.stdout.fnmatch_lines_random(
        [
            "test_own.py::test_facts?no-engine? PASSED*",
            "test_own.py::test_facts?plain-any? PASSED*",
            "test_own.py::test_marked?mtls? PASSED*",
            "test_own.py::test_testinfra?local? PASSED*",
        ]
    )
    assert gate.connections == sorted([*["no-engine", "plain-any"] * 2, "mtls"])


def test_no_target_is_a_failure_of_the_test(gate: Gate) -> None:
    gate.write("test_own.py", "def test_facts(docker_facts): pass\n")
    run = gate()
    run.assert_outcomes(errors=1)
    run.stdout.fnmatch_lines(["no Docker host to test: name one by --dockeraudit-target*"])
    assert "Traceback" not in run.stdout.str()


def test_a_facts_file_runs_no_commands(gate: Gate) -> None:
    gate.write("test_own.py", OWN)
    target = gate.record("no-engine", "web1")
    run = gate(
        "-rs", "test_own.py", f"--dockeraudit-target={target}", "-k", "both or facts and not dock"
    )
    run.stdout.fnmatch_lines(["SKIPPED*web1.facts.json holds facts: no command can be run there"])


def test_an_unreachable_host_says_so_in_a_users_test(gate: Gate) -> None:
    gate.write("test_own.py", "def test_facts(docker_facts): pass\n")
    run = gate("test_own.py", "-k", "test_facts", "--dockeraudit-target=gone")
    run.assert_outcomes(errors=1, deselected=CHECKS)
    run.stdout.fnmatch_lines(["gone: refused: *", "hint: *"])


def test_help(gate: Gate) -> None:
    run = gate("--help", "-n0")
    run.stdout.fnmatch_lines(
        [
            "Docker hosts as tests:",
            "  --dockeraudit-target=TARGET",
            "*dockeraudit_targets (linelist):*",
        ]
    )
    run = gate("--fixtures")
    run.stdout.fnmatch_lines(["docker_facts * -- *", "dockeraudit_host * -- *"])
