"""Patterns of `--limit`; where Ansible is here, it has to agree."""

import json
import shutil
import subprocess
import sys
from pathlib import Path

import pytest
from msgspec.structs import replace

from dockeraudit.inventory.limit import limited
from dockeraudit.targets import parse

GROUPS = {
    "web1": ("prod", "web"),
    "web2": ("lab", "web"),
    "web3": ("prod", "web"),
    "db1": ("db", "prod"),
    "alone": (),
}
TARGETS = tuple(replace(parse(name), groups=groups) for name, groups in GROUPS.items())

CASES = [
    ("all", ["web1", "web2", "web3", "db1", "alone"]),
    ("*", ["web1", "web2", "web3", "db1", "alone"]),
    ("web", ["web1", "web2", "web3"]),
    ("web1,alone", ["web1", "alone"]),
    ("web1:alone", ["web1", "alone"]),
    ("web:&prod", ["web1", "web3"]),
    ("web:!web3", ["web1", "web2"]),
    ("!web", ["db1", "alone"]),
    ("!lab:prod", ["web1", "web3", "db1"]),
    ("prod:&web:!web1", ["web3"]),
    ("*1", ["web1", "db1"]),
    ("w*,!*2", ["web1", "web3"]),
    ("&prod", ["web1", "web3", "db1"]),
    ("&web:&lab", ["web2"]),
    ("l*", ["web2"]),
]


@pytest.mark.parametrize(("pattern", "expected"), CASES)
def test_patterns(pattern: str, expected: list[str]) -> None:
    said: list[str] = []
    assert [each.spec for each in limited(TARGETS, pattern, said.append)] == expected
    assert said == []


def test_ansible_agrees(tmp_path: Path) -> None:
    program = shutil.which("ansible", path=str(Path(sys.executable).parent))
    if program is None:
        pytest.skip("ansible-core is not here")
    inventory = tmp_path / "hosts.json"
    groups: dict[str, dict[str, dict[str, object]]] = {}
    for name, each in GROUPS.items():
        for group in each or ("ungrouped",):
            groups.setdefault(group, {"hosts": {}})["hosts"][name] = None
    inventory.write_text(json.dumps(groups))
    for pattern, expected in CASES[5:14:2]:  # a second each
        done = subprocess.run(
            [program, "all", "-i", str(inventory), "--list-hosts", "-l", pattern],
            capture_output=True,
            text=True,
            check=True,
        )
        listed = [line.strip() for line in done.stdout.splitlines()[1:]]
        assert sorted(listed) == sorted(expected), pattern


def test_a_word_that_fits_nothing_is_told() -> None:
    said: list[str] = []
    assert limited(TARGETS, "nobody", said.append) == ()
    assert [each.spec for each in limited(TARGETS, "web,!lba", said.append)] == [
        "web1",
        "web2",
        "web3",
    ]
    assert said == ["--limit: nothing is called 'nobody'", "--limit: nothing is called 'lba'"]


def test_addresses_are_names_too() -> None:
    targets = (parse("ops@web1:2222"), parse("[2001:db8::1]:22"))
    assert limited(targets, "web1", print) == targets[:1]
    assert limited(targets, "2001*", print) == targets[1:]
    assert limited(targets, "[2001:db8::1]:22", print) == targets[1:]
