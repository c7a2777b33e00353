"""A scan of the lab that is killed, or loses its bastion, and goes on later."""

from __future__ import annotations

import json
import signal
from collections import Counter
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from tests.lab import throwaway
from tests.lab.hosts import Host, Truth
from tests.lab.program import Started, comparable, left_over
from tests.lab.throwaway import Throwaway
from tests.lab.use import Lab

NAMES = ("hardened", "mtls", "tls-noauth", "socket-tcp", "relay", "no-engine")
BEHIND = (*NAMES, "plain-any", "malformed", "rhel-like", "broken-next", "weak-certs", "loose")
BASTION = Host("bastion", "bookworm", "Other hosts are reached through it.", Truth())
# Waits and margins for a machine that is busy.
LONG = 120.0


def report(path: Path) -> dict[str, dict[str, Any]]:
    """Its hosts by their targets."""
    return {host["target"]: host for host in json.loads(path.read_text())["hosts"]}


def run(*argv: str) -> tuple[int, str]:
    done = Started(["scan", *argv]).finish(LONG)
    return done.code, done.err


def test_a_scan_that_was_killed_goes_on(lab: Lab, tmp_path: Path) -> None:
    config = f"--ssh-config={lab.ssh_config}"
    folder, whole, pieced = tmp_path / "run", tmp_path / "whole.json", tmp_path / "pieced.json"
    run(config, *NAMES, f"--report=json={whole}")
    started = Started(
        ["scan", config, *NAMES, f"--out={folder}", f"--report=json={pieced}", "--concurrency=1"]
    )
    started.wait_for("2/6 ")
    started.kill(signal.SIGKILL)
    assert started.finish(LONG).code == -signal.SIGKILL
    assert not pieced.exists()
    _, said = run("--resume", str(folder))
    assert "of 6 hosts have results" in said
    assert not said.startswith("0 of")
    expected, found = report(whole), report(pieced)
    assert list(found) == list(NAMES)
    for name in NAMES:
        assert comparable(found[name]) == comparable(expected[name])


@pytest.fixture
def bastion(lab: Lab) -> Iterator[Throwaway]:
    del lab
    with throwaway.booted(BASTION) as (host,):
        yield host


def test_a_bastion_that_stops_half_way(bastion: Throwaway, tmp_path: Path) -> None:
    jump = f"Host {' '.join(BEHIND)}\n    ProxyJump {bastion.name}\n\n"
    config = throwaway.config(tmp_path, [bastion], jump)
    folder, file = tmp_path / "run", tmp_path / "report.json"
    started = Started(
        ["scan", f"--ssh-config={config}", *BEHIND, f"--out={folder}", f"--report=json={file}",
         "--concurrency=2"]
    )  # fmt: skip
    started.wait_for("2/12 ")
    bastion.sh("systemctl stop ssh.socket ssh.service; pkill -9 -x sshd; true")
    broken = started.finish(LONG)
    assert broken.code in (1, 3)
    assert left_over(str(config)) == []
    errors = [host["error"] for host in report(file).values() if host["state"] == "unreachable"]
    kinds = Counter(error["kind"] for error in errors)
    assert len(errors) <= 10
    assert kinds["bastion"] >= 2, kinds
    assert kinds["died"] <= 2, "those that were under way"
    assert 1 <= kinds["refused"] <= 4, "those that were tried before it was clear"
    told = next(error["message"] for error in errors if error["kind"] == "bastion")
    assert f"its jump host {bastion.name} is down: ssh: connect to host" in told
    assert f"{kinds['bastion']} hosts: bastion: " in broken.err

    bastion.sh("systemctl start ssh.service")
    code, said = run("--resume", str(folder), "--concurrency=4")
    assert code == 1
    assert f"{len(errors)} are asked" in said
    assert {host["state"] for host in report(file).values()} == {"scanned"}
