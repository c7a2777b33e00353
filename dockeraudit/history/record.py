"""Adds a run to a history: what is known is compared with the report, and the changes are kept."""

import json
import os
import sqlite3
import time
from collections import Counter
from collections.abc import Iterable
from datetime import datetime

import msgspec
from msgspec import Struct

from dockeraudit.drift import RANK, Change, Drift, Gap, HostView, Seen, compare, names, view
from dockeraudit.history.certificates import CertificateEnd, ends
from dockeraudit.history.file import HistoryError, shrink, writing
from dockeraudit.history.prune import forget_before
from dockeraudit.history.schema import CHANGED, FIXED, RESUMED, SEEN, UNSEEN
from dockeraudit.output import clipped, whole_characters
from dockeraudit.report import SEVERITIES, HostReport, Report

_TEXT = 500
_NAMES = 1000


class Recorded(Struct, frozen=True):
    """What a run changed, against all that the history knew of its hosts."""

    run_id: int
    new: int
    fixed: int
    worse: int
    better: int
    still: int
    unseen: int
    """Known findings of which this run could not tell."""
    stale: tuple[str, ...]
    """Hosts of which the history already has later evidence: this run said nothing of them."""
    drift: Drift


class _Open(Struct):
    """A finding that is not fixed, as the file holds it."""

    finding: int
    first: int
    last: int | None
    since: int
    state: int
    seen: Seen


class _Host(Struct):
    """What is known of a host of this run."""

    id: int
    seen: int | None
    view: HostView | None
    open: dict[str, _Open]
    gaps: dict[str, tuple[int, Gap]]
    """By check: the run since which, and the gap."""


def record(
    path: str | os.PathLike[str],
    report: Report,
    keep: int | None = None,
    now: float | None = None,
) -> Recorded:
    """Add a report to the history, which is made if there is none.

    `keep`: forget what is older than so many days. Recording is one transaction, and may be done
    by several processes at once.

    Raises:
        HistoryError: the file can't be used, or could not be written.
    """
    now = time.time() if now is None else now
    try:
        started, finished = seconds(report.started), seconds(report.finished)
    except ValueError as error:
        raise HistoryError(os.fspath(path), f"the report's time: {error}", "scan again") from error
    views = {_name(name): each for name, each in view(report).items()}
    reports = _reports(report)
    with writing(path) as connection:
        stale = _stale(connection, reports, int(now))
        for name in stale:
            views[name] = HostView(name, "unreachable", "stale: later evidence is known already")
        writer = _Writer(connection, views, reports, stale)
        recorded = writer.write(report, started, finished)
        if keep is not None:
            forget_before(connection, int(now) - keep * 86400)
    if keep is not None:
        shrink(path)
    return recorded


def seconds(text: str) -> int:
    """A report's time in seconds since the epoch."""
    return int(datetime.fromisoformat(text).timestamp())


