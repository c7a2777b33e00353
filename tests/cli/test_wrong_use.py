"""Wrong use ends in one line that names what is wrong and what is near, and in exit code 2."""

from pathlib import Path

import pytest

from tests.cli.program import facts, run

HOST = facts("hardened")

CASES = [
    pytest.param(["scna"], "no command 'scna'. Did you mean 'scan'?", id="command"),
    pytest.param(["--versoin"], "Did you mean '--version'?", id="option of the program"),
    pytest.param(["scan", "--formt", "json"], "Did you mean '--format'?", id="option"),
    pytest.param(["collect", "--ouput", "x"], "Did you mean '--output'?", id="option of collect"),
    pytest.param(["scan", HOST, "--format", "jsn"], "Did you mean 'json'?", id="format"),
    pytest.param(["scan", HOST, "--report", "jnit=x"], "Did you mean 'junit'?", id="report"),
    pytest.param(["scan", HOST, "--report", "json"], "FORMAT=PATH", id="report without path"),
    pytest.param(["scan", HOST, "--report", "json="], "FORMAT=PATH", id="report, empty path"),
    pytest.param(["scan", HOST, "--report", "=x"], "no report format ''", id="report, no format"),
    pytest.param(["scan", HOST, "--profile", "deamon"], "Did you mean 'daemon'?", id="profile"),
    pytest.param(
        ["scan", HOST, "--profile", "deamon", "--check", "tls-*"],
        "Did you mean 'daemon'?",
        id="profile beside --check",
    ),
    pytest.param(["scan", HOST, "--fail-on", "hihg"], "Did you mean 'high'?", id="severity"),
    pytest.param(
        ["scan", HOST, "--check", "listener-tcp-plan"],
        "Did you mean 'listener-tcp-plain'?",
        id="check",
    ),
    pytest.param(["scan", HOST, "--skip", "nothing-*"], "no check 'nothing-*'", id="skip glob"),
    pytest.param(["scan", HOST, "--skip", "*"], "no check is left", id="skip everything"),
    pytest.param(["explain", "tls-verify-enable"], "Did you mean 'tls-verify-enabled'?", id="id"),
    pytest.param(["explain", "zzzzzz"], "`dockeraudit list` shows them all", id="id, far off"),
    pytest.param(["explain"], "Missing argument 'ID'", id="no id"),
    pytest.param(["list", "--profile", "strickt"], "Did you mean 'strict'?", id="list profile"),
    pytest.param(["list", "--format", "jsom"], "Did you mean 'json'?", id="list format"),
    pytest.param(["scan", HOST, "--timeout", "0"], "--timeout", id="timeout 0"),
    pytest.param(["scan", HOST, "--timeout", "nan"], "--timeout", id="timeout nan"),
    pytest.param(["scan", HOST, "--timeout", "inf"], "--timeout", id="timeout without end"),
    pytest.param(["scan", HOST, "--concurrency", "0"], "--concurrency", id="concurrency 0"),
    pytest.param(["scan", "a b"], "holds ' '", id="bad target"),
    pytest.param(["scan", "tcp://a:2375"], "name the host", id="address of the API"),
    pytest.param(["scan", ""], "an empty target", id="empty target"),
    pytest.param(["scan", "-oProxyCommand=id"], "no option '-o'", id="target with a dash"),
    pytest.param(["scan", "--", "-oProxyCommand=id"], "begins with -", id="the same behind --"),
    pytest.param(["scan", "/nowhere/at/all"], "no facts at", id="no folder"),
    pytest.param(["scan", "-i", "/nowhere/hosts"], "No such file", id="no inventory"),
    pytest.param(["scan", "--ssh-config", "/nowhere", "a"], "/nowhere", id="no ssh_config"),
    pytest.param(["collect", HOST], "holds facts already", id="collect a facts file"),
    pytest.param(["effective", "-H", "fd://"], "stand behind `--`", id="daemon's option"),
    pytest.param(["effective", "--env", "A"], "NAME=VALUE", id="env"),
    pytest.param(["effective", "--engine", "new"], "write a version", id="engine"),
    pytest.param(["effective", "--daemon-json", "/nowhere"], "No such file", id="daemon.json"),
    pytest.param(["effective", "--daemon-json", "/"], "Is a directory", id="daemon.json folder"),
    pytest.param(["effective", "--daemon-json", "/dev/zero"], "larger than", id="endless file"),
    pytest.param(["effective", "--machine", "/nowhere"], "No such file", id="machine"),
    pytest.param(["effective", "--batch", "--engine", "28.5.2"], "no other option", id="batch"),
]


