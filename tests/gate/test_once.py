"""Each host is asked once in a run, by whichever process needs it first, and only if need be."""

from __future__ import annotations

import subprocess
import sys
from importlib.util import find_spec

import pytest

from tests.gate.conftest import Gate, count, results

pytest_plugins = ["pytester"]

TARGETS = tuple(f"--dockeraudit-target={host}" for host in ("plain-any", "no-engine", "gone"))
OWN = """
    def test_kernel(docker_facts):
        assert docker_facts.machine.kernel

    def test_again(docker_facts):
        assert docker_facts.machine.hostname
"""


@pytest.mark.parametrize(
    "workers",
    [
        pytest.param((), id="one process"),
        pytest.param(("-n2",), id="two workers"),
        pytest.param(("-n2", "--dist=each"), id="two workers that run everything"),
    ],
)
def test_one_connection_per_host(gate: Gate, workers: tuple[str, ...]) -> None:
    gate.write("test_own.py", OWN)
    run = gate(*TARGETS, *workers, "--tb=no")
    times = 2 if "--dist=each" in workers else 1
    # The fixture of a team's own two tests fails for the host that is gone, as its item does.
    assert run.parseoutcomes()["errors"] == 3 * times
    assert gate.connections == ["gone", "no-engine", "plain-any"]


def test_a_host_of_which_nothing_is_selected_is_left_alone(gate: Gate) -> None:
    run = gate(*TARGETS, "-n2", "-k", "no-engine")
    assert run.ret == 0
    assert gate.connections == ["no-engine"]


def test_a_suite_that_cannot_be_collected_asks_nobody(gate: Gate) -> None:
    gate.write("test_broken.py", "import nothing_of_this_name")
    run = gate(*TARGETS)
    run.assert_outcomes(errors=1)
    assert gate.connections == []


def test_targets_of_the_settings_are_left_alone_where_files_are_named(gate: Gate) -> None:
    gate.write("pytest.ini", "[pytest]\ndockeraudit_targets =\n  no-engine\n  plain-any\n")
    gate.write("test_other.py", "def test_other(): pass\n")
    run = gate("test_other.py", "-n2", "--strict-config")
    run.assert_outcomes(passed=1)
    assert gate.connections == []
    assert gate("--tb=no").parseoutcomes()["failed"] == count("plain-any", "fail")
    assert gate.connections == ["no-engine", "plain-any"]


def test_settings(gate: Gate) -> None:
    gate.record("plain-any", "inventory/web1")
    gate.write(
        "pytest.ini",
        """\
        [pytest]
        dockeraudit_targets = inventory
        dockeraudit_profile = cis-level1
        dockeraudit_fail_on = critical
        dockeraudit_become = true
        dockeraudit_timeout = 5
        dockeraudit_ssh_config = ssh_config
        """,
    )
    gate.write("ssh_config", "")
    run = gate("--strict-config", "--tb=no")
    run.stdout.fnmatch_lines(
        ["dockeraudit: 1 target x * checks, profile cis-level1, fail on critical"]
    )
    run.stdout.fnmatch_lines(["FAILED dockeraudit::inventory/web1.facts.json::listener-tcp-plain*"])
    failed = [each for each in results("plain-any", "cis-level1") if each.status == "fail"]
    critical = sum(each.severity == "critical" for each in failed)
    assert run.parseoutcomes()["failed"] == critical > 0
    assert run.parseoutcomes()["xfailed"] == len(failed) - critical > 0


def test_light_when_unused() -> None:
    program = (
        "import sys, pytest; before = set(sys.modules); import dockeraudit.pytest_plugin;"
        "print(*sorted(set(sys.modules) - before))"
    )
    costs = []
    for _ in range(5):
        argv = [sys.executable, "-X", "importtime", "-c", program]
        run = subprocess.run(argv, capture_output=True, text=True, check=True)
        assert run.stdout.split() == ["dockeraudit", "dockeraudit.pytest_plugin"]
        costs += [
            int(line.split("|")[1])
            for line in run.stderr.splitlines()
            if line.rpartition("|")[2].strip() in ("dockeraudit", "dockeraudit.pytest_plugin")
        ]
    assert min(costs[0::2]) + min(costs[1::2]) < 3000, "microseconds, on a machine that is not busy"


def test_an_unused_plugin_loads_nothing_more(gate: Gate) -> None:
    assert find_spec("msgspec"), "which dockeraudit cannot do without"
    gate.write(
        "test_unused.py",
        """
        import sys

        def test_unused():
            assert "dockeraudit.pytest_plugin" in sys.modules
            assert "msgspec" not in sys.modules
            assert [name for name in sys.modules if name.startswith("dockeraudit.")] == [
                "dockeraudit.pytest_plugin"
            ]
        """,
    )
    gate.alone("-n0").assert_outcomes(passed=1)
    markers = gate("--markers")
    markers.stdout.fnmatch_lines(["@pytest.mark.dockeraudit_targets(*"])
    assert "@pytest.mark.critical" not in markers.stdout.str()
