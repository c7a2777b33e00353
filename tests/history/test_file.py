"""The file itself: killed writers, several writers, full disks, old versions, and what is none."""

import json
import os
import random
import resource
import signal
import sqlite3
import stat
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from contextlib import closing
from pathlib import Path

import pytest

from dockeraudit.history import file, read
from dockeraudit.history.file import HistoryError, HistoryWriteError, migrate
from dockeraudit.history.prune import prune
from dockeraudit.history.record import record
from dockeraudit.history.schema import MIGRATIONS, VERSION
from dockeraudit.report import Report
from tests.history.reports import DAY, START, found, moment, report, scanned

NOW = START + 400 * DAY
ROOT = Path(__file__).resolve().parents[2]
RECORDED = Path(__file__).parent / "recorded"

WRITER = """
import sys
from dockeraudit.history.record import record
from tests.history.reports import found, report, scanned
path, name, count = sys.argv[1], sys.argv[2], int(sys.argv[3])
for day in range(count):
    resources = [f"/{name}/{day}/{number}" for number in range(150)]
    hosts = [scanned(host, found(host, "one", *resources)) for host in (f"{name}1", f"{name}2")]
    done = record(path, report(*hosts, day=day), now=2_000_000_000)
    print(done.run_id, flush=True)
"""


@pytest.fixture
def path(tmp_path: Path) -> str:
    return str(tmp_path / "audit.db")


def small(day: float = 0) -> Report:
    return report(scanned("a", found("a", "one", "/x")), day=day)


def writer(
    path: str, name: str, count: int, preexec_fn: Callable[[], None] | None = None
) -> subprocess.Popen[str]:
    return subprocess.Popen(
        [sys.executable, "-c", WRITER, path, name, str(count)],
        cwd=ROOT,
        text=True,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        preexec_fn=preexec_fn,  # noqa: PLW1509 - no threads here
    )


def whole(path: str) -> list[int]:
    """The runs of a sound file, each with all of its findings."""
    with closing(sqlite3.connect(path)) as connection:
        assert connection.execute("PRAGMA integrity_check").fetchall() == [("ok",)]
        assert connection.execute("PRAGMA foreign_key_check").fetchall() == []
        runs = [id for (id,) in connection.execute("SELECT id FROM run ORDER BY id")]
    for run in runs:
        for host in read.view(path, run).values():
            assert len(host.findings) == 150, f"run {run}: torn"
    return runs


def test_killed_at_any_moment_a_writer_loses_only_its_own_run(path: str) -> None:
    """Every run that was said to be kept is there, whole; one that was not is there or is not."""
    kills, told = 15, 0
    chance = random.Random(4)
    for at in range(kills):
        with writer(path, f"w{at}-", 1000) as process:
            assert process.stdout
            process.stdout.readline()
            time.sleep(chance.random() * 0.08)
            process.send_signal(signal.SIGKILL)
            rest, _ = process.communicate()
            assert process.returncode == -signal.SIGKILL
        told += 1 + sum(line.strip().isdigit() for line in rest.splitlines())
        if at % 5 == 4:
            runs = whole(path)
            assert told <= len(runs) <= told + at + 1
            assert runs == list(range(1, len(runs) + 1))


def test_two_writers_take_turns(path: str) -> None:
    with writer(path, "a", 12) as one, writer(path, "b", 12) as two:
        outputs = [each.communicate(timeout=60) for each in (one, two)]
    assert [error for _, error in outputs] == ["", ""]
    numbers = [int(line) for out, _ in outputs for line in out.split()]
    assert sorted(numbers) == list(range(1, 25))
    assert whole(path) == list(range(1, 25))


def test_a_reader_waits_for_nobody(path: str) -> None:
    record(path, small(), now=NOW)
    with file.writing(path) as connection:
        connection.execute("DELETE FROM sight")
        assert read.findings(path, now=NOW).total == 1
        raise_late = connection.in_transaction
    assert raise_late
    assert read.findings(path, now=NOW).total == 0


def test_only_the_owner_may_read_it(path: str) -> None:
    record(path, small(), now=NOW)
    assert stat.S_IMODE(os.stat(path).st_mode) == 0o600


# -- what ends in one line ----------------------------------------------------------------------


def no_database(path: str) -> None:
    Path(path).write_bytes(b"Dear diary, " * 500)


def of_another(path: str) -> None:
    with closing(sqlite3.connect(path)) as connection:
        connection.execute("CREATE TABLE bookmark (url TEXT)")