@pytest.mark.parametrize(("arguments", "said"), CASES)
def test_one_line(arguments: list[str], said: str) -> None:
    answer = run(*arguments)
    assert answer.status == 2
    assert answer.out == ""
    assert answer.err.count("\n") == 1
    assert answer.err.startswith("dockeraudit")
    assert said in answer.err


@pytest.mark.parametrize(
    ("content", "said"),
    [
        pytest.param(b"", "what was named is empty", id="empty"),
        pytest.param(b"# nobody\n\n", "what was named is empty", id="comments only"),
        pytest.param(b"ok\nweb 1\n", ":2: ", id="the line is named"),
        pytest.param(b"web1\nweb[1:0]\n", ":2: ", id="a bad range"),
        pytest.param(b"target,groups\nweb1,a,b\n", ":2: ", id="a bad row"),
        pytest.param(b'["web1",\n3]', ":2: ", id="a bad element"),
        pytest.param(b"\xff\xfe", "UTF-8", id="no text"),
    ],
)
@pytest.mark.parametrize("by_stdin", [False, True], ids=["file", "stdin"])
def test_inventory(content: bytes, said: str, by_stdin: bool, tmp_path: Path) -> None:
    (tmp_path / "hosts").write_bytes(content)
    name = "-" if by_stdin else "hosts"
    answer = run("scan", "-i", name, stdin=content, cwd=tmp_path)
    assert answer.status == 2
    assert answer.err.count("\n") == 1
    assert said in answer.err


def test_machine_file_of_another_kind(tmp_path: Path) -> None:
    for text in ("[]", '{"names": {"a": "192.0.2.1"}}', "{", '{"addresses": 1}'):
        (tmp_path / "m.json").write_text(text)
        answer = run("effective", "--machine", "m.json", "--", "-H", "fd://", cwd=tmp_path)
        assert answer.status == 2
        assert answer.err.count("\n") == 1


def test_two_reports_at_one_place(tmp_path: Path) -> None:
    for pair in (("json=a", "html=./a"), ("json=-", "junit=-")):
        answer = run("scan", HOST, "--report", pair[0], "--report", pair[1], cwd=tmp_path)
        assert answer.status == 2
        assert "another report" in answer.err
    assert not list(tmp_path.iterdir())


def test_stdout_is_wanted_once() -> None:
    answer = run("scan", HOST, "--format", "json", "--report", "junit=-")
    assert answer.status == 2
    assert "stdout" in answer.err


def test_a_folder_without_facts(tmp_path: Path) -> None:
    (tmp_path / "empty.facts.json").mkdir()
    answer = run("scan", "empty.facts.json", cwd=tmp_path)
    assert answer.status == 2
    assert "holds no facts file" in answer.err
    assert run("scan", "./", cwd=tmp_path / "empty.facts.json").status == 2


def test_no_command_shows_the_help() -> None:
    answer = run()
    assert answer.status == 2
    assert answer.out == ""
    assert "Commands:" in answer.err


@pytest.mark.parametrize("command", ["", "scan", "collect", "effective", "explain", "list"])
@pytest.mark.parametrize("option", ["--help", "-h"])
def test_help_has_examples(command: str, option: str) -> None:
    answer = run(*command.split(), option)
    assert answer.status == 0
    assert answer.err == ""
    assert f"dockeraudit {command}".strip() in answer.out.partition("\n")[2]
    assert max(map(len, answer.out.splitlines())) <= 80


def test_help_of_effective_says_its_exit_codes() -> None:
    text = run("effective", "--help").out
    assert "Exit codes: 0 it starts" in text


def test_version() -> None:
    from dockeraudit import __version__

    answer = run("--version")
    assert (answer.status, answer.out) == (0, f"dockeraudit {__version__}\n")
