"""The pytest gate against real hosts over ssh, its work shared by two processes."""

from __future__ import annotations

import os
import shutil
import sys
from collections import Counter
from pathlib import Path

import pytest

from tests.gate.conftest import PLUGIN
from tests.lab.use import Lab

HOSTS = ("plain-any", "hardened", "no-engine", "busybox")
OWN = """
def test_kernel(docker_facts, dockeraudit_host):
    assert dockeraudit_host.run("uname -r").stdout.strip() == docker_facts.machine.kernel
"""


@pytest.fixture
def log(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Where the ssh found first notes whom it is asked for, before it becomes the real one."""
    real = shutil.which("ssh")
    assert real
    log, program = tmp_path / "ssh.log", tmp_path / "programs" / "ssh"
    program.parent.mkdir()
    program.write_text(
        f'#!/bin/sh\nfor each; do [ "$last" != -- ] || echo "$each" >>{log}; last=$each; done\n'
        f'exec {real} "$@"\n'
    )
    program.chmod(0o755)
    monkeypatch.setenv("PATH", f"{program.parent}:{os.environ['PATH']}")
    return log


def asked(log: Path) -> Counter[str]:
    """How often ssh was started for each host."""
    return Counter(log.read_text(encoding="utf-8").split())


def test_two_workers_and_one_connection_per_host(lab: Lab, log: Path, tmp_path: Path) -> None:
    targets = [f"--dockeraudit-target={host}" for host in (*HOSTS, "nowhere.invalid")]
    options = [
        "-n2",
        f"--dockeraudit-ssh-config={lab.ssh_config}",
        "--tb=no",
        "-p",
        "no:cacheprovider",
    ]
    argv = [sys.executable, "-m", "pytest", *PLUGIN, *targets, *options]
    done = lab.run([*argv, "-rfE"], cwd=tmp_path)
    said = done.stdout.decode()
    assert done.returncode == 1, said + done.stderr.decode()
    assert "FAILED dockeraudit::plain-any::listener-tcp-plain - critical" in said
    assert said.count("dockeraudit::nowhere.invalid") == 1
    assert "ERROR dockeraudit::nowhere.invalid::connect - not reached: dns" in said
    assert "FAILED dockeraudit::hardened::" not in said
    found = asked(log)
    assert found == dict.fromkeys([*HOSTS, "nowhere.invalid"], 1)


def test_fixtures_over_real_hosts(lab: Lab, log: Path, tmp_path: Path) -> None:
    (tmp_path / "test_own.py").write_text(OWN, encoding="utf-8")
    targets = [f"--dockeraudit-target={host}" for host in HOSTS]
    options = ["-m", "not dockeraudit", f"--dockeraudit-ssh-config={lab.ssh_config}"]
    done = lab.run([sys.executable, "-m", "pytest", *PLUGIN, *targets, *options], cwd=tmp_path)
    said = done.stdout.decode()
    assert done.returncode == 0, said + done.stderr.decode()
    assert f"{len(HOSTS)} passed" in said
    assert asked(log) == dict.fromkeys(HOSTS, 2), "the facts, and the test's own command"
