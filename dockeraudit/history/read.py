"""Answers from a history: which runs, what is open and since when, what was fixed, what ends."""

import json
import os
import sqlite3
import time
from collections.abc import Iterable, Iterator, Sequence
from typing import Any

from msgspec import Struct

from dockeraudit.drift import RANK, Gap, HostView, Seen
from dockeraudit.history.file import HistoryError, reading
from dockeraudit.history.schema import SEEN
from dockeraudit.report import SEVERITIES, Repair, SeverityName, Trend, TrendPoint

Path = str | os.PathLike[str]
_DAY = 86400


class Run(Struct, frozen=True):
    """One scan. Counts are of findings on its hosts, those that it could not see included."""

    id: int
    started: str
    finished: str
    profile: str
    fail_on: str
    version: str
    exit_code: int
    scanned: int
    partial: int
    unreachable: int
    open: dict[str, int]
    """Not fixed and not waived, by severity."""
    waived: int
    new: int
    worse: int
    fixed: int
    better: int
    still: int
    unseen: int
    """Known, and this run could not tell."""
    whole: bool
    """Whether it can still be compared; of one that was pruned the counts are left."""


class Known(Struct, frozen=True):
    """A finding: since when, and when it was seen last."""

    host: str
    check: str
    severity: SeverityName
    engine: str
    resource: str
    message: str
    first_seen: str
    last_seen: str
    fixed_at: str | None
    open_days: float
    """Until it was fixed, or until now."""
    seen_now: bool
    """False: the last look at the host could not tell, or the host did not answer."""
    waived: bool
    fingerprint: str


class Page(Struct, frozen=True):
    """The first of the findings that were asked for, and how many there are."""

    total: int
    findings: tuple[Known, ...]


class Fixed(Struct, frozen=True):
    """What was fixed in some days."""

    days: int
    repairs: tuple[Repair, ...]
    total: int
    findings: tuple[Known, ...]


class Rise(Struct, frozen=True):
    """A finding that got worse."""

    before: SeverityName
    at: str
    finding: Known


class Growth(Struct, frozen=True):
    """A check or a host of which more came than went."""

    name: str
    new: int
    fixed: int


class Worse(Struct, frozen=True):
    """What got worse in some days."""

    days: int
    rises: tuple[Rise, ...]
    checks: tuple[Growth, ...]
    hosts: tuple[Growth, ...]


class Ending(Struct, frozen=True):
    """A certificate's end."""

    ends: str
    days_left: int
    """Negative: it has expired."""
    host: str
    place: str
    role: str
    engine: str
    subject: str
    last_seen: str


def runs(path: Path, limit: int | None = None) -> tuple[Run, ...]:
    """The runs, newest first.

    Raises:
        HistoryError: the file can't be used; this holds for each function here.
    """
    with reading(path) as connection:
        connection.row_factory = sqlite3.Row
        rows = connection.execute("SELECT * FROM run ORDER BY id DESC LIMIT ?", (_limit(limit),))
        return tuple(_run(row) for row in rows)


def run_number(path: Path, word: str) -> int:
    """The number of a run: `12`, `last`, `previous`.

    Raises:
        HistoryError: there is no such run, or its details were pruned.
    """
    with reading(path) as connection:
        kept = [
            id
            for (id,) in connection.execute(
                "SELECT id FROM run WHERE fleet IS NOT NULL ORDER BY id DESC"
            )
        ]
    back = {"last": 0, "previous": 1}.get(word)
    if back is not None and back < len(kept):
        return int(kept[back])
    if word.isascii() and word.isdigit() and len(word) < 19 and int(word) in kept:
        return int(word)
    known = f"{kept[-1]} to {kept[0]}" if kept else "none"
    raise HistoryError(os.fspath(path), f"there is no run {word!r}", f"runs kept: {known}")


def view(path: Path, run: int, carried: bool = False) -> dict[str, HostView]:
    """What a run said of its hosts, for `drift.compare`.

    `carried`: what was not seen in it is as it was last seen before, so that a host that comes
    back brings no news that was known.
    """
    with reading(path) as connection:
        row = connection.execute(
            "SELECT hosts FROM run JOIN fleet ON fleet.id = run.fleet WHERE run.id = ?", (run,)
        ).fetchone()
        if row is None:
            reason = f"there is no run {run}, or its details were pruned"
            raise HistoryError(os.fspath(path), reason, "`dockeraudit history runs` shows them")
        fleet = set(json.loads(row[0]))
        views = _views(connection, run, fleet, carried)
        _add_findings(connection, run, views, carried)
    return {each.target: each for each in views.values()}


