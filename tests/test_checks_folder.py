"""`--checks-dir`: a folder's checks on every command, and what a broken file costs."""

import json
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

from dockeraudit.check import Check
from dockeraudit.checks_folder import FolderError, added, checks_in
from dockeraudit.collect import build as build_script
from dockeraudit.collect import merge
from dockeraudit.facts import Absent, FileFacts, HostFacts
from dockeraudit.host import Host
from dockeraudit.scan import unseen
from tests import build
from tests.cli.program import Done, facts, run
from tests.test_plugins import good

SIMPLE = """\
[[check]]
id = "acme-log"
title = "Containers do not log to the journal"
severity = "high"
profiles = ["acme"]
rationale = "It is so."
remediation = "Do it."
[check.option]
name = "log-driver"
equals = "journald"
"""
HOST = facts("hardened")


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """A folder with a Python check, a simple one, and what is none of its business."""
    checks = tmp_path / "checks"
    checks.mkdir(mode=0o755)
    (checks / "one.py").write_text(good("one"))
    (checks / "simple.toml").write_text(SIMPLE)
    (checks / "_hidden.py").write_text("1 / 0")
    (checks / "README.md").write_text("")
    return checks


def with_folder(folder: Path, command: str, *arguments: str) -> Done:
    return run(command, *arguments, "--checks-dir", str(folder), "--config", "none")


def ids(answer: Done) -> list[str]:
    return [head["id"] for head in json.loads(answer.out) if head["family"] == "acme"]


def rule(answer: Done) -> tuple[int, str]:
    summary = json.loads(answer.out)["summary"]
    return summary["exit_code"], summary["rule"]


def test_every_command_knows_them(folder: Path, tmp_path: Path) -> None:
    assert ids(with_folder(folder, "list", "--format", "json")) == ["acme-log", "acme-one"]
    assert ids(with_folder(folder, "list", "--format", "json", "--profile", "acme")) == ["acme-log"]
    assert with_folder(folder, "explain", "acme-log").out.startswith("# acme-log\n")
    scanned = with_folder(folder, "scan", HOST, "--check", "acme-*", "--format", "json")
    results = json.loads(scanned.out)["hosts"][0]["results"]
    assert [(each["check"], each["status"]) for each in results] == [
        ("acme-log", "fail"),
        ("acme-one", "fail"),
    ]
    assert scanned.status == 1
    base = str(tmp_path / "b.json")
    recorded = with_folder(folder, "baseline", HOST, "--check", "acme-*", "-o", base)
    assert recorded.status == 0
    assert recorded.err.endswith("recorded 2 findings of 1 host\n")
    waivers = str(tmp_path / "w.toml")
    who = ("--target", "*", "--reason", "x", "--owner", "x", "--expires", "2999-01-01")
    assert with_folder(folder, "waive", "acme-log", *who, "--file", waivers).status == 0
    assert with_folder(folder, "waivers", "lint", waivers).status == 0
    again = with_folder(folder, "scan", HOST, "--check", "acme-log", "--waivers", waivers)
    assert again.status == 0
    assert run("waivers", "lint", waivers, "--config", "none").status == 2


def test_the_configuration_names_folders_beside_it(folder: Path, tmp_path: Path) -> None:
    below = tmp_path / "below"
    below.mkdir()
    config = tmp_path / "dockeraudit.toml"
    config.write_text('checks-dir = ["checks"]\nprofile = "acme"\n')
    assert ids(run("list", "--format", "json", cwd=below)) == ["acme-log", "acme-one"]
    scanned = run("scan", HOST, "--format", "json", cwd=below)
    assert [each["check"] for each in json.loads(scanned.out)["hosts"][0]["results"]] == [
        "acme-log"
    ]
    shown = run("config", "show", "--format", "json", cwd=tmp_path)
    values = {each["key"]: each for each in json.loads(shown.out)["values"]}
    assert values["checks-dir"]["value"] == ["checks"]
    assert values["checks-dir"]["origin"] == "dockeraudit.toml:1"
    config.write_text('\nchecks-dir = ["nowhere"]\n')
    gone = run("scan", HOST, cwd=tmp_path)
    assert gone.status == 2
    assert "dockeraudit.toml:2: checks-dir: nowhere: No such file or directory" in gone.err


def test_what_can_not_be_used_at_all(folder: Path, tmp_path: Path) -> None:
    for command in (("list",), ("scan", HOST), ("explain", "acme-one")):
        answer = with_folder(tmp_path / "nowhere", *command)
        assert (answer.status, answer.err.count("\n")) == (2, 1)
        assert "--checks-dir" in answer.err
        assert "No such file or directory" in answer.err
    folder.chmod(0o777)
    answer = with_folder(folder, "list")
    assert (answer.status, answer.out) == (2, "")
    assert "everybody may write in it" in answer.err
    with pytest.raises(FolderError):
        checks_in(str(folder / "one.py"))


BROKEN = [
    pytest.param("x = 1\nsyntax(", "broken.py:2: no Python: ", id="syntax"),
    pytest.param("import os\nimport nowhere", "broken.py:2: ModuleNotFoundError", id="import"),
    pytest.param("import sys\n\nsys.exit(0)", "broken.py:3: SystemExit: 0", id="ends"),
    pytest.param("def f():\n    1 / 0\nf()", "broken.py:2: ZeroDivisionError", id="exception"),
    pytest.param("import json\njson.loads('')", "broken.py:2: JSONDecodeError", id="elsewhere"),
    pytest.param("x = 1", "broken.py: there is no check in it", id="nothing"),
    pytest.param("x = '\0'", "broken.py:1: ", id="a NUL"),
    pytest.param(good("other", severity="'high'"), "broken.py:5: the severity", id="severity"),
    pytest.param(good("other").replace("over=Host", "over=str"), "broken.py:5: acme-o", id="over"),
    pytest.param(
        good("other").replace('quiet="Never."', 'quiet="", profiles="acme"'),
        "broken.py:5: profiles, references and paths",
        id="profiles",
    ),
]


