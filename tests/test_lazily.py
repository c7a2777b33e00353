"""What is done to a report is the same whether its hosts are in memory or read one by one."""

import datetime
from collections.abc import Sequence

import msgspec
import pytest
from msgspec.structs import replace

from dockeraudit import baseline, drift, notify, waivers
from dockeraudit.history.read import run_number, view
from dockeraudit.history.record import record
from dockeraudit.lazily import Lazily, changed
from dockeraudit.merging import Named, merge
from dockeraudit.policy import summarize
from dockeraudit.report import HostReport, Report
from tests.reports.scans import SCANS, fleet

DAY = datetime.date(2026, 11, 24)
FLEET = fleet(12, 30)


def lazily(report: Report) -> Report:
    hosts = tuple(report.hosts)
    return replace(report, hosts=Lazily(len(hosts), hosts.__getitem__))


def held(report: Report) -> Report:
    return replace(report, hosts=tuple(report.hosts))


def test_a_sequence_like_any_other() -> None:
    hosts = tuple(FLEET.hosts)
    lazy: Sequence[HostReport] = Lazily(len(hosts), hosts.__getitem__)
    assert (tuple(lazy), len(lazy), lazy[3], lazy[-1]) == (hosts, 12, hosts[3], hosts[-1])
    assert (lazy[2:5], lazy[::-1]) == (hosts[2:5], hosts[::-1])
    assert hosts[4] in lazy
    with pytest.raises(IndexError):
        lazy[12]


def test_a_change_is_made_when_a_host_is_read() -> None:
    seen: list[str] = []

    def change(host: HostReport) -> HostReport:
        seen.append(host.target)
        return replace(host, address="changed")

    hosts = changed(lazily(FLEET).hosts, change)
    assert seen == []
    assert hosts[5].address == "changed"
    assert seen == [FLEET.hosts[5].target]
    assert isinstance(changed(FLEET.hosts, change), tuple)


@pytest.mark.parametrize("scan", SCANS)
def test_counted_alike(scan: str) -> None:
    given = SCANS[scan]()
    assert summarize(iter(given.hosts), given.fail_on) == summarize(given.hosts, given.fail_on)


def test_waivers() -> None:
    failed = next(each for host in FLEET.hosts for each in host.results if each.counts)
    entries = (waivers.Entry(failed.check, "*", "known", "ops", DAY),)
    hosts, applied = waivers.apply(lazily(FLEET).hosts, entries, DAY)
    expected, same = waivers.apply(FLEET.hosts, entries, DAY)
    assert (tuple(hosts), applied) == (expected, same)
    assert tuple(hosts) == expected
    assert tuple(hosts) != tuple(FLEET.hosts)


def test_a_baseline() -> None:
    before = baseline.record(lazily(FLEET))
    assert before == baseline.record(FLEET)
    fewer = replace(FLEET, hosts=FLEET.hosts[3:])
    for report in (FLEET, fewer):
        applied = baseline.apply(lazily(report), before)
        assert held(applied) == baseline.apply(report, before)
        assert not isinstance(applied.hosts, tuple)


def test_a_merge() -> None:
    later = replace(FLEET, finished="2027-01-01T00:00:00Z", hosts=FLEET.hosts[6:])
    one, other = Named("one", FLEET), Named("other", later)
    expected = merge([one, other], "high")
    got = merge([Named("one", lazily(FLEET)), other], "high")
    assert replace(got, report=held(got.report)) == expected
    assert not isinstance(got.report.hosts, tuple)


def test_news() -> None:
    found = notify.events(lazily(FLEET), drift.view(SCANS["clean"]()), now=1_800_000_000)
    assert found
    assert found == notify.events(FLEET, drift.view(SCANS["clean"]()), now=1_800_000_000)


def test_a_history(tmp_path: object) -> None:
    paths = [f"{tmp_path}/{name}" for name in ("lazy", "held")]
    done = [record(path, each) for path, each in zip(paths, (lazily(FLEET), FLEET), strict=True)]
    assert done[0] == done[1]
    assert view(paths[0], run_number(paths[0], "last")) == view(
        paths[1], run_number(paths[1], "last")
    )


def test_json_is_read_back_as_a_tuple() -> None:
    from dockeraudit.report import decode

    assert decode(msgspec.json.encode(FLEET)) == FLEET
