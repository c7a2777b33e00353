"""`dockeraudit effective`: the same answers as real daemons gave, row by row and by options."""

import json
import os
import subprocess
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from tests.cli.program import PROGRAM, ROOT, environment, run
from tests.effective.conftest import content_of

ROWS = [
    json.loads(line)
    for line in (ROOT / "tests/effective/scenarios.jsonl").read_text("utf-8").splitlines()
]


def as_roles(row: dict[str, Any]) -> dict[str, Any]:
    return {name: value for name, value in row.items() if name != "truth"}


def as_content(row: dict[str, Any]) -> dict[str, Any]:
    files = {}
    for path, described in row["files"].items():
        role, _, mode = described.partition("; mode ")
        files[path] = {"text": content_of(role).decode(), "mode": mode or "0400"}
    return {**as_roles(row), "files": files}


@pytest.mark.parametrize("form", [as_roles, as_content], ids=["roles", "content"])
def test_the_table_of_real_runs(form: Callable[[dict[str, Any]], dict[str, Any]]) -> None:
    given = "".join(json.dumps(form(row)) + "\n" for row in ROWS)
    answer = run("effective", "--batch", stdin=given.encode())
    assert (answer.status, answer.err) == (0, "")
    answers = [json.loads(line) for line in answer.out.splitlines()]
    wrong = {}
    for row, said in zip(ROWS, answers, strict=True):
        assert list(said) == ["id", "starts", "error", "endpoints", "reach"]
        truth = row["truth"]
        expected = {name: truth[name] for name in ("starts", "endpoints", "reach")}
        if row["id"] == "port-zero":  # the kernel chooses that port
            expected["endpoints"] = [{**truth["endpoints"][0], "address": "[::]:0"}]
        found = {name: said[name] for name in expected}
        if (
            said["id"] != row["id"]
            or found != expected
            or (said["error"] is None) != said["starts"]
        ):
            wrong[row["id"]] = (found, expected)
    assert wrong == {}


def test_bad_rows_get_a_line_each_and_the_others_their_answer() -> None:
    rows = [
        b"x",
        b'{"id": "first", "argv": ["-H", "tcp://192.0.2.1:2375"], "engine": "28.5.2"}',
        b"",
        b"[1]",
        b'{"id": "types", "argv": "no"}',
        b"\xff\xfe",
        b'{"id": "base64", "files": {"/x": {"base64": "!!"}}}',
        b'{"id": "neither", "files": {"/x": {}}}',
        b'{"id": "deep", "daemon_json": ' + b"[" * 50_000 + b"]" * 50_000 + b"}",
        b'{"id": {"any": ["kind"]}}',
        b'{"id": "last"}',  # and no line end
    ]
    answer = run("effective", "--batch", stdin=b"\n".join(rows))
    assert answer.status == 2
    assert answer.err == "dockeraudit: 7 of the rows could not be read\n"
    said = [json.loads(line) for line in answer.out.splitlines()]
    assert [each["id"] for each in said] == [
        None, "first", None, "types", None, "base64", "neither", None, {"any": ["kind"]}, "last",
    ]  # fmt: skip
    assert [each["starts"] for each in said] == [
        None, True, None, None, None, None, None, None, True, True,
    ]  # fmt: skip
    assert said[0]["error"].startswith("line 1: ")
    assert said[2]["error"].startswith("line 4: ")
    assert said[1]["endpoints"] == [
        {"address": "192.0.2.1:2375", "transport": "tcp", "mode": "PLAIN"}
    ]


def test_no_rows() -> None:
    answer = run("effective", "--batch")
    assert (answer.status, answer.out, answer.err) == (0, "", "")


def test_answers_appear_while_stdin_stays_open() -> None:
    with subprocess.Popen(
        [*PROGRAM, "effective", "--batch"],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        env=environment(),
    ) as process:
        assert process.stdin is not None
        assert process.stdout is not None
        for number in range(3):
            process.stdin.write(b'{"id": %d}\n' % number)
            process.stdin.flush()
            assert json.loads(process.stdout.readline())["id"] == number
        process.stdin.close()
        assert process.wait(timeout=10) == 0


