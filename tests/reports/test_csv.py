"""CSV, read back, and harmless to a spreadsheet."""

import csv
import io
import re
from functools import cache

import pytest

from dockeraudit.plugins import writer
from dockeraudit.report import Proof, Report
from tests.reports.scans import SCANS, host, report, result

FORMULA = re.compile(r"[=+\-@|%\t\r\uff1d\uff0b\uff0d\uff20]")


def rows(given: Report) -> list[dict[str, str]]:
    page = "".join(writer("csv").render(given))
    return list(csv.DictReader(io.StringIO(page.removeprefix("\ufeff"), newline=""), strict=True))


@cache
def read(scan: str) -> list[dict[str, str]]:
    return rows(SCANS[scan]())


@pytest.mark.parametrize("scan", SCANS)
def test_every_row_has_every_cell(scan: str) -> None:
    for row in read(scan):
        assert None not in row
        assert None not in row.values()
        assert all(len(cell) <= 32_767 for cell in row.values())


@pytest.mark.parametrize("scan", SCANS)
def test_the_rows_are_the_report(scan: str) -> None:
    given = SCANS[scan]()
    found = read(scan)
    wanted = [
        (each.status, finding.fingerprint if finding else "")
        for host in given.hosts
        for each in host.results
        if each.status in ("fail", "manual", "unknown")
        for finding in each.findings or (None,)
    ]
    states = [host.state for host in given.hosts if host.state != "scanned" or host.error]
    got = [(row["status"], row["fingerprint"]) for row in found]
    assert sorted(got) == sorted([*wanted, *((state, "") for state in states)])
    counting = {(row["host"], row["check"]) for row in found if row["counts"] == "yes"}
    if scan not in ("hostile", "same name twice"):
        assert len(counting) == sum(given.summary.by_severity.values())


@pytest.mark.parametrize("scan", SCANS)
def test_no_cell_is_a_formula(scan: str) -> None:
    for row in read(scan):
        for cell in row.values():
            assert not FORMULA.match(cell.lstrip(" ")), cell[:80]
            for part in cell.split(";")[1:]:
                assert not re.match(r"[ '\"]*[=+\-@\uff1d\uff0b\uff0d\uff20]", part) or re.match(
                    r"[ '\"]*'", part
                )


@pytest.mark.parametrize(
    ("cell", "shown"),
    [
        ("=1+1", "'=1+1"),
        ("  =1", "'  =1"),
        ("@SUM(1)", "'@SUM(1)"),
        ("-H fd://", "'-H fd://"),
        ("\uff1d1", "'\uff1d1"),
        ("a;=1;@b", "a;'=1;'@b"),
        ("a=b; c-d", "a=b; c-d"),
        ("0.0.0.0:2375", "0.0.0.0:2375"),
    ],
)
def test_formulas(cell: str, shown: str) -> None:
    one = result("tls-verify-enabled", "fail", "x", proofs=((Proof("a", "b"),),), resource=cell)
    (row,) = (row for row in rows(report(host("h", one))) if row["status"] == "fail")
    assert row["resource"] == shown


def test_excel_knows_that_it_is_unicode() -> None:
    assert (
        "".join(writer("csv").render(report())).encode().startswith(b"\xef\xbb\xbfhost,hostname,")
    )


def test_a_waiver_and_a_lost_host() -> None:
    (waived,) = read("waived")
    assert (waived["status"], waived["counts"]) == ("fail", "no")
    assert "alice@example.com" in waived["waiver"]
    away = read("one unreachable")[-1]
    assert (away["host"], away["status"], away["counts"]) == (
        "db02.example.com",
        "unreachable",
        "no",
    )
    assert "no answer within 10 s" in away["message"]
