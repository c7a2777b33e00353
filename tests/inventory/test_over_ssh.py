"""Inventories over the real ssh, and become by the real shell."""

import json
import os
import subprocess
import sys
from pathlib import Path

import pytest

from tests.cli.program import environment, run
from tests.transport.server import Server


def test_one_machine_by_two_names_is_reported_once(server: Server, tmp_path: Path) -> None:
    if not Path("/etc/machine-id").exists() or not Path("/etc/machine-id").read_text().strip():
        pytest.skip("this machine has no id")
    (tmp_path / "hosts.csv").write_text("target,groups,labels.owner\nweb[1:2].example,web,alice\n")
    answer = run(
        "scan", "-i", "hosts.csv", "--ssh-config", server.config, "--format", "json",
        cwd=tmp_path,
    )  # fmt: skip
    one, other = json.loads(answer.out)["hosts"]
    assert (one["same_as"], other["same_as"]) == ("", "web1.example")
    assert one["results"]
    assert not other["results"]
    for each in (one, other):
        assert (each["groups"], each["labels"]) == (["web"], {"owner": "alice"})


def test_ansible_variables_lead_to_the_host(server: Server, tmp_path: Path) -> None:
    listing = {
        "web": {"hosts": ["first"]},
        "_meta": {"hostvars": {"first": {
            "ansible_host": "127.0.0.1", "ansible_port": server.port, "ansible_user": server.user,
        }}},
    }  # fmt: skip
    answer = run(
        "collect", "-i", "-", "--ssh-config", server.config, "-o", "facts",
        stdin=json.dumps(listing).encode(), cwd=tmp_path,
    )  # fmt: skip
    assert answer.status == 0, answer.err
    assert "first.facts.json" in answer.err


@pytest.mark.skipif(os.getuid() != 0, reason="becoming nobody needs root")
def test_become_of_the_inventory_is_used_unless_the_command_line_says_otherwise(
    tmp_path: Path,
) -> None:
    tmp_path.chmod(0o755)
    inventory = json.dumps([{"target": "local", "become": True}])
    kinds = []
    for more in ([], ["--no-become"]):
        done = subprocess.run(
            ["setpriv", "--reuid=65534", "--clear-groups", sys.executable, "-m", "dockeraudit",
             "scan", "-i", "-", "--config", "none", "--format", "json", *more],
            input=inventory.encode(),
            stdout=subprocess.PIPE,
            check=False,
            cwd="/",
            env={**environment(), "PATH": "/usr/bin:/bin", "PYTHONDONTWRITEBYTECODE": "1"},
        )  # fmt: skip
        kinds.append(json.loads(done.stdout)["hosts"][0]["error"]["kind"])
    assert kinds[0] in ("sudo", "become-password", "command-missing")
    assert kinds[1] == "privilege"