def test_ten_thousand_rows() -> None:
    lines = [json.dumps(as_roles(row)) + "\n" for row in ROWS]
    given = "".join(lines * (10_000 // len(lines) + 1)).encode()
    started = time.monotonic()
    answer = run("effective", "--batch", stdin=given)
    assert answer.out.count("\n") >= 10_000
    assert time.monotonic() - started < 30


def rows(out: str) -> dict[str, str]:
    """The printed lines by name; of a name given twice the last one."""
    return dict(line.strip().split(None, 1) for line in out.splitlines() if line.strip())


CASES = [
    pytest.param(
        ["--engine", "28.5.2", "--", "-H", "tcp://0.0.0.0:2375"],
        0,
        {"starts": "yes", "endpoint": "tcp://[::]:2375 PLAIN ANY  (flag -H)"},
        id="a flag",
    ),
    pytest.param(
        ["--engine", "28.5.2", "--", "dockerd", "--host=tcp://127.0.0.1:2375"],
        0,
        {"endpoint": "tcp://127.0.0.1:2375 PLAIN LOOPBACK  (flag --host)"},
        id="with the program's name",
    ),
    pytest.param(
        ["--engine", "20.10.24", "--socket-listen", "0.0.0.0:2375", "--", "-H", "fd://"],
        0,
        {"endpoint": "tcp://0.0.0.0:2375 PLAIN ANY  (docker.socket ListenStream)"},
        id="a socket unit",
    ),
    pytest.param(["--", "-H", "fd://"], 1, {"starts": "no"}, id="no sockets passed"),
    pytest.param(
        ["--engine", "28.5.2", "--daemon-json", "d.json"],
        0,
        {"hosts": '["tcp://192.0.2.1:2375"]  (/etc/docker/daemon.json:2 hosts)'},
        id="daemon.json",
    ),
    pytest.param(
        ["--daemon-json", "d.json"], 0, {"starts": "yes"}, id="daemon.json and any engine"
    ),
    pytest.param(
        ["--daemon-json", "d.json", "--", "-H", "fd://"],
        1,
        {"starts": "no  (hosts is set both as a flag and in /etc/docker/daemon.json:2)"},
        id="a conflict",
    ),
    pytest.param(
        ["--daemon-json", "d.json", "--", "--config-file", "/srv/d.json"],
        0,
        {"hosts": '["tcp://192.0.2.1:2375"]  (/srv/d.json:2 hosts)'},
        id="at the path that is read",
    ),
    pytest.param(["--daemon-json", "broken.json"], 1, {"starts": "no"}, id="broken"),
    pytest.param(
        ["--machine", "m.json", "--", "-H", "tcp://web.example:2375"],
        0,
        {"endpoint": "tcp://192.0.2.9:2375 PLAIN ADDR  (flag -H)"},
        id="names of another machine",
    ),
    pytest.param(
        ["--machine", "m.json", "--", "-H", "tcp://other.example:2375"],
        1,
        {"starts": "no"},
        id="a name that isn't there",
    ),
    pytest.param(
        ["--engine", "28.5.2", "--", "--tlsverify"]
        + [f"--{name}=/dev/zero" for name in ("tlscacert", "tlscert", "tlskey")],
        3,
        {"starts": "unknown"},
        id="a file without end",
    ),
    pytest.param(["--env", "DOCKER_TMPDIR=/x"], 0, {"starts": "yes"}, id="a variable alone"),
]


@pytest.mark.parametrize(("arguments", "status", "expected"), CASES)
def test_options(
    arguments: list[str], status: int, expected: dict[str, str], tmp_path: Path
) -> None:
    (tmp_path / "d.json").write_text('{\n  "hosts": ["tcp://192.0.2.1:2375"]\n}\n')
    (tmp_path / "broken.json").write_text('{"hosts"')
    (tmp_path / "m.json").write_text(
        '{"names": {"web.example": ["192.0.2.9"]}, "addresses": ["192.0.2.9/24", "192.0.2.1/24"]}'
    )
    if "d.json" in arguments and "--machine" not in arguments:
        arguments = ["--machine", "m.json", *arguments]
    answer = run("effective", *arguments, cwd=tmp_path)
    assert answer.status == status, answer.out
    assert answer.err == ""
    found = rows(answer.out)
    for name, text in expected.items():
        assert found[name].startswith(text)


def test_every_value_has_its_origin() -> None:
    answer = run("effective", "--engine", "28.5.2", "--defaults", "--", "-H", "unix://", "-D")
    lines = answer.out.splitlines()
    assert len(lines) > 50
    assert [line for line in lines[1:] if not line.endswith(")")] == []


def test_daemon_json_through_a_pipe() -> None:
    script = '"$@" effective --engine 28.5.2 --daemon-json <(echo "{\\"debug\\": true}")'
    done = subprocess.run(
        ["bash", "-c", script, "bash", *PROGRAM],
        capture_output=True,
        text=True,
        check=False,
        env=environment(),
    )
    assert done.returncode == 0
    assert "(/etc/docker/daemon.json:1 debug)" in done.stdout


def test_unreadable_file(tmp_path: Path) -> None:
    """As an account that may not read the key, nothing can be told of it."""
    key = tmp_path / "key.pem"
    key.write_text("secret")
    key.chmod(0)
    arguments = ["--tlsverify", f"--tlscacert={key}", f"--tlscert={key}", f"--tlskey={key}"]
    command = [*PROGRAM, "effective", "--engine", "28.5.2", "--", *arguments]
    if os.geteuid() == 0:
        # Root without the capability to read everything.
        command = ["setpriv", "--bounding-set=-dac_override,-dac_read_search", *command]
    done = subprocess.run(
        command, capture_output=True, text=True, check=False, env=environment(), cwd=tmp_path
    )
    assert "Traceback" not in done.stderr
    assert done.returncode == 3, done.stdout + done.stderr
    assert "unknown" in done.stdout


def test_this_machine() -> None:
    answer = run("effective")
    assert answer.status in (0, 1, 3)
    assert answer.err == ""
    if "no Docker engine" not in answer.out:
        for witness in ("configured:", "running:", "observed:"):
            assert witness in answer.out
