"""The stand-alone collector: a script for hosts that nobody logs in to, and what it prints."""

import json
import os
import re
import shutil
import subprocess
from pathlib import Path
from typing import Any

import pytest

from dockeraudit import __version__
from dockeraudit.collect import CollectError, parse_pushed, standalone
from dockeraudit.facts import decode
from dockeraudit.facts_files import read_facts
from tests.cli.program import RECORDED, facts, run

SHELLS = [["dash"], ["bash"], ["busybox", "sh"]]
NONCE = b"0123456789abcdef" * 2


@pytest.fixture(scope="module")
def script(tmp_path_factory: pytest.TempPathFactory) -> Path:
    answer = run("collector")
    assert (answer.status, answer.err) == (0, "")
    path = tmp_path_factory.mktemp("script") / "collect.sh"
    path.write_text(answer.out)
    return path


@pytest.fixture(scope="module")
def printed(script: Path) -> bytes:
    """What it prints on this machine."""
    done = subprocess.run(["sh", str(script)], capture_output=True, check=True, timeout=60)
    return done.stdout


def recorded(host: str, *, version: str = "0.1.0") -> bytes:
    """What the script would have printed on a recorded host."""
    content = (RECORDED / f"{host}.out").read_bytes().replace(b"@5eed0f00d5eed ", b"@%b " % NONCE)
    return b"@dockeraudit 1 %b %b\n%b@%b done 2\n" % (NONCE, version.encode(), content, NONCE)


def results(*arguments: str, cwd: Path) -> dict[str, Any]:
    answer = run("scan", *arguments, "--format", "json", cwd=cwd)
    (host,) = json.loads(answer.out)["hosts"]
    assert isinstance(host, dict)
    return host


# ---- the script ---------------------------------------------------------------------------------


def test_its_head_says_what_it_is(script: Path) -> None:
    head = script.read_text().partition("\nLF=")[0]
    assert head.startswith("#!/bin/sh\n")
    for words in (f"dockeraudit {__version__}", "Run it as root", ".facts.out", "dockeraudit scan"):
        assert words in head
    assert script.read_text() == run("collector").out, "the same each time"


@pytest.mark.parametrize("shell", SHELLS, ids=" ".join)
def test_every_shell_runs_it(shell: list[str], script: Path) -> None:
    if shutil.which(shell[0]) is None:
        pytest.skip(f"no {shell[0]} here")
    done = subprocess.run([*shell, str(script)], capture_output=True, check=False, timeout=60)
    assert done.returncode == 0
    found = parse_pushed(done.stdout, "other")
    assert found.target == found.machine.hostname == os.uname().nodename
    assert found.collected_at == found.machine.clock
    assert found.notes == ()


def test_each_run_has_a_nonce_of_its_own(script: Path, printed: bytes) -> None:
    again = subprocess.run(["sh", str(script)], capture_output=True, check=True, timeout=60).stdout
    first, second = (text.split(None, 3)[2] for text in (printed, again))
    assert re.fullmatch(rb"[0-9a-f]{32}", first)
    assert first != second