def newer(path: str) -> None:
    record(path, small(), now=NOW)
    with closing(sqlite3.connect(path)) as connection:
        connection.execute(f"PRAGMA user_version = {VERSION + 1}")


def damaged(path: str) -> None:
    record(path, small(), now=NOW)
    data = bytearray(Path(path).read_bytes())
    data[4096:] = os.urandom(len(data) - 4096)
    Path(path).write_bytes(data)


def empty(path: str) -> None:
    Path(path).touch()


BROKEN: list[tuple[Callable[[str], object], str]] = [
    (no_database, "not a history, nor any SQLite file"),
    (of_another, "an SQLite file of another program"),
    (newer, f"a newer dockeraudit wrote it (version {VERSION + 1}, this one knows {VERSION})"),
    (damaged, "damaged"),
    (os.mkdir, "that is a folder"),
    (os.mkfifo, "not a plain file"),
]


@pytest.mark.parametrize(("make", "words"), BROKEN, ids=[make.__name__ for make, _ in BROKEN])
def test_what_is_no_history(path: str, make: Callable[[str], object], words: str) -> None:
    make(path)
    for use in (lambda: record(path, small(), now=NOW), lambda: read.findings(path)):
        with pytest.raises(HistoryError) as caught:
            use()
        assert words in str(caught.value)
        assert "\n" not in str(caught.value)


@pytest.mark.parametrize(("make", "words"), [(lambda _: 0, "no such file"), (empty, "empty")])
def test_nothing_to_read(path: str, make: Callable[[str], object], words: str) -> None:
    make(path)
    with pytest.raises(HistoryError, match=words):
        read.runs(path)
    record(path, small(), now=NOW)
    assert len(read.runs(path)) == 1


def test_no_folder(tmp_path: Path) -> None:
    with pytest.raises(HistoryError, match="No such file or directory"):
        record(tmp_path / "none" / "audit.db", small(), now=NOW)


def test_hostile_names_are_one_line(tmp_path: Path) -> None:
    with pytest.raises(HistoryError) as caught:
        read.runs(tmp_path / "a\n\x1b[2J?mode=rw#.db")
    assert "\n" not in str(caught.value)
    odd = tmp_path / "a?mode=ro#%41.db"
    record(odd, small(), now=NOW)
    assert os.listdir(tmp_path) == [odd.name]


def test_a_file_that_stays_locked(path: str, monkeypatch: pytest.MonkeyPatch) -> None:
    record(path, small(), now=NOW)
    monkeypatch.setattr(file, "PATIENCE", 0.1)
    with closing(sqlite3.connect(path, isolation_level=None)) as connection:
        connection.execute("BEGIN IMMEDIATE")
        with pytest.raises(HistoryWriteError, match="another process keeps it locked"):
            record(path, small(1), now=NOW)


def test_a_file_that_may_not_grow(path: str) -> None:
    """The quota's way: a write beyond a limit fails."""
    record(path, small(), now=NOW)

    def limit() -> None:
        resource.setrlimit(resource.RLIMIT_FSIZE, (150_000, 150_000))

    with writer(path, "w", 50, preexec_fn=limit) as process:
        _, error = process.communicate(timeout=60)
    last = error.strip().splitlines()[-1]
    assert "HistoryWriteError: history" in last
    assert "reading or writing it failed" in last or "the disk is full" in last
    assert read.runs(path)[-1].id == 1


@pytest.fixture
def little_disk(tmp_path: Path) -> Iterator[Path]:
    """A file system of 512 KiB."""
    disk = tmp_path / "disk"
    disk.mkdir()
    mount = ["mount", "-t", "tmpfs", "-o", "size=512k", "tmpfs", str(disk)]
    if os.geteuid() or subprocess.run(mount, capture_output=True, check=False).returncode:
        pytest.skip("a file system can be mounted by root only")
    yield disk
    subprocess.run(["umount", "-l", str(disk)], check=True)


def test_a_full_disk(little_disk: Path) -> None:
    path = str(little_disk / "audit.db")
    kept, message = 0, ""
    while not message:
        names = [f"/{kept}/{number}" for number in range(150)]
        try:
            record(path, report(scanned("w1", found("w1", "one", *names)), day=kept), now=NOW)
            kept += 1
        except HistoryWriteError as error:
            message = str(error)
    assert "the disk is full; free some space there" in message
    assert kept
    assert len(read.runs(path)) == kept
    with pytest.raises(HistoryError):
        prune(path, 1, now=NOW)
    assert len(read.runs(path)) == kept


