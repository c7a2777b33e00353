"""Reports are whole or absent."""

import os
import stat
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from dockeraudit.output import OutputError, write
from tests.reports.conftest import ROOT, missing


def names(folder: Path) -> list[str]:
    return sorted(entry.name for entry in folder.iterdir())


def test_a_file_is_whole_private_and_alone(tmp_path: Path) -> None:
    file = tmp_path / "report.json"
    file.write_text("old")
    file.chmod(0o644)
    write(file, ["안전", "\udc80", "x" * 200_000])
    assert file.read_text() == "안전\\udc80" + "x" * 200_000
    assert stat.S_IMODE(file.stat().st_mode) == 0o600
    assert names(tmp_path) == ["report.json"]


@pytest.mark.parametrize("umask", [0o000, 0o022, 0o077])
def test_a_report_that_others_read_has_its_mode(tmp_path: Path, umask: int) -> None:
    before = os.umask(umask)
    try:
        for name, mode in (("metrics.prom", 0o644), ("report.json", 0o600)):
            write(tmp_path / name, ["text"], mode)
            assert stat.S_IMODE((tmp_path / name).stat().st_mode) == mode
    finally:
        os.umask(before)


@pytest.mark.parametrize("error", [ValueError, KeyboardInterrupt, OSError])
def test_a_writer_that_fails_leaves_the_old_report(
    tmp_path: Path, error: type[BaseException]
) -> None:
    def chunks() -> Iterator[str]:
        yield "x" * 200_000
        raise error

    file = tmp_path / "report.json"
    file.write_text("old")
    with pytest.raises(error):
        write(file, chunks())
    assert file.read_text() == "old"
    assert names(tmp_path) == ["report.json"]


def refused(path: Path) -> str:
    with pytest.raises(OutputError) as caught:
        write(path, ["text"])
    line = str(caught.value)
    assert "\n" not in line
    assert line.startswith("can't write ")
    return line


def test_only_a_plain_file_is_replaced(tmp_path: Path) -> None:
    (tmp_path / "folder").mkdir()
    (tmp_path / "target").write_text("old")
    (tmp_path / "link").symlink_to(tmp_path / "target")
    os.mkfifo(tmp_path / "pipe")
    assert "folder" in refused(tmp_path / "folder")
    assert "symbolic link" in refused(tmp_path / "link")
    assert "not a plain file" in refused(tmp_path / "pipe")
    assert "not a plain file" in refused(Path("/dev/null"))
    assert "create the folder first" in refused(tmp_path / "none" / "report.json")
    assert "part of the path is a file" in refused(tmp_path / "target" / "report.json")
    assert "shorter name" in refused(tmp_path / ("x" * 300))
    assert r"\x1b" in refused(tmp_path / "\x1b[2J" / "report.json")
    with pytest.raises(OutputError, match="null"):
        write("\0", ["text"])
    assert (tmp_path / "target").read_text() == "old"
    assert names(tmp_path) == ["folder", "link", "pipe", "target"]


def test_a_full_disk_is_told_in_one_line() -> None:
    run = stdout_of("-", "open('/dev/full', 'w')")
    assert "No space left on device; free some space" in run.stderr
    assert "Traceback" not in run.stderr


def test_a_full_disk_leaves_the_old_report(tmp_path: Path) -> None:
    mount = ["mount", "-t", "tmpfs", "-o", "size=64k", "none", str(tmp_path)]
    if subprocess.run(mount, check=False, capture_output=True).returncode:
        missing("the right to mount a small disk")
    try:
        file = tmp_path / "report.json"
        file.write_text("old")
        with pytest.raises(OutputError, match="No space left"):
            write(file, ["x" * 1_000_000])
        assert file.read_text() == "old"
        assert names(tmp_path) == ["report.json"]
        subprocess.run(["mount", "-o", "remount,ro", str(tmp_path)], check=True)
        with pytest.raises(OutputError, match="read-only"):
            write(file, ["new"])
    finally:
        subprocess.run(["umount", str(tmp_path)], check=True)


def test_a_reader_who_leaves_early_is_no_error() -> None:
    code = program("-", "None")
    command = f"{sys.executable} -c '{code}' | head -c 10"
    run = subprocess.run(
        ["bash", "-c", f"{command}; echo ${{PIPESTATUS[0]}}"],
        capture_output=True,
        text=True,
        cwd=ROOT,
        check=True,
    )
    assert run.stdout.endswith("\n0\n") or run.stdout.endswith("x0\n")
    assert run.stderr == ""


def program(path: str, stdout: str) -> str:
    return (
        "import sys; from dockeraudit.output import OutputError, write\n"
        f"file = {stdout}\n"
        "sys.stdout = file or sys.stdout\n"
        "try:\n"
        f'    write("{path}", ("x" * 70000 for _ in range(100)))\n'
        "except OutputError as error:\n"
        "    sys.exit(str(error))\n"
    )


def stdout_of(path: str, stdout: str) -> "subprocess.CompletedProcess[str]":
    return subprocess.run(
        [sys.executable, "-c", program(path, stdout)],
        capture_output=True,
        text=True,
        cwd=ROOT,
        check=False,
    )
