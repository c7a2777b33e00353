"""Every exit code, by the program as a process."""

import json
import os
import signal
import socket
import subprocess
import threading
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from tests.cli.program import PROGRAM, environment, facts, run

CASES = [
    pytest.param([facts("hardened")], 0, id="nothing found"),
    pytest.param([facts("no-engine")], 0, id="no engine is a scanned host"),
    pytest.param([facts("plain-any")], 1, id="findings"),
    pytest.param([facts("plain-any"), "--fail-on", "critical"], 1, id="critical ones"),
    pytest.param([facts("plain-any"), "--fail-on", "none"], 0, id="--fail-on none"),
    pytest.param([facts("broken-next"), "--fail-on", "critical"], 0, id="none that bad"),
    pytest.param([facts("plain-any"), "--check", "certificate-*"], 3, id="nothing applied"),
    pytest.param([facts("plain-any"), "--check", "listener-tcp-plain"], 1, id="one check"),
    pytest.param([facts("plain-any"), "--check", "tls-verify-enabled"], 1, id="another"),
    pytest.param([facts("hardened"), "--check", "tls-*", "--skip", "tls-ca*"], 0, id="globs"),
    pytest.param(
        [facts("hardened-user"), "--check", "tls-served-certificate"], 3, id="unknown counts"
    ),
    pytest.param(["nowhere.facts.json"], 3, id="a file that isn't there"),
    pytest.param([facts("hardened"), "nowhere.facts.json"], 3, id="one of two not read"),
    pytest.param([facts("plain-any"), "nowhere.facts.json"], 1, id="findings weigh more"),
    pytest.param(["ssh://127.0.0.1:1"], 3, id="a host not reached"),
    pytest.param([facts("hardened"), "--report", "json=/nowhere/r.json"], 4, id="no such folder"),
    pytest.param([facts("plain-any"), "--report", "json=/"], 4, id="a folder as report"),
    pytest.param([facts("plain-any"), "--report", "json=/dev/full"], 4, id="a device"),
]


@pytest.mark.parametrize(("arguments", "status"), CASES)
def test_scan(arguments: list[str], status: int, tmp_path: Path) -> None:
    answer = run("scan", *arguments, "--report", "json=ok.json", "--format", "table", cwd=tmp_path)
    assert answer.status == status
    report = json.loads((tmp_path / "ok.json").read_bytes())
    if status != 4:
        assert report["summary"]["exit_code"] == status
    assert "wrote ok.json" in answer.err


def test_the_other_reports_are_written(tmp_path: Path) -> None:
    answer = run(
        *("scan", facts("hardened"), "--report", "junit=a.xml", "--report", "json=no/b.json"),
        *("--report", "html=c.html"),
        cwd=tmp_path,
    )
    assert answer.status == 4
    assert "no/b.json" in answer.err
    assert {path.name for path in tmp_path.iterdir()} == {"a.xml", "c.html"}
    assert answer.out.startswith("dockeraudit")


def test_full_disk_leaves_no_torn_report(tmp_path: Path) -> None:
    script = (
        'mount -t tmpfs -o size=16k none "$1" && shift && cd "$1" && shift && "$@"; '
        'status=$?; ls -A >&2; exit "$status"'
    )
    done = subprocess.run(
        ["unshare", "-rm", "sh", "-c", script, "sh", tmp_path, tmp_path, *PROGRAM, "scan",
         facts("plain-any"), "--report", "html=big.html", "--report", "jsonl=also.jsonl"],
        capture_output=True, text=True, check=False, env=environment(),
    )  # fmt: skip
    assert done.returncode == 4
    assert "big.html: No space left on device" in done.stderr
    assert "Traceback" not in done.stderr
    assert "big.html" not in done.stderr.splitlines()[-2:]
    assert ".tmp" not in done.stderr


def test_read_only_folder(tmp_path: Path) -> None:
    script = 'mount -t tmpfs -o ro none "$1" && shift && "$@"'
    done = subprocess.run(
        ["unshare", "-rm", "sh", "-c", script, "sh", tmp_path, *PROGRAM, "scan",
         facts("hardened"), "--report", f"json={tmp_path}/r.json"],
        capture_output=True, text=True, check=False, env=environment(),
    )  # fmt: skip
    assert done.returncode == 4
    assert "read-only" in done.stderr.lower()
    assert "Traceback" not in done.stderr


