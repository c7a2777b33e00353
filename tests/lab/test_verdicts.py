"""Every lab host gets exactly the verdicts that `verdicts.toml` says, for all checks."""

import json
import sys
import tomllib
from fnmatch import fnmatchcase
from pathlib import Path
from typing import Any

import pytest

from dockeraudit.exits import FINDINGS
from dockeraudit.plugins import checks
from tests.lab.hosts import HOSTS
from tests.lab.use import Lab

EXPECTED = tomllib.loads(Path(__file__).with_name("verdicts.toml").read_text(encoding="utf-8"))
NAMES = [host.name for host in HOSTS]


@pytest.fixture(scope="module")
def report(lab: Lab) -> dict[str, Any]:
    """One scan of all hosts over ssh."""
    program = [sys.executable, "-m", "dockeraudit", "scan", "--profile", "strict"]
    program += ["--ssh-config", str(lab.ssh_config)]
    done = lab.run([*program, "--format", "json", *NAMES])
    assert done.returncode == FINDINGS, done.stderr.decode()
    found = json.loads(done.stdout)
    assert isinstance(found, dict)
    return found


def host_of(report: dict[str, Any], name: str) -> dict[str, Any]:
    """One host's part of the report."""
    found = [host for host in report["hosts"] if host["target"] == name]
    assert len(found) == 1
    return dict(found[0])


def expected(host: str, check: str) -> str:
    """The status that the table has for a check: the host's own entry, else that of all."""
    for table in (EXPECTED[host], EXPECTED["every"]):
        found = [
            (len(pattern), status)
            for status, patterns in table.items()
            for pattern in patterns
            if fnmatchcase(check, pattern)
        ]
        if found:
            return str(max(found)[1])
    return "pass"


@pytest.mark.parametrize("name", NAMES)
def test_verdicts(report: dict[str, Any], name: str) -> None:
    results = host_of(report, name)["results"]
    said = {each["check"]: each["status"] for each in results}
    assert len(said) == len(results), "each check gives one result"
    wanted = {check: expected(name, check) for check in said}
    messages = {each["check"]: each["message"] for each in results}
    wrong = [
        f"{check}: {status} instead of {wanted[check]}: {messages[check]}"
        for check, status in said.items()
        if status != wanted[check]
    ]
    assert not wrong, "\n" + "\n".join(wrong)


@pytest.mark.parametrize("name", NAMES)
def test_no_line_of_the_table_is_idle(report: dict[str, Any], name: str) -> None:
    checks = [each["check"] for each in host_of(report, name)["results"]]
    patterns = [pattern for found in EXPECTED[name].values() for pattern in found]
    assert [p for p in patterns if not any(fnmatchcase(check, p) for check in checks)] == []


@pytest.mark.parametrize("host", HOSTS, ids=lambda host: host.name)
def test_listeners(report: dict[str, Any], host: Any) -> None:
    found = host_of(report, host.name)
    seen = {
        each["address"]
        for each in found["listeners"]
        if each["witness"] == "observed" and each["reach"] != "LOCAL"
    }
    address = found["address"]
    wanted = {each.replace("@ADDRESS@", address) for each in host.truth.tcp}
    relays = {"0.0.0.0:2375"} if host.name == "relay" else set()
    swarm = {each for each in wanted if each.endswith(":2377")}
    assert seen == wanted - relays - swarm


def test_the_hardened_host_is_clean(report: dict[str, Any]) -> None:
    known = checks()
    statuses = {
        each["status"]
        for each in host_of(report, "hardened")["results"]
        if "daemon" in known[each["check"]].profiles
    }
    assert statuses <= {"pass", "not-applicable", "manual"}
