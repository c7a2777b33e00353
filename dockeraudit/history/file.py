"""Opens a history file: made, upgraded or refused; whatever SQLite says ends in one line.

One run is one transaction, so a process that is killed loses its own run and nothing else.
Writers take turns; a reader sees the state before or after a run and waits for nobody.
"""

import os
import sqlite3
import stat
import time
from collections.abc import Iterator
from contextlib import closing, contextmanager, suppress
from urllib.parse import quote

from dockeraudit.history.schema import APPLICATION, MIGRATIONS, VERSION
from dockeraudit.output import visible

PATIENCE = 30.0
"""Seconds to wait for another writer."""

_WAY_OUT = {
    "SQLITE_FULL": ("the disk is full", "free some space there; nothing of this run was kept"),
    "SQLITE_NOTADB": ("it is not a history, nor any SQLite file", "name another file"),
    "SQLITE_CORRUPT": ("the file is damaged", "restore it from a backup, or name another file"),
    "SQLITE_READONLY": ("it is read-only", "check who may write to the file and its folder"),
    "SQLITE_BUSY": ("another process keeps it locked", "try again when that one is done"),
    "SQLITE_LOCKED": ("another process keeps it locked", "try again when that one is done"),
    "SQLITE_CANTOPEN": ("it can't be opened", "check the path and who may read it"),
    "SQLITE_IOERR": ("reading or writing it failed", "check the disk and its quota"),
    "SQLITE_PERM": ("access is denied", "check who may write to the file and its folder"),
}


class HistoryError(Exception):
    """A history that can't be used: which, why and what to do, in one line."""

    def __init__(self, path: str, reason: str, hint: str) -> None:
        super().__init__(f"history {visible(path)}: {visible(reason)}; {hint}")
        self.path = path
        self.reason = reason
        self.hint = hint


class HistoryWriteError(HistoryError):
    """The file is a history, and writing to it failed; what it held before is untouched."""


@contextmanager
def writing(path: str | os.PathLike[str]) -> Iterator[sqlite3.Connection]:
    """A transaction on the history, which is made or upgraded first; all of it or nothing.

    Raises:
        HistoryError: the file can't be used.
        HistoryWriteError: it can, and could not be written.
    """
    where = os.fspath(path)
    _make(where)
    with _explained(where, HistoryError):
        connection = _connect(where, "rw")
    with closing(connection):
        with _explained(where, HistoryError):
            _prepare(connection, where)
        with _explained(where, HistoryWriteError), transaction(connection):
            yield connection


@contextmanager
def reading(path: str | os.PathLike[str]) -> Iterator[sqlite3.Connection]:
    """The history as it is now, which nothing here can change but an upgrade.

    Raises:
        HistoryError: there is none, or it can't be used.
    """
    where = os.fspath(path)
    _refuse_special(where)
    if not os.path.exists(where):
        raise HistoryError(where, "there is no such file", "scan with --history makes one")
    with _explained(where, HistoryError):
        connection = _readable(where)
    with closing(connection), _explained(where, HistoryError):
        if _version(connection, where) < VERSION:
            _upgrade_for_reading(where)
        # One state for all questions, whatever is written meanwhile.
        connection.execute("BEGIN")
        yield connection


def shrink(path: str | os.PathLike[str]) -> None:
    """Give pages that are free back to the disk.

    Raises:
        HistoryError: the file can't be used, or could not be written.
    """
    where = os.fspath(path)
    with _explained(where, HistoryWriteError), closing(_connect(where, "rw")) as connection:
        # As a script, since `execute` takes a single step, which frees a single page.
        connection.executescript("PRAGMA incremental_vacuum; PRAGMA wal_checkpoint(TRUNCATE)")


@contextmanager
def transaction(connection: sqlite3.Connection) -> Iterator[None]:
    """Everything or nothing; the write lock is taken at once, so no two writers get entangled."""
    connection.execute("BEGIN IMMEDIATE")
    try:
        yield
        connection.execute("COMMIT")
    except BaseException:
        with suppress(sqlite3.Error):
            connection.execute("ROLLBACK")
        raise


def migrate(connection: sqlite3.Connection, upto: int = VERSION) -> None:
    """Bring a file of an earlier version, or an empty one, to a version: whole or not at all."""
    with transaction(connection):
        # Another process may have done it while this one waited for the lock.
        version = connection.execute("PRAGMA user_version").fetchone()[0]
        if version >= upto:
            return
        for statements in MIGRATIONS[version:upto]:
            for statement in statements:
                connection.execute(statement)
        connection.execute(f"PRAGMA application_id = {APPLICATION}")
        connection.execute(f"PRAGMA user_version = {upto}")


def _make(where: str) -> None:
    """An empty file that its owner alone may read, where there is none."""
    _refuse_special(where)
    with suppress(FileExistsError):
        try:
            os.close(os.open(where, os.O_RDWR | os.O_CREAT | os.O_EXCL | os.O_CLOEXEC, 0o600))
        except FileExistsError:
            raise
        except (OSError, ValueError) as error:
            raise _of_system(where, error) from error


