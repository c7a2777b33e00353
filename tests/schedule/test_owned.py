"""Only what dockeraudit wrote is changed or removed."""

from pathlib import Path

import pytest

from dockeraudit.schedule import ScheduleError, owned


def test_written_once_changed_and_removed(tmp_path: Path) -> None:
    path = tmp_path / "dockeraudit-a.timer"
    assert owned.write(str(path), owned.head("a") + "one\n")
    assert path.stat().st_mode & 0o777 == 0o644
    before = path.stat().st_mtime_ns, path.stat().st_ino
    assert not owned.write(str(path), owned.head("a") + "one\n")
    assert (path.stat().st_mtime_ns, path.stat().st_ino) == before
    assert owned.write(str(path), owned.head("a") + "two\n")
    assert owned.names(str(tmp_path), ".timer") == ["a"]
    assert owned.remove(str(path))
    assert not owned.remove(str(path))
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize("text", ["", "[Timer]\n", "\n# dockeraudit schedule: a\n"])
def test_somebody_elses_file_stays(tmp_path: Path, text: str) -> None:
    path = tmp_path / "dockeraudit-a.timer"
    path.write_text(text)
    with pytest.raises(ScheduleError, match="left alone"):
        owned.write(str(path), "x")
    with pytest.raises(ScheduleError, match="left alone"):
        owned.remove(str(path))
    assert path.read_text() == text
    assert owned.names(str(tmp_path), ".timer") == []


def test_a_link_and_a_folder_stay(tmp_path: Path) -> None:
    real = tmp_path / "real"
    real.write_text(owned.head("a"))
    link = tmp_path / "link"
    link.symlink_to(real)
    for path in (link, tmp_path):
        with pytest.raises(ScheduleError, match="no plain file"):
            owned.write(str(path), owned.head("a") + "x")
    assert real.read_text() == owned.head("a")


def test_a_missing_folder_is_one_line(tmp_path: Path) -> None:
    with pytest.raises(ScheduleError, match="can't write"):
        owned.write(str(tmp_path / "gone" / "a"), "x")
    assert owned.names(str(tmp_path / "gone"), "") == []
