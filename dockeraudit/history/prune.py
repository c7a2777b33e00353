"""Forgets: what is older than some days, or a host that is no more."""

import os
import sqlite3
import time

from dockeraudit.history.file import shrink, writing
from dockeraudit.history.schema import CHANGED, FIXED, RESUMED

_FIRST_KEPT = "SELECT coalesce(min(id), (SELECT max(id) FROM run)) FROM run WHERE finished >= ?"

_STEPS = (
    "DELETE FROM sight WHERE (state = {fixed} AND fixed < :kept)"
    " OR (state = {changed} AND until <= :kept)"
    " OR (state = {resumed} AND EXISTS (SELECT 1 FROM sight AS later WHERE later.finding ="
    " sight.finding AND later.first > sight.first AND later.first <= :kept))",
    # A host that is in no run that is kept: it left the fleet.
    "DELETE FROM host WHERE id NOT IN (SELECT value FROM fleet, json_each(fleet.hosts)"
    " WHERE fleet.id IN (SELECT fleet FROM run WHERE id >= :kept))",
    "DELETE FROM finding WHERE id NOT IN (SELECT finding FROM sight)",
    "DELETE FROM rule_move WHERE run < :kept",
    "DELETE FROM host_move WHERE run < :kept OR host NOT IN (SELECT id FROM host)",
    "DELETE FROM gap WHERE until <= :kept",
    # What held at the first run that is kept stays, and what held when the host was last seen.
    "DELETE FROM visit WHERE run < :kept AND run <> (SELECT max(run) FROM visit AS other"
    " WHERE other.host = visit.host AND other.run <= :kept) AND run <> coalesce((SELECT max(run)"
    " FROM visit AS other WHERE other.host = visit.host"
    " AND other.run <= (SELECT seen FROM host WHERE host.id = visit.host)), 0)",
    # The run stays as a date, with its counts.
    "UPDATE run SET fleet = NULL WHERE id < :kept",
    "DELETE FROM fleet WHERE id NOT IN (SELECT fleet FROM run WHERE fleet IS NOT NULL)",
    "DELETE FROM selection WHERE id NOT IN"
    " (SELECT selection FROM visit WHERE selection IS NOT NULL)",
)


def prune(path: str | os.PathLike[str], keep: int, now: float | None = None) -> int:
    """Forget runs older than so many days; how many. The newest stays, and what is still open.

    Raises:
        HistoryError: the file can't be used, or could not be written.
    """
    limit = int(time.time() if now is None else now) - keep * 86400
    with writing(path) as connection:
        gone = forget_before(connection, limit)
    shrink(path)
    return gone


def forget_before(connection: sqlite3.Connection, limit: int) -> int:
    """Forget runs that finished before a time, inside the caller's transaction."""
    (kept,) = connection.execute(_FIRST_KEPT, (limit,)).fetchone()
    if kept is None:
        return 0
    (gone,) = connection.execute(
        "SELECT count(*) FROM run WHERE id < ? AND fleet IS NOT NULL", (kept,)
    ).fetchone()
    if not gone:
        return 0
    for step in _STEPS:
        connection.execute(
            step.format(fixed=FIXED, changed=CHANGED, resumed=RESUMED), {"kept": kept}
        )
    return int(gone)


def forget_host(path: str | os.PathLike[str], name: str) -> bool:
    """Forget a host and its findings; whether it was known.

    Raises:
        HistoryError: the file can't be used, or could not be written.
    """
    with writing(path) as connection:
        cursor = connection.execute("DELETE FROM host WHERE name = ?", (name,))
        # Its number may be given to another host.
        connection.execute("DELETE FROM host_move WHERE host NOT IN (SELECT id FROM host)")
    shrink(path)
    return cursor.rowcount > 0