def _refuse_special(where: str) -> None:
    """A pipe would block, and a device is no place for findings."""
    try:
        mode = os.stat(where).st_mode
    except FileNotFoundError:
        return
    except (OSError, ValueError) as error:
        raise _of_system(where, error) from error
    if not stat.S_ISREG(mode):
        kind = "a folder" if stat.S_ISDIR(mode) else "not a plain file"
        raise HistoryError(where, f"that is {kind}", "name a file")


def _connect(where: str, mode: str) -> sqlite3.Connection:
    connection = sqlite3.connect(
        f"file:{quote(os.path.abspath(where))}?{mode if '=' in mode else 'mode=' + mode}",
        uri=True,
        timeout=PATIENCE,
        isolation_level=None,
    )
    connection.execute("PRAGMA foreign_keys = ON")
    # What lies in the file was written by whoever had it before.
    connection.execute("PRAGMA trusted_schema = OFF")
    connection.execute("PRAGMA cell_size_check = ON")
    return connection


def _readable(where: str) -> sqlite3.Connection:
    """A connection for reading, also in a folder where nothing may be written."""
    connection = _connect(where, "ro")
    try:
        connection.execute("PRAGMA schema_version")
    except sqlite3.OperationalError as error:
        connection.close()
        unwritable = error.sqlite_errorname.startswith(("SQLITE_CANTOPEN", "SQLITE_READONLY"))
        log = os.path.realpath(where) + "-wal"
        if not unwritable or (os.path.exists(log) and os.path.getsize(log)):
            raise
        # Nobody writes here, so it can be read without the files that writers share.
        return _connect(where, "immutable=1")
    return connection


def _prepare(connection: sqlite3.Connection, where: str) -> None:
    """Make sure that the file is ours and of this version, and set how it is written."""
    if _version(connection, where) == 0:
        connection.execute("PRAGMA auto_vacuum = INCREMENTAL")
    _write_ahead(connection)
    connection.execute("PRAGMA synchronous = FULL")
    connection.execute("PRAGMA cache_size = -65536")
    if _version(connection, where) < VERSION:
        migrate(connection)


def _version(connection: sqlite3.Connection, where: str) -> int:
    """The file's version; 0 for an empty one. Refuses what is not ours or is too new."""
    application = int(connection.execute("PRAGMA application_id").fetchone()[0])
    version = int(connection.execute("PRAGMA user_version").fetchone()[0])
    if application != APPLICATION:
        if connection.execute("SELECT count(*) FROM sqlite_master").fetchone()[0]:
            reason = "it is an SQLite file of another program"
            raise HistoryError(where, reason, "name another file")
        return 0
    if version > VERSION:
        reason = f"a newer dockeraudit wrote it (version {version}, this one knows {VERSION})"
        raise HistoryError(where, reason, "use that one, or name another file")
    return version


def _write_ahead(connection: sqlite3.Connection) -> None:
    """Switch to WAL, for which SQLite does not wait by itself while another process does so."""
    deadline = time.monotonic() + PATIENCE
    while connection.execute("PRAGMA journal_mode").fetchone()[0] != "wal":
        try:
            connection.execute("PRAGMA journal_mode = WAL")
            return  # or it stays as it is, on a file system that has no shared memory
        except sqlite3.OperationalError as error:
            locked = error.sqlite_errorname.startswith(("SQLITE_BUSY", "SQLITE_LOCKED"))
            if not locked or time.monotonic() > deadline:
                raise
            time.sleep(0.01)


def _upgrade_for_reading(where: str) -> None:
    """Bring an earlier version up to date, or say why it can't be read."""
    try:
        with closing(_connect(where, "rw")) as connection:
            if _version(connection, where) == 0:
                raise HistoryError(where, "it is empty", "scan with --history fills it")
            migrate(connection)
    except sqlite3.OperationalError as error:
        if not error.sqlite_errorname.startswith(("SQLITE_READONLY", "SQLITE_CANTOPEN")):
            raise
        reason = "an earlier dockeraudit wrote it, and it is read-only so it can't be upgraded"
        raise HistoryError(where, reason, "make it writable once") from error


@contextmanager
def _explained(where: str, kind: type[HistoryError]) -> Iterator[None]:
    try:
        yield
    except sqlite3.Error as error:
        name = getattr(error, "sqlite_errorname", "") or type(error).__name__
        words = [reason for start, reason in _WAY_OUT.items() if name.startswith(start)]
        reason, hint = words[0] if words else (f"{error} ({name})", "name another file")
        raise kind(where, reason, hint) from error


def _of_system(where: str, error: OSError | ValueError) -> HistoryError:
    reason = (error.strerror or type(error).__name__) if isinstance(error, OSError) else str(error)
    return HistoryError(where, reason, "check the path and who may write there")
