"""JSON lines: each is whole, short enough for syslog, and all of them are the report."""

import json
import re
from datetime import datetime
from functools import cache
from typing import Any

import msgspec
import pytest

from dockeraudit.plugins import writer
from dockeraudit.report import Proof, Waiver
from tests.reports.scans import SCANS, host, report, result

CONTROL = re.compile(r"[\x00-\x1f\x7f-\x9f\u2028\u2029]")


@cache
def text(scan: str) -> str:
    return "".join(writer("jsonl").render(SCANS[scan]()))


def records(scan: str) -> list[dict[str, Any]]:
    return [json.loads(line) for line in text(scan).removesuffix("\n").split("\n")]


@pytest.mark.parametrize("scan", SCANS)
def test_every_line_is_one_record(scan: str) -> None:
    page = text(scan)
    assert page.endswith("}\n")
    for line in page.removesuffix("\n").split("\n"):
        assert len(line.encode()) <= 8000
        assert not CONTROL.search(line)
        assert isinstance(json.loads(line), dict)


@pytest.mark.parametrize("scan", SCANS)
def test_every_record_stands_alone(scan: str) -> None:
    for record in records(scan):
        assert record["program"] == "dockeraudit"
        assert record["type"] in {"scan", "host", "finding", "unknown", "manual"}
        assert record["time"].endswith("Z")
        assert datetime.fromisoformat(record["time"]).tzinfo
        assert 0 <= record["level"] <= 7
        assert record["message"]
        assert (record["type"] == "scan") != ("host" in record)


@pytest.mark.parametrize("scan", SCANS)
def test_the_records_are_the_report(scan: str) -> None:
    report = SCANS[scan]()
    found = records(scan)
    assert [record["type"] for record in found].count("scan") == 1
    assert [record["type"] for record in found].count("host") == len(report.hosts)
    wanted = [
        finding.fingerprint
        for host in report.hosts
        for result in host.results
        if result.status in ("fail", "manual")
        for finding in result.findings
    ]
    assert sorted(filter(None, (each.get("fingerprint") for each in found))) == sorted(wanted)
    unknown = [record for record in found if record["type"] == "unknown"]
    assert len(unknown) == report.summary.results["unknown"]


def test_a_finding() -> None:
    one = next(each for each in records("open daemon") if each["type"] == "finding")
    assert one["check"] == "listener-tcp-plain"
    assert (one["severity"], one["level"], one["counts"]) == ("critical", 2, True)
    assert one["evidence"][0]["source"] == "/proc/812/net/tcp6"
    assert one["time"] == "2026-11-24T06:15:30Z"


def test_one_of_two_findings_is_waived() -> None:
    both = ((Proof("a", "b"),),) * 2
    one = result("listener-wildcard", "fail", "open", proofs=both)
    first = msgspec.structs.replace(one.findings[0], waiver=Waiver("why", "me", "2027-01-31"))
    one = msgspec.structs.replace(one, findings=(first, one.findings[1]))
    page = "".join(writer("jsonl").render(report(host("a", one))))
    found = [json.loads(line) for line in page.splitlines()][2:]
    assert [(each["counts"], each["waiver"] is None) for each in found] == [
        (False, False),
        (True, True),
    ]


def test_waived_and_unreachable_say_so() -> None:
    waived = next(each for each in records("waived") if each["type"] == "finding")
    assert (waived["counts"], waived["level"]) == (False, 6)
    assert waived["waiver"]["owner"] == "alice@example.com"
    away = records("one unreachable")[-1]
    assert (away["type"], away["state"], away["error"]) == ("host", "unreachable", "timeout")