class _Writer:
    """One run on its way into the file."""

    def __init__(
        self,
        connection: sqlite3.Connection,
        views: dict[str, HostView],
        reports: dict[str, HostReport],
        stale: tuple[str, ...],
    ) -> None:
        self._sql = connection
        self._views = views
        self._reports = reports
        self._stale = stale
        self._rules = _Names(connection, "rule", "name")
        self._selections = _Names(connection, "selection", "checks")
        self._hosts = self._known()

    def write(self, report: Report, started: int, finished: int) -> Recorded:
        """Everything there is to write, in the order that foreign keys ask for."""
        known = {name: host.view for name, host in self._hosts.items() if host.view is not None}
        drift = compare(known, self._views)
        run = self._run(report, started, finished, drift)
        self._visits(run)
        self._findings(run, finished, drift)
        self._gaps(run)
        self._certificates()
        self._seen(run)
        return Recorded(
            run,
            new=drift.count("new"),
            fixed=drift.count("fixed"),
            worse=drift.count("worse"),
            better=drift.count("better"),
            still=drift.count("still"),
            unseen=drift.count("unreachable") + drift.count("unassessed"),
            stale=self._stale,
            drift=drift,
        )

    def _known(self) -> dict[str, _Host]:
        """Each host of the run as it was last seen; a row is made for one that is new."""
        hosts: dict[str, _Host] = {}
        for name in self._views:
            given = self._reports.get(name)
            self._sql.execute(
                "INSERT INTO host (name, hostname, address) VALUES (?, ?, ?)"
                " ON CONFLICT (name) DO NOTHING",
                (
                    name,
                    _text(given.hostname if given else ""),
                    _text(given.address if given else ""),
                ),
            )
            id, seen = self._sql.execute(
                "SELECT id, seen FROM host WHERE name = ?", (name,)
            ).fetchone()
            hosts[name] = _Host(id, seen, None, {}, {})
        checks = {
            id: frozenset(json.loads(text))
            for id, text in self._sql.execute("SELECT id, checks FROM selection")
        }
        rules = dict(self._sql.execute("SELECT id, name FROM rule"))
        for name, host in hosts.items():
            _load(self._sql, host, rules, self._views[name])
        for name, host in hosts.items():
            if host.seen is not None:
                state, reason, selection = self._sql.execute(
                    "SELECT state, reason, selection FROM visit WHERE host = ? AND run <= ?"
                    " ORDER BY run DESC LIMIT 1",
                    (host.id, host.seen),
                ).fetchone()
                host.view = HostView(
                    target=name,
                    state=state,
                    reason=reason,
                    checks=checks.get(selection, frozenset()),
                    gaps={check: gap for check, (_, gap) in host.gaps.items()},
                    findings={key: each.seen for key, each in host.open.items()},
                )
        return hosts

    def _run(self, report: Report, started: int, finished: int, drift: Drift) -> int:
        states = [each.state for each in self._views.values()]
        open, waived = self._open(drift)
        row: dict[str, object] = {
            "started": started,
            "finished": finished,
            "profile": _text(report.profile),
            "fail_on": report.fail_on,
            "tool": _text(report.tool.version),
            "exit_code": report.summary.exit_code,
            "fleet": self._fleet(),
            **{state: states.count(state) for state in ("scanned", "partial", "unreachable")},
            **dict(zip(SEVERITIES, open, strict=True)),
            "waived": waived,
            **{kind: drift.count(kind) for kind in ("new", "worse", "fixed", "better", "still")},
            "unseen": drift.count("unreachable") + drift.count("unassessed"),
        }
        columns, marks = ", ".join(row), ", ".join("?" * len(row))
        cursor = self._sql.execute(
            f"INSERT INTO run ({columns}) VALUES ({marks})", tuple(row.values())
        )
        assert cursor.lastrowid
        return cursor.lastrowid

    def _open(self, drift: Drift) -> tuple[list[int], int]:
        """What is open on the run's hosts by severity, unseen ones included; and the waived."""
        counts, waived = [0] * len(SEVERITIES), 0
        for change in drift.changes:
            if change.kind == "fixed" or not change.fingerprint:
                continue
            if change.waived:
                waived += 1
            else:
                counts[RANK[change.severity]] += 1
        return counts, waived

    def _fleet(self) -> int:
        """The run's set of hosts."""
        ids = sorted(host.id for host in self._hosts.values())
        return _Names(self._sql, "fleet", "hosts").id(_compact(ids))

    def _visits(self, run: int) -> None:
        """A row only where a host's state differs from its last visit's."""
        for name, host in self._hosts.items():
            now = self._views[name]
            selection = None
            if now.state != "unreachable":
                selection = self._selections.id(_compact(sorted(now.checks)))
            last = self._sql.execute(
                "SELECT state, reason, selection FROM visit WHERE host = ?"
                " ORDER BY run DESC LIMIT 1",
                (host.id,),
            ).fetchone()
            row = (now.state, _text(now.reason), selection)
            if last != row:
                self._sql.execute("INSERT INTO visit VALUES (?, ?, ?, ?, ?)", (host.id, run, *row))

    def _findings(self, run: int, finished: int, drift: Drift) -> None:
        starts = dict(self._sql.execute("SELECT id, finished FROM run"))
        new: list[Change] = []
        for change in drift.changes:
            host = self._hosts[change.host]
            known = host.open.get(change.fingerprint)
            if change.kind == "new":
                new.append(change)
            elif known is None:
                continue
            elif change.kind == "fixed":
                self._sql.execute(
                    "UPDATE sight SET state = ?, last = ?, until = coalesce(until, ?), fixed = ?,"
                    " seconds = ? WHERE finding = ? AND first = ?",
                    (
                        FIXED,
                        known.last or host.seen,
                        run,
                        run,
                        max(finished - starts[known.since], 0),
                        known.finding,
                        known.first,
                    ),
                )
            elif change.kind in ("still", "worse", "better"):
                self._seen_again(run, host, known, change)
            elif change.kind == "unassessed" and known.state == SEEN:
                self._sql.execute(
                    "UPDATE sight SET state = ?, last = ?, until = ?"
                    " WHERE finding = ? AND first = ?",
                    (UNSEEN, host.seen, run, known.finding, known.first),
                )
        for change in new:
            self._first_seen(run, change)
        self._moves(run, new, drift.of("fixed"))

    def _moves(self, run: int, new: Iterable[Change], gone: Iterable[Change]) -> None:
        """How many came and went, by check and by host; not those that nobody could see before."""
        by_rule, by_host = Counter[tuple[int, bool]](), Counter[tuple[int, bool]]()
        for changes, went in ((new, False), (gone, True)):
            for change in changes:
                if change.reason:
                    continue
                by_rule[self._rules.id(_text(change.check)), went] += 1
                by_host[self._hosts[change.host].id, went] += 1
        for table, counts in (("rule_move", by_rule), ("host_move", by_host)):
            self._sql.executemany(
                f"INSERT INTO {table} VALUES (?, ?, ?, ?)",
                [
                    (run, id, counts[id, False], counts[id, True])
                    for id in sorted({id for id, _ in counts})
                ],
            )

    def _seen_again(self, run: int, host: _Host, known: _Open, change: Change) -> None:
        message = _text(change.message)
        if message != known.seen.message:
            self._sql.execute(
                "UPDATE finding SET message = ? WHERE id = ?", (message, known.finding)
            )
        before = known.seen
        if known.state == SEEN and (before.severity, before.waived) == (
            change.severity,
            change.waived,
        ):
            return
        self._sql.execute(
            "UPDATE sight SET state = ?, last = ?, until = coalesce(until, ?)"
            " WHERE finding = ? AND first = ?",
            (
                CHANGED if known.state == SEEN else RESUMED,
                known.last or host.seen,
                run,
                known.finding,
                known.first,
            ),
        )
        earlier = RANK[before.severity] if before.severity != change.severity else None
        self._sight(run, known.finding, known.since, change, earlier)

    def _first_seen(self, run: int, change: Change) -> None:
        """A finding that is not open; it may have been there before and come back."""
        host = self._hosts[change.host].id
        fingerprint = bytes.fromhex(change.fingerprint)
        rule = self._rules.id(_text(change.check))
        row = (host, fingerprint, rule, _text(change.engine), _name(change.resource, _NAMES))
        self._sql.execute(
            "INSERT INTO finding (host, fingerprint, rule, engine, resource, message)"
            " VALUES (?, ?, ?, ?, ?, ?)"
            " ON CONFLICT (host, fingerprint) DO UPDATE SET message = excluded.message",
            (*row, _text(change.message)),
        )
        (finding,) = self._sql.execute(
            "SELECT id FROM finding WHERE host = ? AND fingerprint = ?", (host, fingerprint)
        ).fetchone()
        self._sight(run, finding, run, change, None)

    def _sight(
        self, run: int, finding: int, since: int, change: Change, earlier: int | None
    ) -> None:
        self._sql.execute(
            "INSERT INTO sight (finding, first, since, state, severity, earlier, waived)"
            " VALUES (?, ?, ?, ?, ?, ?, ?)",
            (finding, run, since, SEEN, RANK[change.severity], earlier, change.waived),
        )

    def _gaps(self, run: int) -> None:
        for name, host in self._hosts.items():
            now = self._views[name]
            if now.state == "unreachable":
                continue
            for check, (first, gap) in host.gaps.items():
                after = now.gaps.get(check)
                key = (host.id, self._rules.id(check), first)
                if after is None or (after.status, after.severity) != (gap.status, gap.severity):
                    self._sql.execute(
                        "UPDATE gap SET until = ? WHERE host = ? AND rule = ? AND first = ?",
                        (run, *key),
                    )
                elif _text(after.reason) != gap.reason:
                    self._sql.execute(
                        "UPDATE gap SET reason = ? WHERE host = ? AND rule = ? AND first = ?",
                        (_text(after.reason), *key),
                    )
            for check, gap in now.gaps.items():
                before = host.gaps.get(check)
                if before and (before[1].status, before[1].severity) == (gap.status, gap.severity):
                    continue
                self._sql.execute(
                    "INSERT INTO gap (host, rule, first, status, severity, reason)"
                    " VALUES (?, ?, ?, ?, ?, ?)",
                    (
                        host.id,
                        self._rules.id(_text(check)),
                        run,
                        gap.status,
                        RANK[gap.severity],
                        _text(gap.reason),
                    ),
                )

    def _certificates(self) -> None:
        """A host's certificates as they are now; a host seen in part takes none away."""
        for name, report in self._reports.items():
            if name in self._stale or report.state == "unreachable":
                continue
            found = ends(report)
            if found is None:
                continue
            host = self._hosts[name].id
            now = {_certificate(host, each) for each in found}
            before = set(
                self._sql.execute(
                    "SELECT host, place, role, engine, subject, ends FROM certificate"
                    " WHERE host = ?",
                    (host,),
                )
            )
            if report.state == "scanned":
                self._sql.executemany(
                    "DELETE FROM certificate WHERE host = ? AND place = ? AND role = ?"
                    " AND engine = ?",
                    [row[:4] for row in before - now],
                )
            self._sql.executemany(
                "INSERT OR REPLACE INTO certificate VALUES (?, ?, ?, ?, ?, ?)", now - before
            )

    def _seen(self, run: int) -> None:
        """When each host last gave evidence, and how it is called now."""
        self._sql.executemany(
            "UPDATE host SET seen = ?, collected = ?, hostname = ?, address = ? WHERE id = ?",
            [
                (
                    run,
                    _collected(self._reports[name]),
                    _text(self._reports[name].hostname),
                    _text(self._reports[name].address),
                    self._hosts[name].id,
                )
                for name, now in self._views.items()
                if now.state != "unreachable"
            ],
        )