def findings(
    path: Path,
    *,
    host: str | None = None,
    check: str | None = None,
    severity: SeverityName | None = None,
    limit: int | None = None,
    now: float | None = None,
) -> Page:
    """What is open, worst first and of those the longest open first.

    `host` and `check` are globs; `severity` is the least that is wanted.
    """
    source, where, values = _filter("sight_open", host, check, severity)
    with reading(path) as connection:
        (total,) = connection.execute(
            f"SELECT count(*) FROM {source} WHERE state < 2{where}", values
        ).fetchone()
        rows = connection.execute(
            f"SELECT {_KNOWN} FROM (SELECT sight.* FROM {source} WHERE state < 2{where}"
            f" ORDER BY severity, since, finding LIMIT ?) AS sight {_JOINS}"
            " ORDER BY severity, since, finding",
            (*values, _limit(limit)),
        )
        named = _Names(connection, _now(now))
        return Page(total, tuple(named.known(row) for row in rows))


def fixed(
    path: Path,
    days: int = 30,
    *,
    host: str | None = None,
    check: str | None = None,
    severity: SeverityName | None = None,
    limit: int | None = None,
    now: float | None = None,
) -> Fixed:
    """What was fixed in the last days, newest first, and how long it took."""
    source, where, values = _filter("sight_fixed", host, check, severity)
    clock = _now(now)
    with reading(path) as connection:
        since = _run_since(connection, clock - days * _DAY)
        # In the order of the groups; a sort of all would take ten times as long.
        grouped = source.replace("sight_fixed", "sight_took")
        times = connection.execute(
            f"SELECT severity, seconds, count(*) FROM {grouped}"
            f" WHERE fixed >= ?{where} GROUP BY severity, seconds",
            (since, *values),
        ).fetchall()
        rows = connection.execute(
            f"SELECT {_KNOWN} FROM (SELECT sight.* FROM {source}"
            f" WHERE fixed >= ?{where}"
            f" ORDER BY fixed DESC, severity, seconds, finding LIMIT ?) AS sight {_JOINS}"
            " ORDER BY fixed DESC, severity, seconds, finding",
            (since, *values, _limit(limit)),
        )
        named = _Names(connection, clock)
        known = tuple(named.known(row) for row in rows)
    return Fixed(days, tuple(_repairs(times)), sum(number for _, _, number in times), known)


def worse(
    path: Path, days: int = 30, *, limit: int | None = None, now: float | None = None
) -> Worse:
    """What got worse in the last days: severities that rose, checks and hosts that gained."""
    clock = _now(now)
    with reading(path) as connection:
        since = _run_since(connection, clock - days * _DAY)
        rows = connection.execute(
            f"SELECT {_KNOWN}, earlier, first FROM sight INDEXED BY sight_rose {_JOINS}"
            " WHERE first >= ? AND earlier > severity AND state < 2"
            " ORDER BY severity, earlier DESC, first DESC, finding LIMIT ?",
            (since, _limit(limit)),
        )
        named = _Names(connection, clock)
        rises = tuple(
            Rise(SEVERITIES[row[-2]], rfc3339(named.times[row[-1]]), named.known(row))
            for row in rows
        )
        checks, hosts = (
            connection.execute(
                f"SELECT name, sum(new), sum(fixed) FROM {table}_move AS move"
                f" JOIN {table} ON {table}.id = move.{table} WHERE run >= ? GROUP BY move.{table}"
                " HAVING sum(new) > sum(fixed) ORDER BY sum(fixed) - sum(new), name LIMIT ?",
                (since, _limit(limit)),
            ).fetchall()
            for table in ("rule", "host")
        )
    return Worse(
        days, rises, tuple(Growth(*row) for row in checks), tuple(Growth(*row) for row in hosts)
    )


