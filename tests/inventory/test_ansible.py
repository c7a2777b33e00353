"""Ansible's inventories, read by the real `ansible-inventory`."""

import json
import os
import sys
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import pytest

from dockeraudit.inventory import Entry, InventoryError, read
from dockeraudit.inventory.ansible import entries
from dockeraudit.targets import Target

BESIDE = Path(sys.executable).parent

INI = """\
[web]
web[01:02].example ansible_port=2222 ansible_user=ops ansible_become=true
alias ansible_host=192.0.2.9

[db]
db1 ansible_become=no

[here]
localhost ansible_connection=local

[prod:children]
web
db

[db:vars]
ansible_user=dba
"""
YAML = """\
all:
  children:
    prod:
      children:
        web:
          hosts:
            web[01:02].example: {ansible_port: 2222, ansible_user: ops, ansible_become: true}
            alias: {ansible_host: 192.0.2.9}
        db:
          hosts: {db1: {ansible_become: false}}
          vars: {ansible_user: dba}
    here:
      hosts: {localhost: {ansible_connection: local}}
"""


@pytest.fixture
def ansible(monkeypatch: pytest.MonkeyPatch) -> None:
    """Puts the ansible-inventory of the development tools on the PATH."""
    if not (BESIDE / "ansible-inventory").exists():
        pytest.skip("ansible-core is not here")
    monkeypatch.setenv("PATH", f"{BESIDE}:{os.environ['PATH']}")


def told(found: list[Entry]) -> dict[str, tuple[Target | None, tuple[str, ...], bool | None]]:
    return {each.word: (each.target, each.groups, each.become) for each in found}


def check(found: list[Entry]) -> None:
    web = ("prod", "web")
    assert told(found) == {
        "web01.example": (ssh("web01.example", user="ops", port=2222), web, True),
        "web02.example": (ssh("web02.example", user="ops", port=2222), web, True),
        "alias": (ssh("alias", host="192.0.2.9"), web, None),
        "db1": (ssh("db1", user="dba"), ("db", "prod"), False),
        "localhost": (Target("localhost", "local"), ("here",), None),
    }


def ssh(name: str, host: str = "", user: str | None = None, port: int | None = None) -> Target:
    return Target(name, "ssh", host=host or name, user=user, port=port)


@pytest.mark.usefixtures("ansible")
@pytest.mark.parametrize(("name", "text"), [("hosts", INI), ("hosts.ini", INI), ("h.yml", YAML)])
def test_static(tmp_path: Path, name: str, text: str) -> None:
    (tmp_path / name).write_text(text)
    check([*read(str(tmp_path / name))])


@pytest.mark.usefixtures("ansible")
def test_a_folder_with_variables(tmp_path: Path) -> None:
    (tmp_path / "group_vars").mkdir()
    (tmp_path / "group_vars" / "web.yml").write_text("ansible_user: ops\n")
    (tmp_path / "hosts").write_text("[web]\nweb1\n")
    assert told([*read(str(tmp_path))]) == {"web1": (ssh("web1", user="ops"), ("web",), None)}


@pytest.mark.usefixtures("ansible")
def test_a_program(tmp_path: Path) -> None:
    listing = {
        "web": {"hosts": ["web1"]},
        "_meta": {"hostvars": {"web1": {"ansible_ssh_host": "2001:db8::1"}}},
    }
    program = tmp_path / "cloud"
    program.write_text(f"#!/bin/sh\ncat <<'END'\n{json.dumps(listing)}\nEND\n")
    program.chmod(0o755)
    assert told([*read(str(program))]) == {"web1": (ssh("web1", "2001:db8::1"), ("web",), None)}
    program.write_text("#!/bin/sh\necho >&2\nfalse\n")  # each line could be a host's
    with pytest.raises(InventoryError, match="cloud: ansible-inventory can't read it: "):
        [*read(str(program))]


@pytest.mark.usefixtures("ansible")
@pytest.mark.parametrize(
    ("name", "text", "said"),
    [
        ("h.ini", "[web]\nweb1\nfoo bar baz\n", "h.ini:3: ansible-inventory can't read it: "),
        ("h.yml", "all:\n  hosts:\n    a: {\n", "h.yml:4: ansible-inventory can't read it: YAML"),
        ("h.ini", "web1 ansible_port=ssh\n", "h.ini: web1: its ansible_port is no number: 'ssh'"),
        ("h.ini", "web1 ansible_host=a;b\n", "h.ini: web1: the host in 'web1 at a;b' holds ';'"),
        ("h.ini", "web1 ansible_user=-x\n", "h.ini: web1: the user in '-x' begins with -"),
        ("h.ini", "w ansible_connection=winrm\n", "h.ini: w: its ansible_connection is 'winrm'"),
        ("h.ini", "w ansible_become={{x}}\n", "h.ini: w: its ansible_become is neither"),
    ],
)
def test_what_is_wrong_is_named(tmp_path: Path, name: str, text: str, said: str) -> None:
    (tmp_path / name).write_text(text)
    with pytest.raises(InventoryError) as caught:
        [*read(str(tmp_path / name))]
    assert str(caught.value).startswith(f"{tmp_path}/{said}")


def test_without_ansible(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "hosts.ini").write_text(INI)
    monkeypatch.setenv("PATH", str(tmp_path))
    with pytest.raises(InventoryError, match="ansible-inventory is not on the PATH: install"):
        [*read(str(tmp_path / "hosts.ini"))]


def test_what_list_printed_elsewhere_needs_none(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    listing = {
        "_meta": {"hostvars": {"web1": {"ansible_user": "ops"}}},
        "all": {"children": ["ungrouped", "prod"]},
        "prod": {"children": ["web"]},
        "web": {"hosts": ["web1"], "children": ["prod"]},
    }
    (tmp_path / "hosts.json").write_text(json.dumps(listing))
    monkeypatch.setenv("PATH", str(tmp_path))
    found = [*read(str(tmp_path / "hosts.json"))]
    assert told(found) == {"web1": (ssh("web1", user="ops"), ("prod", "web"), None)}


@pytest.mark.parametrize(
    "listing",
    [
        {"_meta": []},
        {"_meta": {"hostvars": []}},
        {"web": []},
        {"web": {"hosts": {"a": {}}}},
        {"web": {"hosts": [1]}},
        {"web": {"hosts": ["a"]}, "_meta": {"hostvars": {"a": 1}}},
    ],
)
def test_another_shape(listing: Mapping[str, Any]) -> None:
    with pytest.raises(InventoryError, match="h: not what ansible-inventory --list prints"):
        [*entries(listing, "h")]
