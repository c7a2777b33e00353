"""Long runs through the program: results on disk, going on with them, pace, and what is said."""

import json
import os
import pty
import re
import resource
import shutil
import signal
import socket
import subprocess
import threading
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from tests.cli.program import PROGRAM, RECORDED, Done, environment, facts, run
from tests.cli.test_exits import descendants

FILES = [facts(name) for name in ("hardened", "plain-any", "mtls", "no-engine", "weak-certs")]


class Port:
    """A port of this machine that takes connections, and knows when; it never speaks SSH."""

    def __init__(self, hold: bool) -> None:
        self.times: list[float] = []
        self._hold = hold
        self._kept: list[socket.socket] = []
        self._server = socket.create_server(("127.0.0.1", 0), backlog=200)
        self.number = self._server.getsockname()[1]
        threading.Thread(target=self._accept, daemon=True).start()

    def _accept(self) -> None:
        while True:
            try:
                connection = self._server.accept()[0]
            except OSError:
                return
            self.times.append(time.monotonic())
            if self._hold:
                self._kept.append(connection)
            else:
                connection.close()

    def close(self) -> None:
        self._server.shutdown(socket.SHUT_RDWR)
        for each in self._kept:
            each.close()


@pytest.fixture
def mute() -> Iterator[Port]:
    port = Port(hold=True)
    yield port
    port.close()


@pytest.fixture
def curt() -> Iterator[Port]:
    """Takes connections and ends them at once."""
    port = Port(hold=False)
    yield port
    port.close()


def configured(folder: Path, port: int) -> tuple[str, str]:
    """Every name is a host at that port."""
    (folder / "ssh_config").write_text(f"Host *\n  HostName 127.0.0.1\n  Port {port}\n")
    return "--ssh-config", "ssh_config"


def web(count: int) -> list[str]:
    return [f"web{number:02}" for number in range(count)]


def report(place: Path | str) -> dict[str, Any]:
    """A report without what is another in each run."""
    text = place if isinstance(place, str) else place.read_text()
    found: dict[str, Any] = json.loads(text)
    for host in found["hosts"]:
        if host["state"] == "unreachable":
            del host["duration_s"]
    return {key: found[key] for key in ("hosts", "summary", "profile", "fail_on")}


def begin(folder: Path, *arguments: str) -> subprocess.Popen[bytes]:
    return subprocess.Popen(
        [*PROGRAM, "scan", *arguments],
        stdin=subprocess.DEVNULL,
        stdout=subprocess.DEVNULL,
        stderr=subprocess.PIPE,
        cwd=folder,
        env=environment(),
    )


def wait_for(process: subprocess.Popen[bytes], lines: int) -> None:
    """Until it has told of so many hosts."""
    assert process.stderr is not None
    for _ in range(lines):
        assert b"/" in process.stderr.readline()


def written(folder: Path) -> int:
    return len((folder / "run" / "results.jsonl").read_bytes().splitlines())


# ---- --out and --resume -------------------------------------------------------------------------


def test_the_report_is_the_same_with_a_folder_and_without(tmp_path: Path) -> None:
    arguments = ["scan", *FILES, "nowhere.facts.json", "--format", "json"]
    plain = run(*arguments, cwd=tmp_path)
    kept = run(*arguments, "--out", "run", cwd=tmp_path)
    again = run("scan", "--resume", "run", cwd=tmp_path)
    assert report(plain.out) == report(kept.out) == report(again.out)
    assert plain.status == kept.status == again.status == 1
    assert "5 of 6 hosts have results; 1 are asked" in again.err
    assert json.loads(kept.out)["started"] == json.loads(again.out)["started"]
    assert (tmp_path / "run").stat().st_mode & 0o777 == 0o700


def test_receivers_of_notes_are_not_kept(tmp_path: Path) -> None:
    address = "json://u:guess-me@127.0.0.1:1/"
    (tmp_path / "to.txt").write_text(address)
    (tmp_path / "to.txt").chmod(0o600)
    run(
        "scan", FILES[0], "--out", "run", "--notify", address, f"--notify={address}",
        "--notify", "@to.txt", "--fail-on", "none", cwd=tmp_path,
    )  # fmt: skip
    text = (tmp_path / "run" / "run.json").read_text()
    assert "guess-me" not in text
    assert json.loads(text)["arguments"][-4:] == ["--notify", "@to.txt", "--fail-on", "none"]
    assert run("scan", "--resume", "run", cwd=tmp_path).status == 0


