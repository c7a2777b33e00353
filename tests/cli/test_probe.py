"""`dockeraudit probe` as a process, against servers on this machine."""

import json
import signal
import socket
import subprocess
import time
from pathlib import Path

import pytest

from tests.cli.program import PROGRAM, environment, run
from tests.test_outside import Daemon
from tests.test_probe import banner, serving, stay

QUICK = ("--config", "none", "--timeout", "1")


def test_an_open_api(tmp_path: Path) -> None:
    path = tmp_path / "outside.json"
    with serving(Daemon()) as port:
        done = run("probe", f"127.0.0.1:{port}", *QUICK, f"--report=json={path}")
        again = run("probe", f"127.0.0.1:{port}", *QUICK, "--format", "json")
    assert done.status == 1
    assert "HIGH      listener-tcp-plain" in done.out
    assert done.err.splitlines() == [
        "probing 1 port of 1 address",
        f"127.0.0.1:{port}: the Docker API, in clear, open to anyone",
        "1 port asked, 1 with the Docker API open to anyone, 0 that demand a client certificate, "
        "0 with something else, 0 closed or without an answer",
        f"wrote {path}",
    ]
    first, second = json.loads(path.read_bytes()), json.loads(again.out)
    assert first["profile"] == "daemon, from outside"
    assert first["hosts"][0]["target"] == "tcp://127.0.0.1"
    found = [
        [each["fingerprint"] for result in report["hosts"][0]["results"]
         for each in result["findings"]]
        for report in (first, second)
    ]  # fmt: skip
    assert found[0] == found[1] != []
    assert run("report", str(path), "--format", "junit").status == 1


def test_levels_checks_and_baselines(tmp_path: Path) -> None:
    before, report = tmp_path / "baseline.json", tmp_path / "r.json"
    with serving(Daemon()) as port:
        where = f"127.0.0.1:{port}"
        assert run("probe", where, *QUICK, "--fail-on", "critical").status == 0
        alone = run("probe", where, *QUICK, "--check", "certificate-*")
        assert alone.status == 3  # as a scan: nothing applied
        assert "not one check applied on 1 host with an engine" in " ".join(alone.out.split())
        assert run("probe", where, *QUICK, f"--report=json={report}").status == 1
        made = run("baseline", str(report), "-o", str(before))
        assert made.status == 0, made.err
        done = run("probe", where, *QUICK, "--baseline", str(before))
    assert done.status == 0, done.out
    assert "0 new, 0 worse" in done.err


def test_nothing_there() -> None:
    with socket.create_server(("127.0.0.1", 0)) as free:
        port = str(free.getsockname()[1])
    swept = run("probe", "127.0.0.8/31", "--port", port, *QUICK, "--format", "json")
    assert swept.status == 0
    assert json.loads(swept.out)["hosts"] == []
    assert json.loads(swept.out)["summary"]["rule"] == "nothing answered at 2 addresses"
    assert "2 closed or without an answer" in swept.err
    named = run("probe", f"127.0.0.1:{port}", *QUICK)
    assert named.status == 0
    assert "no Docker engine on 1 host" in named.out
    lost = run("probe", f"nobody.invalid:{port}", *QUICK)
    assert lost.status == 3
    assert "nobody.invalid has no address here" in lost.err


def test_another_server_is_clean_and_a_silent_one_is_not() -> None:
    with serving(banner) as port:
        done = run("probe", f"127.0.0.1:{port}", *QUICK)
    assert done.status == 0
    assert f"127.0.0.1:{port}: something else than the Docker API" in done.err
    with serving(stay) as port:
        done = run("probe", f"127.0.0.1:{port}", *QUICK)
    assert done.status == 3
    assert f"127.0.0.1:{port}: takes connections and says nothing" in done.out


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        ([], "Missing argument"),
        (["10.0.0.0/8"], "16777214 addresses, more than 1024"),
        (["127.0.0.0/24", "--max", "9"], "--max 254 allows it"),
        (["root@web1"], "is no address"),
        (["127.0.0.1", "--max", "99999999"], "--max"),
        (["127.0.0.1", "--rate", "0"], "--rate"),
        (["127.0.0.1", "--profile", "nix"], "from outside: no profile 'nix'"),
        (["127.0.0.1", "--check", "container-user"], "from outside: no check 'container-user'"),
        (["127.0.0.1", "--format", "nix"], "no report format 'nix'"),
    ],
)
def test_wrong_use(arguments: list[str], said: str) -> None:
    done = run("probe", *arguments)
    assert (done.status, done.out) == (2, "")
    assert said in done.err
    assert done.err.count("\n") == 1


def test_the_configuration_gives_thresholds_and_no_reports(tmp_path: Path) -> None:
    config = tmp_path / "dockeraudit.toml"
    config.write_text('fail-on = "critical"\nreports = { json = "scan.json" }\ntimeout = 1\n')
    with serving(Daemon()) as port:
        done = run("probe", f"127.0.0.1:{port}", cwd=tmp_path)
    assert done.status == 0, done.err
    assert not (tmp_path / "scan.json").exists()


def test_interrupted() -> None:
    with serving(stay) as port:
        process = subprocess.Popen(
            [*PROGRAM, "probe", f"127.0.0.1:{port}", "127.0.0.0/24", "--rate", "1", *QUICK],
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            env=environment(),
        )
        assert process.stderr is not None
        first = process.stderr.readline()
        assert first == b"probing 507 ports of 254 addresses, which takes 507 s or more\n"
        time.sleep(0.5)
        process.send_signal(signal.SIGINT)
        started = time.monotonic()
        out, err = process.communicate(timeout=20)
    assert time.monotonic() - started < 8
    assert process.returncode == 130
    assert b"interrupted" in out
    assert b"not asked to the end" in err


def test_help_says_what_is_done_to_whom() -> None:
    done = run("probe", "--help")
    assert done.status == 0
    text = " ".join(done.out.split())
    for words in ("Calling it is the consent", "Probe only what is yours", "two requests at most"):
        assert words in text
