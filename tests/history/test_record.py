"""What a history says after runs: first seen, last seen, fixed, and what nobody could tell."""

import os
import tempfile
from collections.abc import Iterator
from itertools import pairwise
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from dockeraudit.drift import View, compare, view
from dockeraudit.history import read
from dockeraudit.history.prune import forget_host, prune
from dockeraudit.history.record import record
from dockeraudit.report import HostReport, Report
from tests.history.reports import (
    DAY,
    START,
    WAIVER,
    certificate,
    found,
    lost,
    moment,
    other,
    partial,
    report,
    scanned,
)
from tests.history.test_drift import PART, kinds, reports

NOW = START + 400 * DAY
A = found("a", "one", "/x")
CLEAN = other("one")


@pytest.fixture
def path(tmp_path: Path) -> str:
    return str(tmp_path / "audit.db")


def days(path: str, *hosts: HostReport) -> None:
    """A run a day, of one host each."""
    for day, host in enumerate(hosts):
        record(path, report(host, day=day), now=NOW)


def fates(path: str) -> list[str]:
    """Each finding with the days it was first seen, last seen, and fixed on."""
    names = {moment(day): str(day) for day in range(20)}
    told = [*read.findings(path, now=NOW).findings, *read.fixed(path, 400, now=NOW).findings]
    return sorted(
        f"{each.resource} {each.severity} {names[each.first_seen]}-{names[each.last_seen]}"
        + (f" fixed {names[each.fixed_at]}" if each.fixed_at else "")
        + ("" if each.seen_now or each.fixed_at else " unseen")
        for each in told
    )


CASES: list[Any] = [
    pytest.param([scanned("a", A)] * 3, ["/x high 0-2"], id="still"),
    pytest.param(
        [scanned("a", A), scanned("a", A), scanned("a", CLEAN)],
        ["/x high 0-1 fixed 2"],
        id="fixed",
    ),
    pytest.param(
        [scanned("a", A), scanned("a", CLEAN), scanned("a", A)],
        ["/x high 0-0 fixed 1", "/x high 2-2"],
        id="it came back",
    ),
    pytest.param([scanned("a", A), lost("a")], ["/x high 0-0 unseen"], id="unreachable"),
    pytest.param(
        [scanned("a", A), lost("a"), scanned("a", A)], ["/x high 0-2"], id="unreachable once"
    ),
    pytest.param(
        [scanned("a", A), lost("a"), scanned("a", CLEAN)],
        ["/x high 0-0 fixed 2"],
        id="unreachable, then fixed",
    ),
    pytest.param(
        [scanned("a", A), partial("a", CLEAN)], ["/x high 0-0 unseen"], id="seen in part"
    ),
    pytest.param(
        [scanned("a", A), partial("a", A)], ["/x high 0-1"], id="seen in part, and still seen"
    ),
    pytest.param(
        [scanned("a", A), scanned("a", other("one", "unknown"))],
        ["/x high 0-0 unseen"],
        id="unknown",
    ),
    pytest.param(
        [scanned("a", A), scanned("a", other("one", "unknown")), lost("a"), scanned("a", CLEAN)],
        ["/x high 0-0 fixed 3"],
        id="unknown, unreachable, then fixed",
    ),
    pytest.param(
        [scanned("a", A), scanned("a", other("one", "unknown")), scanned("a", A)],
        ["/x high 0-2"],
        id="unknown once",
    ),
    pytest.param([scanned("a", A), scanned("a")], ["/x high 0-0 unseen"], id="not selected"),
    pytest.param([scanned("a", A), scanned("b")], ["/x high 0-0"], id="another host"),
    pytest.param(
        [
            scanned("a", found("a", "one", "/x", "/y")),
            scanned("a", found("a", "one", "/x", message=PART)),
        ],
        ["/x high 0-1", "/y high 0-0 unseen"],
        id="a failure that could not read all",
    ),
    pytest.param(
        [
            scanned("a", A),
            scanned("a", found("a", "one", "/x", severity="critical")),
            scanned("a", found("a", "one", "/x", severity="low")),
        ],
        ["/x low 0-2"],
        id="worse, then better",
    ),
    pytest.param(
        [scanned("a", A), scanned("a", found("a", "one", "/x", waiver=WAIVER))],
        ["/x high 0-1"],
        id="waived",
    ),
]  # fmt: skip


