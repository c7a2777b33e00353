"""Data on stdout, everything else on stderr, and neither of them may fail badly."""

import json
import os
import pty
import re
import select
import subprocess
import time
from pathlib import Path

import pytest

from tests.cli.program import PROGRAM, environment, facts, run

HOST = facts("plain-any")
SAYING = [
    pytest.param(["scan", HOST], 1, id="scan"),
    pytest.param(["scan", HOST, "--format", "json"], 1, id="scan json"),
    pytest.param(["scan", HOST, "--report", "html=-"], 1, id="report on stdout"),
    pytest.param(["list"], 0, id="list"),
    pytest.param(["list", "--format", "json"], 0, id="list json"),
    pytest.param(["explain", "listener-tcp-plain"], 0, id="explain"),
    pytest.param(["effective", "--engine", "28.5.2", "--", "-H", "unix://"], 0, id="effective"),
    pytest.param(["effective", "--batch"], 0, id="batch"),
    pytest.param(["--help"], 0, id="help"),
    pytest.param(["scan", "--help"], 0, id="help of scan"),
    pytest.param(["--version"], 0, id="version"),
]


def shell(script: str, arguments: list[str]) -> subprocess.CompletedProcess[str]:
    """Run the program as `"$@"` in a shell script; rows of a batch are on stdin."""
    return subprocess.run(
        ["bash", "-c", script, "bash", *PROGRAM, *arguments],
        input='{"id": 1}\n' * 2000 if "--batch" in arguments else "",
        capture_output=True,
        text=True,
        check=False,
        env=environment(),
        timeout=60,
    )


@pytest.mark.parametrize(("arguments", "status"), SAYING)
def test_reader_goes_away(arguments: list[str], status: int) -> None:
    done = shell('"$@" | head -c 1; exit "${PIPESTATUS[0]}"', arguments)
    assert done.returncode == status
    assert len(done.stdout) == 1
    assert "roken pipe" not in done.stderr
    assert "Traceback" not in done.stderr


@pytest.mark.parametrize(("arguments", "status"), SAYING)
def test_no_stdout(arguments: list[str], status: int) -> None:
    done = shell('"$@" >&-', arguments)
    assert done.returncode == status
    assert "Traceback" not in done.stderr
    assert "mistake" not in done.stderr


@pytest.mark.parametrize(("arguments", "status"), SAYING)
def test_full_disk(arguments: list[str], status: int) -> None:
    done = shell('"$@" >/dev/full', arguments)
    assert done.returncode == 4
    last = done.stderr.splitlines()[-1]
    assert last.startswith("dockeraudit: ")
    assert "No space left on device" in last
    assert "Traceback" not in done.stderr
    assert "mistake" not in done.stderr


@pytest.mark.parametrize("where", ["2>&-", "2>/dev/full", "2> >(head -c 1 >/dev/null)"])
@pytest.mark.parametrize(("arguments", "status"), SAYING[:4])
def test_no_stderr(arguments: list[str], status: int, where: str) -> None:
    done = shell(f'"$@" {where}', arguments)
    assert done.returncode == status
    assert done.stdout


def test_a_report_never_takes_the_place_of_stdout(tmp_path: Path) -> None:
    path = tmp_path / "r.json"
    done = shell('"$@" >&- 2>&-', ["scan", HOST, "--report", f"json={path}"])
    assert done.returncode == 1
    assert json.loads(path.read_bytes())["schema_version"] == "1"


@pytest.mark.parametrize("encoding", ["C", "POSIX"])
def test_locale_without_unicode(encoding: str) -> None:
    answer = run("explain", "listener-tcp-plain", LC_ALL=encoding, PYTHONCOERCECLOCALE="0",
                 PYTHONUTF8="0", PYTHONIOENCODING="ascii")  # fmt: skip
    assert answer.status == 0
    assert "·" in answer.out


@pytest.mark.parametrize("format", ["json", "junit", "html", "table"])
def test_data_alone_on_stdout(format: str) -> None:
    starts = {"json": "{", "junit": "<?xml", "html": "<!DOCTYPE", "table": "dockeraudit"}
    answer = run("scan", HOST, facts("hardened"), "--format", format)
    assert answer.out.lower().startswith(starts[format].lower())
    lines = answer.err.splitlines()
    assert len(lines) == 2
    assert {re.sub(r"^\d/2 ([a-z-]+): .*", r"\1", line) for line in lines} == {
        "plain-any",
        "hardened",
    }
    same = run("scan", HOST, facts("hardened"), "--report", f"{format}=-")
    times = re.compile(r"\d\d:\d\d(:\d\d)?Z?|time=\"[0-9.]+\"")
    assert times.sub("", same.out) == times.sub("", answer.out)


def on_terminal(*arguments: str, **env: str) -> tuple[str, str]:
    """What the program writes to a terminal: to stdout, and to stderr, each one of its own."""
    masters, slaves = zip(*(pty.openpty() for _ in range(2)), strict=True)
    process = subprocess.Popen(
        [*PROGRAM, *arguments],
        stdin=subprocess.DEVNULL,
        stdout=slaves[0],
        stderr=slaves[1],
        env=environment(**({"TERM": "xterm"} | env)),
    )
    for slave in slaves:
        os.close(slave)
    texts = dict.fromkeys(masters, b"")
    left = set(masters)
    deadline = time.monotonic() + 30
    while left and time.monotonic() < deadline:
        for master in select.select(list(left), [], [], 1)[0]:
            try:
                piece = os.read(master, 65536)
            except OSError:
                piece = b""
            texts[master] += piece
            if not piece:
                left.discard(master)
    process.wait(timeout=10)
    for master in masters:
        os.close(master)
    return texts[masters[0]].decode(), texts[masters[1]].decode()


def test_terminal_has_colours_and_one_moving_line() -> None:
    out, err = on_terminal("scan", HOST, facts("hardened"))
    assert "\x1b[" in out
    assert "\n" not in err
    assert "1 of 2 done" in err
    assert err.endswith("\r\x1b[K")


@pytest.mark.parametrize(
    ("env", "colour"),
    [
        ({"NO_COLOR": "1"}, False),
        ({"NO_COLOR": ""}, True),
        ({"TERM": "dumb"}, False),
    ],
    ids=["NO_COLOR", "NO_COLOR empty", "dumb"],
)
def test_colour(env: dict[str, str], colour: bool) -> None:
    out, _ = on_terminal("scan", HOST, **env)
    assert ("\x1b[" in out) is colour


def test_columns() -> None:
    out, _ = on_terminal("scan", HOST, COLUMNS="72", NO_COLOR="1")
    assert max(map(len, out.splitlines())) <= 72


def test_only_the_collector_of_metrics_may_read_along(tmp_path: Path) -> None:
    names = {"prometheus": 0o644, "json": 0o600, "html": 0o600}
    run("scan", HOST, *(f"--report={name}={tmp_path / name}" for name in names))
    assert {name: (tmp_path / name).stat().st_mode & 0o777 for name in names} == names
