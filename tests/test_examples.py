"""Examples in pages: what lab hosts really gave, for each check that fails on one."""

import tomllib
from fnmatch import fnmatchcase
from pathlib import Path

from dockeraudit.examples import examples
from dockeraudit.plugins import checks
from tests.lab.hosts import HOSTS

LAB = Path(__file__).parent / "lab"
VERDICTS = tomllib.loads((LAB / "verdicts.toml").read_text(encoding="utf-8"))


def test_each_check_that_fails_in_the_lab_has_an_example() -> None:
    failing = {
        id
        for id, check in checks().items()
        if "daemon" in check.profiles
        for statuses in VERDICTS.values()
        if any(fnmatchcase(id, pattern) for pattern in statuses.get("fail", ()))
    }
    assert failing - set(examples()) == set(), "run: python docs/examples.py"


def test_examples_are_of_checks_and_hosts_that_there_are() -> None:
    assert set(examples()) <= set(checks())
    for id, example in examples().items():
        assert example.host in {host.name for host in HOSTS}, id
        assert example.message, id