@pytest.fixture
def mute() -> Iterator[int]:
    """The port of a server that takes connections and never says a word."""
    with socket.create_server(("127.0.0.1", 0), backlog=50) as server:
        held: list[socket.socket] = []

        def accept() -> None:
            while True:
                try:
                    held.append(server.accept()[0])
                except OSError:
                    return

        threading.Thread(target=accept, daemon=True).start()
        yield server.getsockname()[1]
        server.shutdown(socket.SHUT_RDWR)
        for connection in held:
            connection.close()


def descendants(pid: int) -> set[int]:
    """The processes below a process, ssh's own children too."""
    parents = {}
    for entry in os.scandir("/proc"):
        if entry.name.isdecimal():
            try:
                stat = Path(entry.path, "stat").read_text().rpartition(")")[2].split()
                parents[int(entry.name)] = int(stat[1])
            except OSError:
                continue
    found: set[int] = set()
    level = {pid}
    while level:
        level = {child for child, parent in parents.items() if parent in level}
        found |= level
    return found


@pytest.mark.parametrize(
    ("number", "status"), [(signal.SIGINT, 130), (signal.SIGTERM, 143)], ids=["^C", "TERM"]
)
@pytest.mark.parametrize("targets", [1, 3])
def test_interrupted(
    number: signal.Signals, status: int, targets: int, mute: int, tmp_path: Path
) -> None:
    hosts = [f"ssh://127.0.0.1:{mute}", f"ssh://[::ffff:127.0.0.1]:{mute}"]
    named = [facts("plain-any"), *hosts] if targets > 1 else hosts[:1]
    process = subprocess.Popen(
        [*PROGRAM, "scan", *named, "--report", "json=r.json", "--report", "junit=r.xml"],
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        cwd=tmp_path,
        env=environment(),
    )
    deadline = time.monotonic() + 20
    children: set[int] = set()
    while len(children) < min(targets, 2) and time.monotonic() < deadline:
        time.sleep(0.05)
        children = descendants(process.pid)
    if targets > 1:
        assert process.stderr is not None
        assert b"plain-any" in process.stderr.readline()
    time.sleep(0.3)
    children = descendants(process.pid)
    assert children
    process.send_signal(number)
    process.communicate(timeout=10)
    assert process.returncode == status
    assert not [pid for pid in children if Path(f"/proc/{pid}").exists()]
    report: dict[str, Any] = json.loads((tmp_path / "r.json").read_bytes())
    assert report["summary"]["exit_code"] == status
    assert report["summary"]["rule"].startswith("interrupted")
    states = [(host["target"], host["state"]) for host in report["hosts"]]
    if targets > 1:
        assert states[0] == ("plain-any", "scanned")
        assert len(report["hosts"][0]["results"]) > 50
    for host in report["hosts"][-1:]:
        assert (host["state"], host["error"]["kind"]) == ("unreachable", "interrupted")
    assert (tmp_path / "r.xml").read_bytes().startswith(b"<?xml")


def test_interrupted_collection(mute: int, tmp_path: Path) -> None:
    process = subprocess.Popen(
        [*PROGRAM, "collect", f"ssh://127.0.0.1:{mute}", "-o", "facts"],
        stderr=subprocess.PIPE,
        cwd=tmp_path,
        env=environment(),
    )
    while not descendants(process.pid):
        time.sleep(0.05)
    time.sleep(0.3)
    process.send_signal(signal.SIGTERM)
    _, said = process.communicate(timeout=10)
    assert process.returncode == 143
    assert b"interrupted before it answered" in said
    assert not list((tmp_path / "facts").iterdir())


def test_interrupted_while_reading_rows() -> None:
    process = subprocess.Popen(
        [*PROGRAM, "effective", "--batch"],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        env=environment(),
    )
    assert process.stdin is not None
    assert process.stdout is not None
    process.stdin.write(b'{"id": 1}\n')
    process.stdin.flush()
    assert process.stdout.readline().startswith(b'{"id":1,')
    process.send_signal(signal.SIGINT)
    _, said = process.communicate(timeout=10)
    assert process.returncode == 130
    assert said == b"interrupted\n"
