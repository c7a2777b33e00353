"""pytest's JUnit file and dockeraudit's own agree in their counts, and both name the same."""

from __future__ import annotations

import subprocess
import sys
from collections import Counter

import pytest
from junitparser import JUnitXml

from tests.gate.conftest import Gate

pytest_plugins = ["pytester"]


def counts(text: bytes) -> Counter[str]:
    """Cases by what they hold, read from the cases rather than from the totals."""
    suites = list(JUnitXml.fromstring(text))
    cases = [case for suite in suites for case in suite]
    kinds = Counter(type(result).__name__ for case in cases for result in case.result)
    totals = {
        "tests": len(cases),
        "Failure": sum(suite.failures for suite in suites),
        "Error": sum(suite.errors for suite in suites),
        "Skipped": sum(suite.skipped for suite in suites),
    }
    assert totals == {"tests": sum(suite.tests for suite in suites), **kinds}
    return Counter(totals)


@pytest.mark.parametrize("workers", ["0", "2"])
def test_counts(gate: Gate, workers: str) -> None:
    targets = [
        gate.record("plain-any", "web1"),
        gate.record("hardened-user", "web2"),
        gate.record("no-engine", "web3"),
        gate.record("weak-certs", "web4"),
        "gone",
    ]
    asked = [f"--dockeraudit-target={target}" for target in targets]
    gate(*asked, "--junit-xml=theirs.xml", "--tb=no", "-n", workers)
    subprocess.run(
        [sys.executable, "-m", "dockeraudit", "scan", *targets, "--report", "junit=ours.xml"],
        cwd=gate.path,
        capture_output=True,
        check=False,
    )
    theirs = counts((gate.path / "theirs.xml").read_bytes())
    ours = counts((gate.path / "ours.xml").read_bytes())
    assert theirs == ours
    assert min(ours.values()) > 0


def test_cases_are_named_by_host_and_check(gate: Gate) -> None:
    target = gate.record("plain-any", "web1")
    gate(f"--dockeraudit-target={target}", "--junit-xml=theirs.xml", "-k", "listener-tcp-plain")
    (case,) = list(next(iter(JUnitXml.fromfile(str(gate.path / "theirs.xml")))))
    assert (case.classname, case.name) == ("dockeraudit.web1.facts.json", "listener-tcp-plain")
    (failure,) = case.result
    assert failure.message.startswith("critical: [::]:2375 serves the Docker API without TLS")
    for part in ("  found   ", "  why     ", "  fix     "):
        assert part in failure.text