@pytest.mark.parametrize(("text", "said"), BROKEN)
def test_a_broken_file_is_named_and_costs_only_itself(text: str, said: str, folder: Path) -> None:
    (folder / "broken.py").write_text(text)
    listed = with_folder(folder, "list", "--format", "json")
    assert ids(listed) == ["acme-log", "acme-one"]
    (line,) = listed.err.splitlines()
    assert f"{folder}/{said}" in line
    assert line.endswith("; it is left out")
    answer = with_folder(folder, "scan", HOST, "--check", "acme-one", "--format", "json")
    assert answer.status == 1, "what is found counts"
    assert answer.err.count("left out") == 1
    assert rule(answer)[1].endswith(f"a file of checks left out: {folder}/broken.py")


def test_every_mistake_of_a_simple_file_is_named(folder: Path) -> None:
    (folder / "simple.toml").write_text(SIMPLE.replace("title", "titel").replace("high", "hihg"))
    answer = with_folder(folder, "list", "--format", "json")
    assert ids(answer) == ["acme-one"]
    said = [line.partition("simple.toml:")[2][:2] for line in answer.err.splitlines()]
    assert said == ["3:", "4:", "1:"]


def test_a_gate_whose_own_check_is_lost_is_incomplete(folder: Path) -> None:
    (folder / "broken.py").write_text("syntax(")
    clean = ("scan", HOST, "--check", "service-active", "--format", "json")
    answer = with_folder(folder, *clean)
    assert answer.status == 3
    assert rule(answer) == (
        3,
        f"the scan is incomplete; a file of checks left out: {folder}/broken.py; "
        "no finding at or above --fail-on low",
    )
    assert with_folder(folder, *clean, "--fail-on", "none").status == 0
    (folder / "broken.py").unlink()
    assert with_folder(folder, *clean).status == 0


def test_no_check_replaces_another(folder: Path) -> None:
    (folder / "taken.py").write_text(good("x").replace("acme-x", "listener-tcp-plain"))
    (folder / "zwei.py").write_text(good("one"))
    answer = with_folder(folder, "list", "--format", "json")
    assert ids(answer) == ["acme-log", "acme-one"]
    first, second = answer.err.splitlines()
    assert f"{folder}/taken.py: the id listener-tcp-plain is taken" in first
    assert "dockeraudit.checks.listener.tcp_plain" in first
    assert f"{folder}/zwei.py: the id acme-one is taken: it is a check of {folder}/one.py" in second


def test_what_everybody_may_write_is_not_executed(folder: Path) -> None:
    (folder / "one.py").chmod(0o666)
    answer = with_folder(folder, "list", "--format", "json")
    assert ids(answer) == ["acme-log"]
    assert "one.py: everybody may write it; it is left out" in answer.err


def test_a_file_that_talks_does_not_spoil_a_report(folder: Path) -> None:
    (folder / "one.py").write_text("print('hello')\n" + good("one"))
    answer = with_folder(folder, "list", "--format", "json")
    assert "acme-one" in ids(answer)
    assert "hello" in answer.err


def test_nothing_is_left_behind(folder: Path) -> None:
    path = list(sys.path)
    first = checks_in(str(folder))
    assert sys.path == path
    assert [check.id for check, _ in first.checks] == ["acme-one", "acme-log"]
    assert not (folder / "__pycache__").exists()
    assert checks_in(str(folder)) is first, "a file is executed once"


def test_imported_checks_are_nobodys(folder: Path) -> None:
    text = "from dockeraudit.checks.daemon.icc import icc\n" + good("one")
    (folder / "one.py").write_text(text)
    assert [check.id for check, _ in checks_in(str(folder)).checks] == ["acme-one", "acme-log"]


def test_added_keeps_the_order_of_ids(folder: Path) -> None:
    known: dict[str, Check[Any]] = {}
    both, found = added(known, (str(folder), str(folder)))
    assert list(both) == ["acme-log", "acme-one"]
    assert (found.lost, known) == ((), {})


def test_the_collector_is_asked_for_paths_that_only_checks_name(folder: Path) -> None:
    text = SIMPLE[: SIMPLE.index("[check.option]")]
    (folder / "simple.toml").write_text(text + '[check.file]\npath = "/etc/acme"\nexists = true\n')
    checks = [check for check, _ in checks_in(str(folder)).checks]
    seen: HostFacts = build.facts(files={"/etc/acme": build.file()})
    assert unseen(Host(build.facts()), checks) == ("/etc/acme",)
    assert unseen(Host(seen), checks) == ()


def test_of_such_a_path_nothing_is_read(tmp_path: Path) -> None:
    file = tmp_path / "it's secret.conf"
    file.write_text("PASSWORD=canary\n-----BEGIN X-----\n")
    file.chmod(0o604)
    done = subprocess.run(
        ["sh"],
        input=build_script("nonce", (), (str(file), str(tmp_path / "none"))),
        capture_output=True,
        check=True,
    )
    assert b"canary" not in done.stdout
    assert b"BEGIN" not in done.stdout
    seen = merge(build.facts(), done.stdout, "nonce")
    found = seen.files[str(file)]
    assert isinstance(found, FileFacts)
    assert found.mode == 0o604
    assert seen.files[str(tmp_path / "none")] == Absent()
    assert str(tmp_path) in seen.files, "and the folders above it"
    assert (seen.texts, seen.pems) == ({}, {})