@pytest.mark.parametrize(("hosts", "told"), CASES)
def test_fates(path: str, hosts: list[HostReport], told: list[str]) -> None:
    days(path, *hosts)
    assert fates(path) == told


def test_recorded_counts_against_all_that_is_known(path: str) -> None:
    two = found("a", "two", "/z")
    first = record(path, report(scanned("a", A, two), lost("b")), now=NOW)
    assert (first.run_id, first.new, first.still) == (1, 2, 0)
    record(path, report(lost("a"), day=1), now=NOW)
    worse = found("a", "one", "/x", severity="critical")
    third = record(path, report(scanned("a", worse, other("two")), day=2), now=NOW)
    assert (third.new, third.worse, third.fixed, third.unseen) == (0, 1, 1, 0)
    assert kinds(third.drift) == ["worse one /x", "fixed two /z"]
    assert third.drift.changes[0].before == "high"
    run = read.runs(path)[0]
    assert (run.id, run.open["critical"], run.open["high"], run.worse) == (3, 1, 0, 1)


def test_an_unreachable_host_lowers_no_count(path: str) -> None:
    days(path, scanned("a", A), lost("a"))
    assert [run.open["high"] for run in read.runs(path)] == [1, 1]
    assert [(run.unreachable, run.unseen) for run in read.runs(path)] == [(1, 1), (0, 0)]


def test_waived_findings_are_counted_apart(path: str) -> None:
    days(path, scanned("a", found("a", "one", "/x", waiver=WAIVER)))
    (run,) = read.runs(path)
    assert (sum(run.open.values()), run.waived) == (0, 1)
    assert read.findings(path, now=NOW).findings[0].waived


def test_later_evidence_is_not_undone_by_earlier(path: str) -> None:
    """Two scans overlapped, and the one that began first is recorded last."""
    record(path, report(scanned("a", A, collected_at=moment(2)), day=2), now=NOW)
    late = record(path, report(scanned("a", CLEAN, collected_at=moment(1)), day=3), now=NOW)
    assert late.stale == ("a",)
    assert (late.fixed, late.unseen) == (0, 1)
    assert fates(path) == ["/x high 2-2 unseen"]


def test_a_clock_that_was_wrong_once_does_not_stop_the_history(path: str) -> None:
    future = scanned("a", A, collected_at=moment(4000))
    record(path, report(future, day=1), now=NOW)
    right = record(path, report(scanned("a", CLEAN), day=2), now=NOW)
    assert (right.stale, right.fixed) == ((), 1)


def test_repairs_have_a_mean_and_a_median(path: str) -> None:
    all_ = ("/1", "/2", "/3", "/4")
    for day, left in ((0, 4), (1, 3), (2, 2), (9, 0)):
        results = found("a", "one", *all_[:left]) if left else CLEAN
        record(path, report(scanned("a", results), day=day), now=NOW)
    answer = read.fixed(path, 400, now=NOW)
    assert [(r.severity, r.fixed, r.mean_days, r.median_days) for r in answer.repairs] == [
        ("high", 4, 5.2, 5.5)
    ]
    assert read.fixed(path, 1, now=NOW).total == 0
    assert read.fixed(path, 400, host="b*", now=NOW).total == 0


def test_trend_is_of_the_last_days(path: str) -> None:
    days(path, scanned("a", A), lost("a"), scanned("a", CLEAN))
    trend = read.trend(path, 2, now=START + 3 * DAY)
    assert [(point.time, point.open["high"], point.missed) for point in trend.points] == [
        (moment(1), 1, 1),
        (moment(2), 0, 0),
    ]
    assert [each.fixed for each in trend.repairs] == [1]


def test_worse_names_what_rose_and_what_grew(path: str) -> None:
    days(
        path,
        scanned("a", A, other("two")),
        scanned("a", found("a", "one", "/x", severity="critical"), found("a", "two", "/1", "/2")),
    )
    answer = read.worse(path, 400, now=NOW)
    assert [(r.before, r.finding.severity, r.at) for r in answer.rises] == [
        ("high", "critical", moment(1))
    ]
    assert [(g.name, g.new, g.fixed) for g in answer.checks] == [("two", 2, 0)]
    assert [(g.name, g.new) for g in answer.hosts] == [("a", 2)]