class _Names:
    """Texts that are kept once, and the numbers they go by."""

    def __init__(self, connection: sqlite3.Connection, table: str, column: str) -> None:
        self._sql = connection
        self._table = table
        self._column = column
        self._ids: dict[str, int] = {}

    def id(self, text: str) -> int:
        """The text's number; it gets one where it has none."""
        if text not in self._ids:
            self._sql.execute(
                f"INSERT INTO {self._table} ({self._column}) VALUES (?)"
                f" ON CONFLICT ({self._column}) DO NOTHING",
                (text,),
            )
            (self._ids[text],) = self._sql.execute(
                f"SELECT id FROM {self._table} WHERE {self._column} = ?", (text,)
            ).fetchone()
        return self._ids[text]


def _load(
    connection: sqlite3.Connection, host: _Host, rules: dict[int, str], now: HostView
) -> None:
    """The open findings and gaps of a host; what is as it is now is not held a second time."""
    keys = {key: key for key in now.findings}
    for row in connection.execute(
        "SELECT finding.id, fingerprint, rule, engine, resource, message, first, last, since,"
        " state, severity, waived FROM finding CROSS JOIN sight ON sight.finding = finding.id"
        " WHERE finding.host = ? AND state < ?",
        (host.id, FIXED),
    ):
        (
            id,
            fingerprint,
            rule,
            engine,
            resource,
            message,
            first,
            last,
            since,
            state,
            rank,
            waived,
        ) = row
        seen = Seen(rules[rule], engine, resource, message, SEVERITIES[rank], bool(waived))
        key = fingerprint.hex()
        same = now.findings.get(key)
        known = _Open(id, first, last, since, state, same if same == seen else seen)
        host.open[keys.get(key, key)] = known
    for rule, first, status, rank, reason in connection.execute(
        "SELECT rule, first, status, severity, reason FROM gap WHERE host = ? AND until IS NULL",
        (host.id,),
    ):
        gap = Gap(status, SEVERITIES[rank], reason)
        still = now.gaps.get(rules[rule])
        host.gaps[rules[rule]] = (first, still if still == gap else gap)