def calendar(
    path: Path, days: int | None = None, *, host: str | None = None, now: float | None = None
) -> tuple[Ending, ...]:
    """When certificates end, the nearest first; `days`: only those that end by then."""
    clock = _now(now)
    last = clock + days * _DAY if days is not None else 2**62
    with reading(path) as connection:
        rows = connection.execute(
            "SELECT ends, name, place, role, engine, subject, finished FROM certificate"
            " JOIN host ON host.id = certificate.host JOIN run ON run.id = host.seen"
            " WHERE ends <= ? AND name GLOB ? ORDER BY ends, name, place, role, engine",
            (last, host or "*"),
        ).fetchall()
    return tuple(
        Ending(rfc3339(end), (end - clock) // _DAY, name, place, role, engine, subject, rfc3339(at))
        for end, name, place, role, engine, subject, at in rows
    )


def trend(path: Path, days: int = 90, *, now: float | None = None) -> Trend:
    """What a report shows of the last days."""
    start = rfc3339(_now(now) - days * _DAY)
    points = tuple(
        TrendPoint(run.finished, run.open, run.new, run.fixed, run.unreachable)
        for run in reversed(runs(path))
        if run.finished >= start
    )
    return Trend(points, fixed(path, days, limit=0, now=now).repairs, days)


def rfc3339(seconds: int) -> str:
    """A time in UTC, to the second; of a year that no report can hold, the last one it can."""
    return time.strftime("%Y-%m-%dT%H:%M:%SZ", time.gmtime(min(seconds, 253402300799)))


_JOINS = (
    "CROSS JOIN finding ON finding.id = sight.finding CROSS JOIN host ON host.id = finding.host"
)
_KNOWN = (
    "host.name, rule, severity, engine, resource, message, since, last, fixed, state, waived,"
    " fingerprint, host.seen, host.id, seconds"
)


def _filter(
    index: str, host: str | None, check: str | None, severity: SeverityName | None
) -> tuple[str, str, tuple[object, ...]]:
    """From where to read which sights: from the few findings of a host or check, if one is named.

    The order of a CROSS JOIN is kept by SQLite; it can't know how few will match.
    """
    source = f"sight INDEXED BY {index}"
    where: list[str] = []
    values: list[object] = []
    if host is not None or check is not None:
        source = "finding CROSS JOIN sight ON sight.finding = finding.id"
    if host is not None:
        where.append("finding.host IN (SELECT id FROM host WHERE name GLOB ?)")
        values.append(host)
    if check is not None:
        # With both, the plus keeps SQLite from starting with the check.
        where.append(f"{'+' if host else ''}rule IN (SELECT id FROM rule WHERE name GLOB ?)")
        values.append(check)
    if severity is not None:
        where.append("severity <= ?")
        values.append(RANK[severity])
    return source, "".join(f" AND {each}" for each in where), tuple(values)


class _Names:
    """What rows name by number."""

    def __init__(self, connection: sqlite3.Connection, now: int) -> None:
        self._sql = connection
        self._now = now
        self.times: dict[int, int] = dict(connection.execute("SELECT id, finished FROM run"))
        self.rules: dict[int, str] = dict(connection.execute("SELECT id, name FROM rule"))
        self._silent: dict[int, bool] = {}

    def known(self, row: Sequence[Any]) -> Known:
        """A row of `_KNOWN`."""
        (name, rule, rank, engine, resource, message, since, last, fixed) = row[:9]
        (state, waived, fingerprint, seen, host, seconds) = row[9:15]
        if seconds is None:
            seconds = max(self._now - self.times[since], 0)
        return Known(
            host=name,
            check=self.rules[rule],
            severity=SEVERITIES[rank],
            engine=engine,
            resource=resource,
            message=message,
            first_seen=rfc3339(self.times[since]),
            last_seen=rfc3339(self.times[last or seen]),
            fixed_at=rfc3339(self.times[fixed]) if fixed else None,
            open_days=round(seconds / _DAY, 1),
            seen_now=state == SEEN and not self._is_silent(host),
            waived=bool(waived),
            fingerprint=fingerprint.hex(),
        )

    def _is_silent(self, host: int) -> bool:
        """Whether the last run of a host did not reach it."""
        if host not in self._silent:
            row = self._sql.execute(
                "SELECT state FROM visit WHERE host = ? ORDER BY run DESC LIMIT 1", (host,)
            ).fetchone()
            self._silent[host] = row is None or row[0] == "unreachable"
        return self._silent[host]


def _run(row: sqlite3.Row) -> Run:
    plain = {
        name: row[name]
        for name in (
            *("id", "profile", "fail_on", "exit_code", "scanned", "partial", "unreachable"),
            *("waived", "new", "worse", "fixed", "better", "still", "unseen"),
        )
    }
    return Run(
        **plain,
        started=rfc3339(row["started"]),
        finished=rfc3339(row["finished"]),
        version=row["tool"],
        open={severity: row[severity] for severity in SEVERITIES},
        whole=row["fleet"] is not None,
    )


def _views(
    connection: sqlite3.Connection, run: int, fleet: set[int], carried: bool
) -> dict[int, HostView]:
    """The hosts of a run, without their findings."""
    rules = dict(connection.execute("SELECT id, name FROM rule"))
    selections = {
        id: frozenset(json.loads(checks))
        for id, checks in connection.execute("SELECT id, checks FROM selection")
    }
    gaps: dict[int, dict[str, Gap]] = {}
    for host, rule, status, rank, reason in connection.execute(
        "SELECT host, rule, status, severity, reason FROM gap"
        " WHERE first <= ? AND (until IS NULL OR until > ?)",
        (run, run),
    ):
        gaps.setdefault(host, {})[rules[rule]] = Gap(status, SEVERITIES[rank], reason)
    reached = "AND state <> 'unreachable'" if carried else ""
    # Of a group with one max(), SQLite takes the other columns from the row that has it.
    visits = connection.execute(
        "SELECT host, name, max(run), state, reason, selection FROM visit"
        f" JOIN host ON host.id = visit.host WHERE run <= ? {reached} GROUP BY host",
        (run,),
    )
    views: dict[int, HostView] = {}
    for host, name, _, state, reason, selection in visits:
        if host not in fleet:
            continue
        views[host] = HostView(
            target=name,
            state=state,
            reason=reason,
            checks=selections.get(selection, frozenset()),
            gaps={} if state == "unreachable" else gaps.get(host, {}),
            findings={},
        )
    return views


def _add_findings(
    connection: sqlite3.Connection, run: int, views: dict[int, HostView], carried: bool
) -> None:
    """What was seen in a run; `carried`: and what was not fixed by then."""
    rules = dict(connection.execute("SELECT id, name FROM rule"))
    wanted = [
        "SELECT finding, first FROM sight INDEXED BY sight_until WHERE until IS NULL"
        " AND first <= :run",
        "SELECT finding, first FROM sight INDEXED BY sight_until WHERE until > :run"
        " AND first <= :run",
    ]
    if carried:
        wanted.append(
            "SELECT finding, first FROM sight INDEXED BY sight_paused WHERE until <= :run"
            " AND (state IN (1, 4) OR fixed > until)"
            " AND (fixed IS NULL OR fixed > :run) AND NOT EXISTS (SELECT 1 FROM sight AS later"
            " WHERE later.finding = sight.finding AND later.first > sight.first"
            " AND later.first <= :run)"
        )
    for host, fingerprint, rule, engine, resource, message, rank, waived in connection.execute(
        "SELECT host, fingerprint, rule, engine, resource, message, severity, waived"
        f" FROM ({' UNION ALL '.join(wanted)}) AS wanted"
        " CROSS JOIN sight ON sight.finding = wanted.finding AND sight.first = wanted.first"
        " CROSS JOIN finding ON finding.id = wanted.finding",
        {"run": run},
    ):
        at = views.get(host)
        if at is not None and at.state != "unreachable":
            at.findings[fingerprint.hex()] = Seen(
                rules[rule], engine, resource, message, SEVERITIES[rank], bool(waived)
            )


def _repairs(times: Iterable[tuple[int, int, int]]) -> Iterator[Repair]:
    """Mean and median by severity, from how many took how long."""
    by_rank: dict[int, list[tuple[int, int]]] = {}
    for rank, seconds, number in times:
        by_rank.setdefault(rank, []).append((seconds, number))
    for rank, severity in enumerate(SEVERITIES):
        took = sorted(by_rank.get(rank, ()))
        total = sum(number for _, number in took)
        if total:
            mean = sum(seconds * number for seconds, number in took) / total
            low, high = _at(took, (total - 1) // 2), _at(took, total // 2)
            median = (low + high) / 2
            yield Repair(severity, total, round(mean / _DAY, 1), round(median / _DAY, 1))


def _at(took: list[tuple[int, int]], position: int) -> int:
    """The value at a position of all, in order."""
    for seconds, number in took:
        if position < number:
            return seconds
        position -= number
    raise IndexError(position)


def _run_since(connection: sqlite3.Connection, limit: int) -> int:
    """The first run that finished at or after a time; beyond all runs if none did."""
    row = connection.execute("SELECT min(id) FROM run WHERE finished >= ?", (limit,)).fetchone()
    return 2**62 if row[0] is None else int(row[0])


def _limit(limit: int | None) -> int:
    return -1 if limit is None else limit


def _now(now: float | None) -> int:
    return int(time.time() if now is None else now)