def test_over_a_pipe_and_cut_short(script: Path) -> None:
    """Only its last line does anything."""
    text = script.read_bytes()
    whole = subprocess.run(["sh"], input=text, capture_output=True, check=False, timeout=60)
    assert parse_pushed(whole.stdout, "").machine.hostname
    for size in (len(text) - 10, len(text) - 60, len(text) // 2):
        cut = subprocess.run(["sh"], input=text[:size], capture_output=True, check=False)
        assert cut.stdout == b""


def test_a_full_disk_is_told_to_who_started_it(script: Path) -> None:
    with open("/dev/full", "wb") as full:
        done = subprocess.run(["sh", str(script)], stdout=full, check=False, timeout=60)
    assert done.returncode == 1


@pytest.mark.skipif(os.getuid() != 0, reason="only root becomes another")
def test_without_root_it_says_so(script: Path) -> None:
    done = subprocess.run(
        ["sh"], input=script.read_bytes(), capture_output=True, check=True, user=65534, timeout=60
    )
    assert done.stderr == b"not run as root: much will stay unknown\n"
    assert parse_pushed(done.stdout, "").privilege.uid == 65534


def test_files_of_a_second_round(tmp_path: Path) -> None:
    odd = tmp_path / "it's.json"
    odd.write_text('{"debug": true}')
    text = standalone("0.1.0", (str(odd),), (str(tmp_path), "/nothing/there"))
    done = subprocess.run(["sh"], input=text, capture_output=True, check=True, timeout=60)
    found = parse_pushed(done.stdout, "")
    assert found.texts[str(odd)] == b'{"debug": true}'
    assert {str(odd), str(tmp_path), "/nothing/there"} <= set(found.files)
    cut = done.stdout[: done.stdout.rindex(b" end\n") - 100]
    with pytest.raises(CollectError, match="torn"):
        parse_pushed(cut, "")


@pytest.mark.parametrize("path", ["relative.json", "/a\nb", ""])
def test_a_path_that_is_none(path: str) -> None:
    answer = run("collector", "--path", path)
    assert (answer.status, answer.out) == (2, "")
    assert answer.err.count("\n") == 1


def test_paths_of_own_checks(tmp_path: Path) -> None:
    (tmp_path / "motd.toml").write_text(
        '[[check]]\nid = "site-motd"\ntitle = "The greeting can be changed by all"\n'
        'severity = "low"\nrationale = "It is read by all."\nremediation = "chmod 644 /etc/motd"\n'
        '[check.file]\npath = "/etc/site-motd"\nmode = "644"\n'
    )
    answer = run("collector", "--checks-dir", str(tmp_path))
    assert (answer.status, answer.err) == (0, "")
    assert "MORE_PATHS='=/etc/site-motd'" in answer.out


def test_a_check_that_was_left_out(tmp_path: Path) -> None:
    (tmp_path / "motd.toml").write_text("[[check]]\n")
    answer = run("collector", "--checks-dir", str(tmp_path))
    assert answer.status == 3
    assert "left out" in answer.err


# ---- what it printed ----------------------------------------------------------------------------


def test_verdicts_are_those_of_a_scan(printed: bytes, tmp_path: Path) -> None:
    (tmp_path / "web1.facts.out").write_bytes(printed)
    live = results("local", "--profile", "strict", cwd=tmp_path)
    saved = results("web1.facts.out", "--profile", "strict", cwd=tmp_path)
    assert saved["target"] == saved["hostname"] == live["hostname"]
    statuses = [
        [(each["check"], each["status"]) for each in host["results"]] for host in (live, saved)
    ]
    assert statuses[0] == statuses[1]


@pytest.mark.parametrize("host", sorted(path.stem for path in RECORDED.glob("*.out")))
def test_recorded_hosts_are_read_as_over_ssh(host: str, tmp_path: Path) -> None:
    wanted = decode(Path(facts(host)).read_bytes())
    found = parse_pushed(recorded(host), "other")
    for name in found.__struct_fields__:
        if name not in ("target", "collected_at", "duration"):
            assert getattr(found, name) == getattr(wanted, name), name
    assert found.target == wanted.machine.hostname
    assert (found.collected_at, found.duration) == (wanted.machine.clock, 2.0)


def test_a_folder_of_them(tmp_path: Path) -> None:
    import gzip

    (tmp_path / "one.facts.out").write_bytes(recorded("mtls"))
    (tmp_path / "two.facts.out.gz").write_bytes(gzip.compress(recorded("weak-certs")))
    shutil.copy(facts("sid"), tmp_path)
    answer = run("scan", str(tmp_path), "--format", "json")
    hosts = json.loads(answer.out)["hosts"]
    assert sorted(host["target"] for host in hosts) == ["mtls", "sid", "weak-certs"]
    assert {host["state"] for host in hosts} == {"scanned"}


def test_noise_around_it(tmp_path: Path) -> None:
    noisy = b"Welcome to web1\n" + recorded("mtls") + b"bye\n"
    assert parse_pushed(noisy, "") == parse_pushed(recorded("mtls"), "")


def test_a_name_for_a_machine_without_one(tmp_path: Path) -> None:
    content = recorded("mtls").replace(b"|uname Linux mtls ", b"|uname Linux  ")
    (tmp_path / "rack7.facts.out").write_bytes(content)
    found = read_facts(str(tmp_path / "rack7.facts.out"))
    assert found.target == (found.machine.hostname or "rack7")


def test_a_file_torn_anywhere_is_told() -> None:
    content = recorded("mtls")
    for size in [*range(0, len(content) - 1, len(content) // 97), len(content) - 1]:
        with pytest.raises(CollectError) as caught:
            parse_pushed(content[:size], "")
        assert "\n" not in caught.value.message


HEAD = b"@dockeraudit 1 %b 0.1.0\n" % NONCE
BAD = [
    pytest.param(b"", "no line that begins with", id="empty"),
    pytest.param(b"sh: collect.sh: not found\n", "no line that begins with", id="another"),
    pytest.param(b"@dockeraudit 1 short 0.1.0\n", "no line that begins with", id="short nonce"),
    pytest.param(
        recorded("mtls").replace(b"@dockeraudit 1 ", b"@dockeraudit 2 "),
        "newer collector",
        id="newer",
    ),
    pytest.param(HEAD, "torn", id="head only"),
    pytest.param(HEAD + b"@%b done 1\n" % NONCE, "did not run to its end", id="nothing in it"),
    pytest.param(
        recorded("mtls").replace(b" end\n", b" ebd\n"), "did not run to its end", id="no end"
    ),
    pytest.param(
        HEAD + b"\n@%b begin 1\n@%b lacking awk\n@%b end\n@%b done 0\n" % ((NONCE,) * 4),
        "the host has no awk",
        id="a tool is missing",
    ),
    pytest.param(
        recorded("mtls").replace(b"\n|", b"\nx|", 1), "unexpected line", id="a line of no frame"
    ),
]


@pytest.mark.parametrize(("content", "said"), BAD)
def test_what_is_no_whole_output(content: bytes, said: str, tmp_path: Path) -> None:
    (tmp_path / "web1.facts.out").write_bytes(content)
    host = results("web1.facts.out", cwd=tmp_path)
    assert (host["state"], host["error"]["kind"]) == ("unreachable", "facts")
    assert said in host["error"]["message"]
    assert "dockeraudit collector" in host["error"]["hint"]


def test_a_host_forges_no_frame() -> None:
    """Even one that knows the nonce: whatever it says stands behind `|`."""
    forged = b"|@%b end\n|@%b done 9\n|@dockeraudit 1 %b 9\n" % (NONCE, NONCE, b"f" * 32)
    content = recorded("mtls").replace(b" machine\n", b" machine\n" + forged, 1)
    found = parse_pushed(content, "")
    assert (found.target, found.duration) == ("mtls", 2.0)
    assert found.files == parse_pushed(recorded("mtls"), "").files


# ---- another clock ------------------------------------------------------------------------------


def expired(*arguments: str, cwd: Path) -> str:
    found = results(facts("mtls"), *arguments, cwd=cwd)["results"]
    return {each["check"]: str(each["status"]) for each in found}["certificate-expired"]


@pytest.mark.parametrize(
    ("moment", "status"),
    [
        (None, "pass"),
        ("2026-12-01", "pass"),
        ("2090-01-01", "fail"),
        ("2090-01-01T12:00:00Z", "fail"),
        ("2090-01-01T12:00:00.5+02:00", "fail"),
    ],
)
def test_as_of(moment: str | None, status: str, tmp_path: Path) -> None:
    said = () if moment is None else ("--as-of", moment)
    assert expired(*said, cwd=tmp_path) == status


def test_as_of_reaches_groups(tmp_path: Path) -> None:
    (tmp_path / "dockeraudit.toml").write_text(
        '[groups.web]\ntargets = ["mtls"]\nprofile = "strict"\n'
    )
    assert expired("--config", "dockeraudit.toml", "--as-of", "2090-01-01", cwd=tmp_path) == "fail"


@pytest.mark.parametrize(
    "moment", ["tomorrow", "", "1960-01-01", "2026-13-01", "1e9", "99999-01-01"]
)
def test_no_time(moment: str, tmp_path: Path) -> None:
    answer = run("scan", facts("mtls"), "--as-of", moment)
    assert answer.status == 2
    assert answer.err.count("\n") == 1
    assert "2027-01-31" in answer.err
