"""One run: the lock, the note about its end, the log."""

import os
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest

from dockeraudit.schedule import run as runs
from dockeraudit.schedule.job import LOCKED

WAITS = """
import sys, time
from dockeraudit.schedule import run
def scan():
    print("scanning", flush=True)
    time.sleep(60)
    return 0
run.run("a", sys.argv[1], False, scan, print)
"""


@pytest.fixture
def folder(tmp_path: Path) -> str:
    return str(tmp_path / "a")


def test_a_run_is_noted(folder: str) -> None:
    said: list[str] = []
    assert runs.last(folder) is None
    assert runs.run("a", folder, False, lambda: 3, said.append) == 3
    note = runs.last(folder)
    assert note
    assert (note.exit_status, note.pid) == (3, os.getpid())
    assert note.finished
    assert note.finished >= note.started
    assert said == ["job a: exit status 3, incomplete, after 0 s"]
    for name in ("lock", "last.json"):
        assert (Path(folder) / name).stat().st_mode & 0o777 == 0o600
    assert Path(folder).stat().st_mode & 0o777 == 0o700
    assert not runs.running(folder)


def test_two_runs_do_not_overlap(folder: str) -> None:
    with subprocess.Popen([sys.executable, "-c", WAITS, folder], stdout=subprocess.PIPE) as first:
        assert first.stdout
        assert first.stdout.readline() == b"scanning\n"
        assert runs.running(folder)
        note = runs.last(folder)
        assert note
        assert (note.pid, note.exit_status) == (first.pid, None)
        with pytest.raises(runs.Locked, match=f"still running .process {first.pid}, since 20"):
            runs.run("a", folder, True, lambda: pytest.fail("scanned"), print)
        assert runs.last(folder) == note
        assert not (Path(folder) / "run.log").exists(), "the log is the first run's"
        first.send_signal(signal.SIGKILL)
    deadline = time.monotonic() + 5
    while runs.running(folder) and time.monotonic() < deadline:
        time.sleep(0.01)
    assert not runs.running(folder), "a lock dies with its process"
    assert runs.run("a", folder, False, lambda: 0, print) == 0


def test_a_child_that_lives_on_does_not_hold_the_lock(folder: str) -> None:
    children = []

    def scan() -> int:
        children.append(subprocess.Popen(["sleep", "60"], close_fds=False))
        return 0

    runs.run("a", folder, False, scan, print)
    try:
        assert not runs.running(folder)
    finally:
        children[0].kill()
        children[0].wait()


def test_an_exception_is_noted_too(folder: str) -> None:
    def scan() -> int:
        raise RuntimeError("boom")

    with pytest.raises(RuntimeError):
        runs.run("a", folder, False, scan, print)
    note = runs.last(folder)
    assert note
    assert note.exit_status == 4
    assert not runs.running(folder)


def test_the_log_has_both_outputs_of_the_last_run(
    folder: str, capfd: pytest.CaptureFixture[str]
) -> None:
    def scan() -> int:
        os.write(1, b"out\n")
        os.write(2, b"err\n")
        return 1

    for _ in range(2):
        runs.run("a", folder, True, scan, lambda line: print(line, file=sys.stderr))
    log = Path(folder) / "run.log"
    assert log.read_text() == "out\nerr\n"
    assert log.stat().st_mode & 0o777 == 0o600
    mailed = capfd.readouterr()
    assert mailed.out == ""
    line = f"job a: exit status 1, findings, after 0 s; see {log}\n"
    assert mailed.err == line * 2, "cron mails what is said"


def test_cron_has_nothing_to_mail_of_a_clean_run(folder: str) -> None:
    said: list[str] = []
    runs.run("a", folder, True, lambda: 0, said.append)
    assert said == []


@pytest.mark.parametrize("text", ["", "{", '{"pid":1,"started":"\x1b[2J"}', '{"pid":"x"}'])
def test_a_broken_note_is_none(folder: str, text: str) -> None:
    os.makedirs(folder)
    (Path(folder) / "last.json").write_text(text)
    assert runs.last(folder) is None


def test_no_link_is_followed(folder: str, tmp_path: Path) -> None:
    from dockeraudit.schedule import ScheduleError

    os.makedirs(folder)
    (tmp_path / "victim").write_text("kept")
    (Path(folder) / "lock").symlink_to(tmp_path / "victim")
    with pytest.raises(ScheduleError):
        runs.run("a", folder, False, lambda: 0, print)
    assert (tmp_path / "victim").read_text() == "kept"


def test_every_exit_status_has_words() -> None:
    assert runs.meaning(LOCKED).startswith("another run")
    assert runs.meaning(137) == "ended by a signal"
    assert runs.meaning(99) == "not known"