def _reports(report: Report) -> dict[str, HostReport]:
    """The report of each host by the name it is told apart by; of two looks the later one.

    Without what the history keeps nothing of, and results, of which the views have what it keeps.
    """
    reports: dict[str, HostReport] = {}
    for name, host in zip(names(report), report.hosts, strict=True):
        other = reports.get(_name(name))
        if other is None or (host.collected_at or "") >= (other.collected_at or ""):
            reports[_name(name)] = msgspec.structs.replace(
                host, results=(), listeners=(), engines=(), os={}, labels={}, groups=()
            )
    return reports


def _stale(
    connection: sqlite3.Connection, reports: dict[str, HostReport], now: int
) -> tuple[str, ...]:
    """Hosts of which later evidence is known: two scans overlapped, or an old file was judged.

    A time that is yet to come shows a clock that was wrong once, and counts for nothing.
    """
    late = []
    for name, host in reports.items():
        collected = _collected(host)
        known = connection.execute("SELECT collected FROM host WHERE name = ?", (name,)).fetchone()
        if host.state == "unreachable" or collected is None or not known or known[0] is None:
            continue
        if collected < known[0] <= now:
            late.append(name)
    return tuple(late)


def _collected(host: HostReport) -> int | None:
    try:
        return seconds(host.collected_at) if host.collected_at else None
    except ValueError:
        return None


def _certificate(host: int, each: CertificateEnd) -> tuple[int, str, str, str, str, int]:
    place, subject = _name(each.place, _NAMES), _text(each.subject)
    return host, place, _text(each.role), _text(each.engine), subject, each.ends


def _compact(value: object) -> str:
    return msgspec.json.encode(value).decode()


def _text(text: str) -> str:
    """Text from a host, as the file can hold it."""
    return whole_characters(clipped(text, _TEXT))


def _name(text: str, limit: int = 4096) -> str:
    return whole_characters(clipped(text, limit))