@pytest.mark.parametrize(
    ("chosen", "count"),
    [
        ({}, 3),
        ({"severity": "high"}, 2),
        ({"check": "o*"}, 2),
        ({"host": "b"}, 1),
        ({"host": "b", "check": "two"}, 0),
        ({"limit": 1}, 3),
    ],
)
def test_findings_can_be_chosen(path: str, chosen: dict[str, Any], count: int) -> None:
    low = found("a", "two", "/y", severity="low")
    record(path, report(scanned("a", A, low), scanned("b", found("b", "one", "/x"))), now=NOW)
    page = read.findings(path, now=NOW, **chosen)
    assert page.total == count
    assert len(page.findings) == min(count, chosen.get("limit", count))


def expiring(day: float) -> HostReport:
    end = int(START + day * DAY)
    return scanned("a", A, certificates=(certificate("/tls/server.pem", end),))


def test_calendar(path: str) -> None:
    days(path, expiring(405))
    (end,) = read.calendar(path, now=NOW)
    assert (end.host, end.place, end.role, end.engine, end.subject, end.ends) == (
        "a", "/tls/server.pem#1", "daemon", "docker", "CN=web", moment(405),
    )  # fmt: skip
    assert read.calendar(path, 0, now=NOW) == ()
    assert read.calendar(path, host="b", now=NOW) == ()
    record(path, report(lost("a"), day=1), now=NOW)
    record(path, report(scanned("a"), day=2), now=NOW)
    assert len(read.calendar(path, now=NOW)) == 1, "nobody looked"
    record(path, report(expiring(600), day=3), now=NOW)
    assert [each.ends for each in read.calendar(path, now=NOW)] == [moment(600)]
    record(path, report(partial("a", certificates=()), day=4), now=NOW)
    assert len(read.calendar(path, now=NOW)) == 1, "seen in part"
    record(path, report(scanned("a", certificates=()), day=5), now=NOW)
    assert read.calendar(path, now=NOW) == ()


def test_hostile_text_is_kept_as_it_can_be(path: str) -> None:
    evil = "/\udc80\ud83d\x00\x1b[2J" + "A" * 100_000
    host = scanned(evil, found(evil, "one", evil, message=evil), hostname=evil)
    record(path, report(host), now=NOW)
    record(path, report(host, day=1), now=NOW)
    (each,) = read.findings(path, now=NOW).findings
    assert each.seen_now
    each.message.encode()
    assert len(each.message) < 1000
    assert len(each.host) < 5000


# -- pruning ------------------------------------------------------------------------------------


def test_prune_keeps_what_is_open_and_the_counts(path: str) -> None:
    days(
        path,
        scanned("a", found("a", "one", "/x", "/y")),
        scanned("a", A),
        scanned("a", A),
        scanned("a", A),
    )
    now = START + 3 * DAY + 3600
    assert prune(path, 2, now=now) == 2
    assert fates(path) == ["/x high 0-3"]
    assert [(run.id, run.whole, run.open["high"]) for run in read.runs(path)] == [
        (4, True, 1), (3, True, 1), (2, False, 1), (1, False, 2),
    ]  # fmt: skip
    assert kinds(compare(read.view(path, 3), read.view(path, 4))) == ["still one /x"]
    assert prune(path, 2, now=now) == 0
    after = record(path, report(scanned("a", CLEAN), day=4), now=NOW)
    assert (after.run_id, after.fixed) == (5, 1)


def test_prune_forgets_hosts_that_left_and_keeps_those_that_do_not_answer(path: str) -> None:
    gone, silent = found("gone", "one", "/x"), found("silent", "one", "/x")
    record(path, report(scanned("gone", gone), scanned("silent", silent)), now=NOW)
    for day in range(1, 6):
        record(path, report(lost("silent"), day=day), now=NOW, keep=None)
    prune(path, 2, now=START + 5 * DAY)
    assert [each.host for each in read.findings(path, now=NOW).findings] == ["silent"]
    back = record(path, report(scanned("silent", silent), day=6), now=NOW)
    assert (back.new, back.still) == (0, 1)


def test_prune_gives_the_space_back(path: str) -> None:
    many = [f"/{number}" for number in range(2000)]
    days(path, scanned("a", found("a", "one", *many)), scanned("a", CLEAN), scanned("a", CLEAN))
    before = os.path.getsize(path)
    prune(path, 1, now=START + 3 * DAY)
    assert os.path.getsize(path) < before / 3


