"""Saved reports merged: each host once, from where it was seen last, and an honest exit code."""

from typing import Any

import msgspec
import pytest

from dockeraudit.merging import Named, merge
from dockeraudit.policy import summarize
from dockeraudit.report import HostReport, Report, ReportedWaiver, Waiver
from tests.reports.scans import SCANS, baseline, host, report, result, trend, unreachable

OPEN = result("tls-verify-enabled", "fail", "no client certificate", proofs=((),), resource="a")


def scanned(*hosts: HostReport, **changes: Any) -> Report:
    """A report with the summary that the engine would give it."""
    made = report(*hosts, **changes)
    if "summary" in changes:
        return made
    return msgspec.structs.replace(made, summary=summarize(hosts, made.fail_on))


def named(**reports: Report) -> list[Named]:
    return [Named(name, each) for name, each in reports.items()]


def away(target: str) -> HostReport:
    return unreachable(target, "timeout", "no answer", "wait")


@pytest.mark.parametrize("scan", SCANS)
def test_one_report_stays_what_it_is(scan: str) -> None:
    given = scanned(*SCANS[scan]().hosts)
    merged = merge(named(one=given))
    assert merged.report == given
    assert merged.superseded == ()
    assert merged.notes == ()


def test_shards_become_one_scan() -> None:
    merged = merge(
        named(east=scanned(host("a"), host("b", OPEN)), west=scanned(host("c"), away("d")))
    )
    assert [each.target for each in merged.report.hosts] == ["a", "b", "c", "d"]
    assert merged.report.summary == summarize(merged.report.hosts, "low")
    assert merged.report.summary.exit_code == 1
    assert merged.superseded == ()


@pytest.mark.parametrize("order", [("old", "new"), ("new", "old")])
def test_the_last_look_at_a_host_counts(order: tuple[str, str]) -> None:
    looks = {
        "old": scanned(host("a", OPEN, collected_at="2026-11-23T06:00:00Z")),
        "new": scanned(host("a", collected_at="2026-11-24T06:00:00Z")),
    }
    merged = merge([Named(name, looks[name]) for name in order])
    (kept,) = merged.report.hosts
    assert kept.collected_at == "2026-11-24T06:00:00Z"
    assert merged.report.summary.exit_code == 0
    (older,) = merged.superseded
    assert (older.target, older.name, older.kept) == ("a", "old", "new")


@pytest.mark.parametrize("order", [("seen", "not"), ("not", "seen")])
def test_a_host_that_was_not_reached_takes_no_place(order: tuple[str, str]) -> None:
    looks = {"seen": scanned(host("a")), "not": scanned(away("a"), finished="2026-11-25T06:00:00Z")}
    merged = merge([Named(name, looks[name]) for name in order])
    assert merged.report.summary.hosts.scanned == 1
    assert merged.report.summary.exit_code == 0
    assert merged.superseded[0].collected_at is None


def test_local_of_two_machines_is_two_hosts() -> None:
    one, other = host("local", hostname="web1"), host("local", OPEN, hostname="web2")
    merged = merge(named(web1=scanned(one), web2=scanned(other)))
    assert [each.hostname for each in merged.report.hosts] == ["web1", "web2"]
    assert merged.superseded == ()


def test_times_are_those_of_all() -> None:
    early = scanned(host("a"), started="2026-11-22T06:00:00Z", finished="2026-11-22T06:10:00Z")
    report = merge(named(late=scanned(host("b")), early=early)).report
    assert (report.started, report.finished) == ("2026-11-22T06:00:00Z", "2026-11-24T06:15:41Z")


def test_each_host_keeps_its_profile_and_its_level() -> None:
    strict = scanned(host("a", OPEN), profile="strict", fail_on="critical")
    merged = merge(named(strict=strict, daemon=scanned(host("b"))))
    first, second = merged.report.hosts
    assert (first.profile, first.fail_on) == ("", None)
    assert (second.profile, second.fail_on) == ("daemon", "low")
    assert merged.report.profile == "strict"
    assert merged.report.summary.exit_code == 0, "high is below critical, which was asked for"
    assert [note.partition(":")[0] for note in merged.notes] == [
        "the profiles differ",
        "--fail-on differs",
    ]


def test_another_level_may_be_asked_for() -> None:
    strict = scanned(host("a", OPEN), fail_on="critical")
    report = merge(named(strict=strict, other=scanned(host("b", fail_on="none"))), "high").report
    assert report.summary.exit_code == 1
    assert (report.fail_on, [each.fail_on for each in report.hosts]) == ("high", [None, None])


def ended(given: Report, code: int, rule: str) -> Report:
    return msgspec.structs.replace(
        given, summary=msgspec.structs.replace(given.summary, exit_code=code, rule=rule)
    )


def test_a_report_that_was_not_complete_makes_none_that_is() -> None:
    lost = ended(scanned(host("a")), 3, "a file of checks left out: x.py")
    merged = merge(named(lost=lost, whole=scanned(host("b")))).report.summary
    assert merged.exit_code == 3
    assert "lost: a file of checks left out: x.py" in merged.rule
    worse = merge(named(lost=lost, whole=scanned(host("b", OPEN)))).report.summary
    assert worse.exit_code == 1


def test_an_interrupted_scan_is_complete_once_its_hosts_were_seen() -> None:
    stopped = ended(scanned(host("a"), away("b")), 130, "interrupted")
    alone = merge(named(stopped=stopped)).report.summary
    assert (alone.exit_code, "interrupted" in alone.rule) == (3, True)
    assert merge(named(stopped=stopped, again=scanned(host("b")))).report.summary.exit_code == 0


ENTRY = ReportedWaiver(
    "tls-verify-enabled", "*", "", "why", "me", "2027-01-31", "", "w.toml:1", "active", 1
)


def waived(target: str) -> HostReport:
    waiver = Waiver("why", "me", "2027-01-31")
    finding = msgspec.structs.replace(OPEN.findings[0], waiver=waiver)
    return host(target, msgspec.structs.replace(OPEN, findings=(finding,), waiver=waiver))


def test_waivers_are_counted_over_the_hosts_that_are_left() -> None:
    unused = msgspec.structs.replace(ENTRY, state="unused", findings=0)
    old = scanned(waived("a"), waived("b"), waivers=(msgspec.structs.replace(ENTRY, findings=2),))
    again = host("b", collected_at="2026-11-25T06:00:00Z")
    merged = merge(named(old=old, new=scanned(again, waivers=(unused,)))).report
    assert merged.waivers == (ENTRY,)
    gone = merge(
        named(one=scanned(host("a"), waivers=(unused,)), two=scanned(host("b"), waivers=(unused,)))
    )
    assert gone.report.waivers == (unused,)
    assert merged.summary.results["waived"] == 1


def test_what_speaks_of_one_run_is_left_out_and_said() -> None:
    followed = scanned(host("a"), baseline=baseline(1), trend=trend(3))
    assert merge(named(one=followed)).report.baseline is not None
    merged = merge(named(one=followed, two=scanned(host("b"))))
    assert (merged.report.baseline, merged.report.trend) == (None, None)
    assert len(merged.notes) == 2


def test_nothing_is_no_report() -> None:
    with pytest.raises(ValueError, match="no report"):
        merge([])