@pytest.mark.parametrize("number", [signal.SIGKILL, signal.SIGINT, signal.SIGTERM])
def test_what_was_done_when_it_ended_is_not_done_again(
    number: signal.Signals, mute: Port, tmp_path: Path
) -> None:
    copies = []
    for path in FILES:
        copies.append(Path(path).name)
        shutil.copy(path, tmp_path)
    hung = f"ssh://127.0.0.1:{mute.number}"
    process = begin(
        tmp_path, *copies, hung, "--out", "run", "--report", "json=r.json", "--timeout", "50"
    )
    wait_for(process, len(FILES))
    process.send_signal(number)
    process.communicate(timeout=20)
    assert process.returncode == (-9 if number == signal.SIGKILL else 128 + number)
    assert written(tmp_path) >= len(FILES)
    if number == signal.SIGKILL:
        with (tmp_path / "run" / "results.jsonl").open("ab") as file:
            file.write(b'{"number":5,"report":{"tar')
    for copy in copies:
        (tmp_path / copy).unlink()
    again = run(
        "scan", "--resume", "run", "--timeout", "2", "--report", "json=r.json", cwd=tmp_path
    )
    assert "5 of 6 hosts have results; 1 are asked" in again.err
    assert again.status == 1
    hosts = json.loads((tmp_path / "r.json").read_text())["hosts"]
    assert [host["state"] for host in hosts] == [*["scanned"] * 5, "unreachable"]
    assert hosts[5]["error"]["kind"] == "timeout"
    assert {len(host["results"]) > 50 for host in hosts[:5]} == {True}


FULL = """
mount -t tmpfs -o size=320k none "$1" && shift && cd "$1" && shift || exit 99
"$@"; echo "first $?" >&2
tail -c 1 run/results.jsonl | od -c >&2
mount -o remount,size=20m .
exec "$PYTHON" -m dockeraudit scan --resume run
"""


def test_a_full_disk(tmp_path: Path) -> None:
    arguments = ["scan", str(RECORDED), "--format", "json", "--out", "run"]
    plain = run(*arguments, cwd=tmp_path)
    shutil.rmtree(tmp_path / "run")
    done = subprocess.run(
        ["unshare", "-rm", "sh", "-c", FULL, "sh", tmp_path, tmp_path, *PROGRAM, *arguments],
        capture_output=True, text=True, check=False, env=environment(PYTHON=PROGRAM[0]),
    )  # fmt: skip
    before, _, after = done.stderr.partition("first 4\n")
    assert after, done.stderr
    line = before.splitlines()[-1]
    assert "run/results.jsonl: No space left on device" in line
    assert "--resume run" in line
    assert "Traceback" not in done.stderr
    assert r"\n" in after.splitlines()[0], "the last line is whole"
    assert re.search(
        r"^[1-9]\d* of 26 hosts have results; [1-9]\d* are asked$", after, re.MULTILINE
    )
    assert report(done.stdout) == report(plain.out)


def test_where_targets_came_from_is_not_read_again(tmp_path: Path) -> None:
    listed = f"{FILES[0]}\nnowhere.facts.json\n".encode()
    first = run(
        *("scan", "-i", "-", "--limit", "*.facts.json", "--out", "run", "--format", "json"),
        stdin=listed,
        cwd=tmp_path,
    )
    shutil.copy(FILES[1], tmp_path / "nowhere.facts.json")
    again = run("scan", "--resume", "run", stdin=b"", cwd=tmp_path)
    assert first.status == 3
    assert again.status == 1
    hosts = json.loads(again.out)["hosts"]
    assert [host["target"] for host in hosts] == ["hardened", "plain-any"]
    assert "1 of 2 hosts have results; 1 are asked" in again.err


def test_words_behind_two_dashes_were_targets(tmp_path: Path) -> None:
    run("scan", "--out", "run", "--", FILES[0], "nowhere.facts.json", cwd=tmp_path)
    again = run("scan", "--resume", "run", "--format", "json", "--fail-on", "none", cwd=tmp_path)
    assert again.status == 3
    assert [host["state"] for host in json.loads(again.out)["hosts"]] == ["scanned", "unreachable"]