def as_nobody(action: Callable[[], object]) -> str:
    """What comes of an action of a user who owns nothing, in a process of its own."""
    ours, theirs = os.pipe()
    child = os.fork()
    if not child:
        try:
            if os.geteuid() == 0:
                os.setgroups([])
                os.setgid(65534)
                os.setuid(65534)
            answer = repr(action())
        except BaseException as error:
            answer = f"{type(error).__name__}: {error}"
        os.write(theirs, answer.encode())
        os._exit(0)
    os.close(theirs)
    with os.fdopen(ours) as pipe:
        answer = pipe.read()
    os.waitpid(child, 0)
    return answer


def test_read_only() -> None:
    """Whoever may only read, in a folder where nothing may be made, can ask and can't record."""
    with tempfile.TemporaryDirectory() as folder:
        path = os.path.join(folder, "audit.db")
        record(path, small(), now=NOW)
        old = os.path.join(folder, "old.db")
        restored(old, 1)
        for name in (path, old):
            os.chmod(name, 0o444)
        os.chmod(folder, 0o555)
        assert as_nobody(lambda: len(read.runs(path))) == "1"
        refused = as_nobody(lambda: prune(path, 1))
        assert refused.startswith("HistoryError: history ")
        assert "it is read-only" in refused
        refused = as_nobody(lambda: record(path, small(), now=NOW))
        assert "it is read-only" in refused
        assert "can't be upgraded; make it writable once" in as_nobody(lambda: read.runs(old))
        os.chmod(path, 0)
        assert "it can't be opened" in as_nobody(lambda: read.runs(path))
        os.chmod(folder, 0o755)


# -- versions -----------------------------------------------------------------------------------


@pytest.mark.parametrize("version", range(1, VERSION))
def test_each_earlier_version_is_recorded(version: int) -> None:
    assert (RECORDED / f"version-{version}.sql").exists(), "keep a dump before adding a migration"


def restored(path: str, version: int) -> None:
    with closing(sqlite3.connect(path)) as connection:
        connection.executescript((RECORDED / f"version-{version}.sql").read_text())


@pytest.mark.parametrize("version", range(1, VERSION))
def test_upgrade(path: str, version: int, tmp_path: Path) -> None:
    """A file that an earlier version filled becomes one of this version, with all its runs."""
    restored(path, version)
    expected = json.loads((RECORDED / f"version-{version}.json").read_text())
    assert [[run.id, run.new, run.fixed, run.open["high"]] for run in read.runs(path)] == (
        expected["runs"]
    )
    assert [
        [each.host, each.resource, each.first_seen, each.last_seen]
        for each in read.findings(path, now=NOW).findings
    ] == expected["findings"]
    assert schema(path) == schema(fresh(tmp_path))
    done = record(path, report(scanned("a", found("a", "one", "/x")), day=50), now=NOW)
    assert (done.new, done.still) == (0, 1)


def schema(path: str) -> list[tuple[str, ...]]:
    with closing(sqlite3.connect(path)) as connection:
        rows = connection.execute(
            "SELECT type, name, sql FROM sqlite_master WHERE name NOT LIKE 'sqlite_%' ORDER BY 1, 2"
        ).fetchall()
        (version,) = connection.execute("PRAGMA user_version").fetchone()
    return [*rows, (str(version),)]


def fresh(folder: Path) -> str:
    path = str(folder / "fresh.db")
    record(path, small(), now=NOW)
    return path


def test_an_upgrade_that_fails_leaves_the_file_as_it_was(
    path: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    record(path, small(), now=NOW)
    before = schema(path)
    broken = (*MIGRATIONS, ("CREATE TABLE extra (id INTEGER)", "CREATE TABLE run (id INTEGER)"))
    monkeypatch.setattr(file, "MIGRATIONS", broken)
    connection = sqlite3.connect(path, isolation_level=None)
    with closing(connection), pytest.raises(sqlite3.OperationalError):
        migrate(connection, VERSION + 1)
    assert schema(path) == before
    assert moment(0) == read.runs(path)[0].finished


def test_sqlite_is_loaded_only_when_it_is_used() -> None:
    code = (
        "import sys, dockeraudit.drift, dockeraudit.history.trend, dockeraudit.cli.diff;"
        "print('sqlite3' in sys.modules)"
    )
    answer = subprocess.run(
        [sys.executable, "-c", code], cwd=ROOT, text=True, capture_output=True, check=False
    )
    assert answer.stdout == "False\n"