def test_keep_prunes_while_recording(path: str) -> None:
    days(path, scanned("a", A), scanned("a", A))
    record(path, report(scanned("a", A), day=30), now=START + 30 * DAY, keep=7)
    assert [run.whole for run in read.runs(path)] == [True, False, False]


def test_a_host_can_be_forgotten(path: str) -> None:
    record(path, report(scanned("a", A), scanned("b", found("b", "one", "/x"))), now=NOW)
    assert forget_host(path, "a")
    assert not forget_host(path, "a")
    assert [each.host for each in read.findings(path, now=NOW).findings] == ["b"]
    record(path, report(scanned("a", A), scanned("b"), day=1), now=NOW)


# -- laws ---------------------------------------------------------------------------------------


@st.composite
def sequences(draw: st.DrawFn) -> list[Report]:
    return [draw(reports(day=day)) for day in range(draw(st.integers(2, 6)))]


def shape(hosts: View) -> dict[str, Any]:
    """A view without what only the last sight keeps."""
    return {
        name: (
            host.state,
            host.checks,
            {check: (gap.status, gap.severity) for check, gap in host.gaps.items()},
            {key: (seen.check, seen.severity, seen.waived) for key, seen in host.findings.items()},
        )
        for name, host in hosts.items()
    }


CHECK_OF = {
    key: seen.check
    for host in "abc"
    for check in ("one", "two", "three")
    for key, seen in view(report(scanned(host, found(host, check, "/x", "/y"))))[
        host
    ].findings.items()
}


@pytest.fixture(scope="module")
def folder() -> Iterator[str]:
    with tempfile.TemporaryDirectory() as name:
        yield name


@settings(max_examples=30, deadline=None)
@given(sequences())
def test_every_run_can_be_told_again(folder: str, given: list[Report]) -> None:
    path = os.path.join(folder, f"{os.urandom(8).hex()}.db")
    runs = [record(path, each, now=NOW).run_id for each in given]
    for run, each in zip(runs, given, strict=True):
        assert shape(read.view(path, run)) == shape(view(each))
    before, after = view(given[-2]), view(given[-1])
    told = compare(read.view(path, runs[-2]), read.view(path, runs[-1]))
    assert kinds(told) == kinds(compare(before, after))


@st.composite
def fleets(draw: st.DrawFn) -> list[Report]:
    """Runs that all name the same hosts, whether these answer or not."""
    given = []
    for day in range(draw(st.integers(2, 6))):
        hosts = {host.target: host for host in draw(reports(day=day)).hosts}
        given.append(report(*(hosts.get(name, lost(name)) for name in "abc"), day=day))
    return given


@settings(max_examples=30, deadline=None)
@given(fleets())
def test_what_recording_told_can_be_told_again(folder: str, given: list[Report]) -> None:
    """Against what was known before the run, unseen findings included."""
    path = os.path.join(folder, f"{os.urandom(8).hex()}.db")
    done = [record(path, each, now=NOW) for each in given]
    for before, after in pairwise(done):
        again = compare(read.view(path, before.run_id, carried=True), read.view(path, after.run_id))
        assert kinds(again) == kinds(after.drift)


@settings(max_examples=30, deadline=None)
@given(sequences())
def test_a_history_is_what_its_runs_add_up_to(folder: str, given: list[Report]) -> None:
    """Against a model: a dictionary of what is open, changed by each run's comparison."""
    path = os.path.join(folder, f"{os.urandom(8).hex()}.db")
    open: dict[tuple[str, str], tuple[str, str]] = {}
    for day, each in enumerate(given):
        record(path, each, now=NOW)
        for name, host in view(each).items():
            for key in host.findings:
                first = open.get((name, key), (moment(day), ""))[0]
                open[name, key] = (first, moment(day))
        for name, key in list(open):
            at = view(each).get(name)
            if at is not None and at.state == "scanned" and key not in at.findings:
                check = CHECK_OF[key]
                if check in at.checks and check not in at.gaps:
                    del open[name, key]
    told = {
        (each.host, each.fingerprint): (each.first_seen, each.last_seen)
        for each in read.findings(path, now=NOW).findings
    }
    assert told == open
