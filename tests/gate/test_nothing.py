"""A scan of nothing is an error, whoever made nothing of it; and wrong use is told at once."""

from __future__ import annotations

import pytest

from tests.gate.conftest import Gate

pytest_plugins = ["pytester"]


@pytest.mark.parametrize(
    ("args", "message"),
    [
        pytest.param(("--dockeraudit-profile=strict",), "*no target to judge*", id="no target"),
        pytest.param(("dockeraudit::web1",), "*no target to judge*", id="only an id"),
        pytest.param(("--dockeraudit-target=",), "*an empty target*", id="an unset variable"),
        pytest.param(("--dockeraudit-target=tcp://a",), "*name the host*", id="no host"),
        pytest.param(
            ("--dockeraudit-target=a", "dockeraudit::b"), "*not found: dockeraudit::b*", id="id"
        ),
        pytest.param(
            ("--dockeraudit-target=a", "--dockeraudit-fail-on=hgih"), "*hgih*one of*", id="severity"
        ),
        pytest.param(
            ("--dockeraudit-target=a", "--dockeraudit-profile=x"), "*no profile 'x'*", id="profile"
        ),
        pytest.param(
            ("--dockeraudit-target=a", "--dockeraudit-timeout=0"), "*seconds from 1*", id="timeout"
        ),
        pytest.param(
            ("--dockeraudit-target=a", "--dockeraudit-ssh-config=x"), "*no such file*", id="config"
        ),
    ],
)
def test_wrong_use(gate: Gate, args: tuple[str, ...], message: str) -> None:
    run = gate(*args)
    assert run.ret == pytest.ExitCode.USAGE_ERROR
    run.stderr.fnmatch_lines([message])
    assert "Traceback" not in run.stderr.str()
    assert gate.connections == []


def test_nothing_selected_is_no_success(gate: Gate) -> None:
    run = gate("--dockeraudit-target=no-engine", "-k", "listner")
    assert run.ret == pytest.ExitCode.NO_TESTS_COLLECTED
    assert gate.connections == []


@pytest.mark.parametrize("workers", ["0", "2"])
def test_an_engine_that_no_check_applied_to_is_a_failure(gate: Gate, workers: str) -> None:
    target = f"--dockeraudit-target={gate.record('plain-any', 'web1')}"
    run = gate(target, "-k", "certificate", "-n", workers)
    assert run.ret == pytest.ExitCode.TESTS_FAILED
    run.stdout.fnmatch_lines(["dockeraudit: not one check applied on web1.facts.json, which has*"])


def test_a_host_without_an_engine_was_judged(gate: Gate) -> None:
    run = gate("--dockeraudit-target=no-engine", "-m", "certificate")
    assert run.ret == 0