def test_the_configuration_is_the_one_of_then(tmp_path: Path) -> None:
    (tmp_path / "dockeraudit.toml").write_text('profile = "cis-level1"\nfail-on = "none"\n')
    run("scan", FILES[0], "--out", "run", cwd=tmp_path)
    below = tmp_path / "elsewhere"
    below.mkdir()
    (below / "dockeraudit.toml").write_text('profile = "strict"\n')
    again = run("scan", "--resume", "../run", "--format", "json", cwd=below)
    assert json.loads(again.out)["profile"] == "cis-level1"
    (tmp_path / "dockeraudit.toml").write_text('profile = "strict"\n')
    changed = run("scan", "--resume", "run", cwd=tmp_path)
    assert changed.status == 2
    assert (
        "the run has the profile cis-level1, but the configuration now says strict" in changed.err
    )


@pytest.fixture(scope="module")
def done(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A place where the results of a scan are in the folder `run`."""
    place = tmp_path_factory.mktemp("done")
    run("scan", FILES[0], "--out", "run", cwd=place)
    return place


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (["--resume", "run", "web1"], "naming targets beside --resume"),
        (["--resume", "run", "-i", "hosts"], "--inventory beside --resume"),
        (["--resume=run", "--from-ssh-config", "*"], "--from-ssh-config beside --resume"),
        (["--profile", "strict", "--resume", "run"], "--profile beside --resume"),
        (["--resume", "run", "--no-probe"], "--probe beside --resume"),
        (["--resume", "run", "--out", "other"], "--out beside --resume"),
        (["--resume", "nowhere"], "--resume: nowhere holds no results"),
        (["--resume", "run", "--daemon-json", "x"], "--resume"),
        (["--out", "run", "web1"], "run"),
        (["--scheduler", "tcp://127.0.0.1:1", "web1"], "--scheduler is of --engine dask"),
        (["--worker-group", "dc1", "web1"], "--worker-group is of --engine dask"),
        (["--engine", "dask", "web1"], "--engine dask needs --scheduler"),
        (["--deadline", "0", "web1"], "--deadline"),
        (["--connect-rate", "0", "web1"], "--connect-rate"),
        (["--connect-rate", "nan", "web1"], "--connect-rate"),
        (["--retry-unreachable", "-1", "web1"], "--retry-unreachable"),
    ],
)
def test_wrong_use(arguments: list[str], said: str, done: Path) -> None:
    answer = run("scan", *arguments, cwd=done)
    assert answer.status == (4 if arguments[:2] == ["--out", "run"] else 2)
    assert answer.err.startswith("dockeraudit")
    assert said in answer.err
    assert len(answer.err.splitlines()) == 1
    assert answer.out == ""


def test_many_targets_without_a_folder(tmp_path: Path) -> None:
    for number in range(510):
        shutil.copy(facts("no-engine"), tmp_path / f"{number:03}.facts.json")
    answer = run("scan", ".", "--format", "json", "--check", "listener-*", cwd=tmp_path)
    assert len(json.loads(answer.out)["hosts"]) == 510
    assert answer.status == 0


# ---- pace ---------------------------------------------------------------------------------------


def test_the_deadline_of_the_whole_run(mute: Port, tmp_path: Path) -> None:
    began = time.monotonic()
    process = begin(
        tmp_path, *configured(tmp_path, mute.number), *web(40), FILES[0],
        "--deadline", "3", "--timeout", "300", "--report", "json=r.json",
    )  # fmt: skip
    while not (children := descendants(process.pid)):
        time.sleep(0.02)
    _, err = process.communicate(timeout=60)
    assert process.returncode == 3
    assert time.monotonic() - began < 30
    assert not [pid for pid in children | descendants(process.pid) if Path(f"/proc/{pid}").exists()]
    hosts = json.loads((tmp_path / "r.json").read_text())["hosts"]
    assert [host["error"]["kind"] for host in hosts[:40]] == ["deadline"] * 40
    lines = err.decode().splitlines()
    assert any(line.startswith("41 hosts: deadline: ") for line in lines) or any(
        line.startswith("40 hosts: deadline: ") for line in lines
    )
    assert sum("not asked before" in line for line in lines) == 0, "one line says it for all"


def test_new_connections_have_a_rate(curt: Port, tmp_path: Path) -> None:
    answer = run(
        "scan", *configured(tmp_path, curt.number), *web(12), "--connect-rate", "8",
        "--concurrency", "12", cwd=tmp_path,
    )  # fmt: skip
    assert answer.status == 3
    times = sorted(curt.times)
    assert len(times) == 12
    assert times[-1] - times[0] > 11 / 8 - 0.3


def test_unreachable_hosts_are_tried_again(curt: Port, tmp_path: Path) -> None:
    answer = run(
        "scan", *configured(tmp_path, curt.number), *web(3), "--retry-unreachable", "1",
        "--format", "json", cwd=tmp_path,
    )  # fmt: skip
    assert len(curt.times) == 6
    for host in json.loads(answer.out)["hosts"]:
        assert host["error"]["kind"] == "refused"
        assert host["error"]["message"].endswith(" (after 2 tries)")


def test_a_collection_is_tried_again_too(curt: Port, tmp_path: Path) -> None:
    answer = run(
        "collect", *configured(tmp_path, curt.number), *web(2), "--retry-unreachable", "1",
        "-o", "facts", cwd=tmp_path,
    )  # fmt: skip
    assert answer.status == 3
    assert len(curt.times) == 4
    assert [line for line in answer.err.splitlines() if "(after 2 tries)" in line
            and line.startswith(("web00: refused: ", "web01: refused: "))] == (
        answer.err.splitlines()
    )  # fmt: skip


def test_the_configuration_has_the_pace(curt: Port, tmp_path: Path) -> None:
    (tmp_path / "dockeraudit.toml").write_text(
        "retry-unreachable = 1\nconnect-rate = 100\ndeadline = 60\n"
    )
    run("scan", *configured(tmp_path, curt.number), "web1", cwd=tmp_path)
    assert len(curt.times) == 2
    shown = run("config", "show", cwd=tmp_path)
    assert "retry-unreachable" in shown.out
    assert "deadline" in shown.out


def test_a_thousand_open_files_are_enough(curt: Port, tmp_path: Path) -> None:
    done = subprocess.run(
        [*PROGRAM, "scan", *configured(tmp_path, curt.number), *web(300), "--format", "json",
         "--concurrency", "1024"],
        capture_output=True, text=True, check=False, cwd=tmp_path, env=environment(),
        preexec_fn=lambda: resource.setrlimit(resource.RLIMIT_NOFILE, (1000, 1000)),
    )  # fmt: skip
    assert done.returncode == 3
    kinds = {host["error"]["kind"] for host in json.loads(done.stdout)["hosts"]}
    assert kinds == {"refused"}
    assert "117 hosts at a time instead of 1024" in done.stderr


# ---- what is said -------------------------------------------------------------------------------


def failed(folder: Path, port: int) -> Done:
    return run("scan", *configured(folder, port), *web(22), *FILES, cwd=folder)


def test_why_hosts_failed_is_said_once(curt: Port, tmp_path: Path) -> None:
    lines = failed(tmp_path, curt.number).err.splitlines()
    hosts, summary = lines[:27], lines[27:]
    assert [line.partition(" ")[0] for line in hosts] == [f"{n}/27" for n in range(1, 28)]
    assert len(summary) == 1
    assert summary[0].startswith("22 hosts: refused: web0")
    assert summary[0].count("web") == 5
    assert ", … (the port may belong to something else" in summary[0]
    paced = [line for line in hosts if "hosts/s" in line]
    assert len(paced) == 10
    assert " s left)" in paced[0]
    assert paced[-1].endswith(" hosts/s)")


def test_a_terminal_has_one_line(curt: Port, tmp_path: Path) -> None:
    master, slave = pty.openpty()
    process = subprocess.Popen(
        [*PROGRAM, "scan", *configured(tmp_path, curt.number), *web(30), "--report", "json=r.json"],
        stdout=subprocess.DEVNULL,
        stderr=slave,
        cwd=tmp_path,
        env=environment(COLUMNS="80"),
    )
    os.close(slave)
    said = b""
    while True:
        try:
            chunk = os.read(master, 4096)
        except OSError:
            break
        if not chunk:
            break
        said += chunk
    os.close(master)
    assert process.wait(timeout=30) == 3
    text = said.decode()
    drawn = text.split("\r\x1b[K")
    assert drawn[1] == "scanning 30 hosts"
    assert any("30 of 30 done, " in line and "not reached: 30 refused" in line for line in drawn)
    assert all(len(line) < 80 for line in drawn[:-1])
    assert drawn[-1].startswith("30 hosts: refused: web")
    assert "\x1b" not in drawn[-1]
