"""`dockeraudit schedule` where no systemd runs: cron's file, status, removal, mistakes."""

import json
import os
import subprocess
import sys
from pathlib import Path
from typing import Any

import click
import pytest

from dockeraudit.cli import schedule
from dockeraudit.schedule import Places

pytestmark = pytest.mark.skipif(os.geteuid() != 0, reason="jobs are installed by root")


@pytest.fixture
def places(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Places:
    for name in ("units", "cron", "reports"):
        (tmp_path / name).mkdir()
    found = Places(
        units=str(tmp_path / "units"),
        cron=str(tmp_path / "cron"),
        state=str(tmp_path / "state"),
        systemd=str(tmp_path / "no systemd here"),
    )
    monkeypatch.setattr(schedule, "PLACES", found)
    return found


def call(*words: str) -> int:
    return int(schedule.command.main(list(words), standalone_mode=False) or 0)


def refused(*words: str) -> str:
    with pytest.raises(click.UsageError) as caught:
        call(*words)
    assert caught.value.exit_code == 2
    message = caught.value.format_message()
    assert "\n" not in message
    return message


def test_install_twice_status_remove(places: Places, capsys: pytest.CaptureFixture[str]) -> None:
    install = ["install", "--every", "daily", "--name", "n"]
    assert call(*install) == 0
    file = Path(places.crontab("n"))
    first = file.read_text()
    assert f"--report json={places.state}/n/report.json" in first
    assert Path(places.folder("n")).stat().st_mode & 0o777 == 0o700
    assert f"wrote {file}" in capsys.readouterr().err
    before = file.stat().st_mtime_ns
    assert call(*install) == 0
    assert f"unchanged {file}" in capsys.readouterr().err
    assert (file.read_text(), file.stat().st_mtime_ns) == (first, before)
    assert call(*install, "--", "web1", "--fail-on", "high") == 0
    assert "web1 --fail-on high" in file.read_text()
    capsys.readouterr()
    assert call("status") == 0
    shown = capsys.readouterr().out
    assert shown.startswith("n  (cron: ")
    assert "last run  never" in shown
    assert call("remove", "--name", "n") == 0
    assert not file.exists()
    assert Path(places.folder("n")).is_dir(), "reports stay"
    assert "no job 'n' is installed" in refused("remove", "--name", "n")
    assert "no job 'n' is installed" in refused("status", "--name", "n")


def test_status_as_json(places: Places, capsys: pytest.CaptureFixture[str]) -> None:
    call("install", "--every", "17 4 * * 1-5", "--with", "cron")
    capsys.readouterr()
    call("status", "--json")
    (one,) = json.loads(capsys.readouterr().out)
    assert (one["name"], one["kept_by"], one["schedule"]) == ("scan", "cron", "17 4 * * 1-5")
    assert (one["last"], one["running"]) == (None, False)


def test_a_run_scans_and_ends_as_the_scan_does(
    places: Places, tmp_path: Path, capfd: pytest.CaptureFixture[str]
) -> None:
    report = tmp_path / "reports" / "r.json"
    words = [
        "--name",
        "n",
        "--",
        "--check",
        "tls-*",
        "--report",
        f"json={report}",
        "nobody.invalid",
    ]
    assert call("install", "--every", "daily", *words) == 0
    assert call("run", *words) == 3
    assert json.loads(report.read_text())["summary"]["exit_code"] == 3
    assert report.stat().st_mode & 0o777 == 0o600
    assert "job n: exit status 3, incomplete, after" in capfd.readouterr().err
    call("status", "--json")
    (one,) = json.loads(capfd.readouterr().out)
    assert one["last"]["exit_status"] == 3
    assert one["last_result"] == "exit status 3, incomplete"


def test_wrong_use_of_scan_is_the_runs_exit_status(places: Places) -> None:
    program = (
        "import sys; from dockeraudit.cli import schedule; from dockeraudit.schedule import Places;"
        "schedule.PLACES = Places(state=sys.argv[1]);"
        "sys.exit(schedule.command.main(sys.argv[2:], standalone_mode=False))"
    )
    words = ["run", "--name", "n", "--log", "--", "--no-such-option"]
    argv = [sys.executable, "-c", program, places.state, *words]
    done = subprocess.run(argv, capture_output=True, text=True, check=False)
    assert (done.returncode, done.stdout) == (2, "")
    assert done.stderr.startswith("dockeraudit: job n: exit status 2, wrong use")
    assert "--no-such-option" in (Path(places.folder("n")) / "run.log").read_text()


def test_a_held_lock_is_one_line_and_75(places: Places, capfd: pytest.CaptureFixture[str]) -> None:
    from dockeraudit.schedule import run as runs

    inner: list[int] = []

    def scan() -> int:
        inner.append(call("run", "--name", "n"))
        return 0

    runs.run("n", places.folder("n"), False, scan, lambda line: None)
    assert inner == [75]
    assert capfd.readouterr().err.count("\n") == 1


@pytest.mark.parametrize(
    ("words", "said"),
    [
        (["--name", "A"], "--name 'A'"),
        (["--name", "../x"], "--name '../x'"),
        (["--user", "nobody-of-that-name"], "there is no such account"),
        (["--", "--no-such-option"], "--no-such-option"),
        (["--", "--report", "json=r.json"], "absolute path"),
        (["--", "--report", "jsn=/tmp/r.json"], "no format 'jsn'"),
        (["--", "--report", "json=/nonexistent/r.json"], "create it first"),
        (["--", "-i", "hosts"], "--inventory hosts: give an absolute path"),
        (["--", "-i", "-"], "--inventory -: give an absolute path"),
        (["--", "--ssh-config", "c"], "absolute path"),
        (["--", "web1\nweb2"], "control characters"),
    ],
)
def test_mistakes_are_said_at_once(places: Places, words: list[str], said: str) -> None:
    assert said in refused("install", "--every", "daily", *words)
    assert list(Path(places.cron).iterdir()) == []
    assert list(Path(places.units).iterdir()) == []


def test_a_foreign_file_stays_and_nothing_else_is_written(places: Places) -> None:
    file = Path(places.crontab("n"))
    file.write_text("* * * * * root reboot\n")
    assert "left alone" in refused("install", "--every", "daily", "--name", "n")
    assert "left alone" in refused("remove", "--name", "n")
    assert file.read_text() == "* * * * * root reboot\n"


def test_calendar_expressions_need_systemd(places: Places) -> None:
    assert "five fields" in refused("install", "--every", "Mon..Fri 04:17")


def test_not_root(places: Places, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(os, "geteuid", lambda: 1000)
    assert "as root" in refused("install", "--every", "daily")


def test_reports_to_stdout_alone_still_leave_one(places: Places) -> None:
    words, writes, _ = schedule._checked(("--report", "jsonl=-"), "/state/n", "root")
    assert words == ("--report", "json=/state/n/report.json", "--report", "jsonl=-")
    assert writes == ("/state/n",)


def test_sudo_is_only_for_accounts_that_need_it(places: Places) -> None:
    def sudo(user: str, *words: str) -> bool:
        return schedule._checked(words, "/state/n", user)[2]

    assert sudo("audit", "--become")
    assert not sudo("root", "--become")
    assert not sudo("audit")


def test_a_program_that_others_can_change_is_named(places: Places, tmp_path: Path) -> None:
    from dockeraudit.schedule import Job, manage

    script = tmp_path / "dockeraudit"
    script.write_text("#!/bin/sh\n")
    script.chmod(0o777)

    def said(**changes: Any) -> str:
        given = {"name": "n", "every": "daily", "user": "root", "scan": (), **changes}
        return "\n".join(manage.install(Job(program=(str(script),), **given), places, "cron"))

    assert "can be changed by others than root" in said()
    assert "can be changed" not in said(user="nobody", name="m")
