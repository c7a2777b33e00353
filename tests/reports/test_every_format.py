"""What holds for each format for machines, whatever a host says."""

import json
import re
import tracemalloc
from collections.abc import Iterator
from functools import cache

import msgspec
import pytest
from hypothesis import given, settings

from dockeraudit.plugins import formats, recognised, writer
from dockeraudit.report import Report
from tests.reports.scans import SCANS, fleet, host, report
from tests.reports.test_any_text import TEXT, hostile

MACHINES = ("csv", "defectdojo", "gitlab", "hdf", "ocsf", "oscal", "sarif")
ALL = (*MACHINES, "html", "json", "jsonl", "junit", "markdown", "nagios", "prometheus", "table")
NEW = (*MACHINES, "markdown")
LINES = ("ocsf",)
STEERING = re.compile(
    "[\x00-\x08\x0b-\x1f\x7f-\x9f\xad\u061c\u200b-\u200f\u2028-\u202e\u2060-\u206f\ufff9-\ufffb]"
)


def text(format: str, report: Report) -> str:
    return "".join(writer(format).render(report))


@cache
def written(format: str, scan: str) -> str:
    return text(format, SCANS[scan]())


def test_these_are_all_formats() -> None:
    assert sorted(ALL) == formats()


@pytest.mark.parametrize("format", NEW)
@pytest.mark.parametrize("scan", SCANS)
def test_a_report_is_deterministic_and_ends_its_last_line(scan: str, format: str) -> None:
    page = written(format, scan)
    assert page == text(format, SCANS[scan]())
    assert page.endswith("\n") or (format in LINES and not page)


@pytest.mark.parametrize("format", NEW)
@pytest.mark.parametrize("scan", SCANS)
def test_no_text_of_a_host_steers_a_terminal_or_reorders_a_line(scan: str, format: str) -> None:
    page = written(format, scan)
    page.encode()
    shown = page.replace("\r\n", "\n") if format == "csv" else page
    assert STEERING.findall(shown) == []
    if format not in ("csv", "markdown"):
        for each in strings(format, page):
            assert not STEERING.search(each), "JSON's escapes hide it here, and no reader's"


def strings(format: str, page: str) -> Iterator[str]:
    """Every text of a JSON report, as its readers have it."""
    for document in page.splitlines() if format in LINES else [page]:
        found = [json.loads(document)]
        while found:
            value = found.pop()
            if isinstance(value, str):
                yield value
            elif isinstance(value, dict):
                found += [*value.keys(), *value.values()]
            elif isinstance(value, list):
                found += value


@pytest.mark.parametrize("format", NEW)
def test_a_megabyte_of_text_is_cut(format: str) -> None:
    assert len(written(format, "hostile")) < 200_000


@pytest.mark.parametrize("format", NEW)
def test_memory_stays_flat(format: str) -> None:
    """The longest piece of a fleet's report is no longer than a host's."""
    render = writer(format).render
    pieces = [len(piece) for piece in render(fleet(60))]
    assert max(pieces) < len(text(format, fleet(3))) + 40_000
    assert len(pieces) > 5
    few, many = (peak(format, fleet(number)) for number in (30, 120))
    assert many < few + 600_000, "what is kept grows with the fleet"


def peak(format: str, report: Report) -> int:
    """The most that writing a report allocates at a time, beside the report."""
    render = writer(format).render
    for _ in render(report):
        break
    tracemalloc.start()
    try:
        for _ in render(report):
            pass
        return tracemalloc.get_traced_memory()[1]
    finally:
        tracemalloc.stop()


@pytest.mark.parametrize("format", ALL)
@pytest.mark.parametrize("scan", SCANS)
def test_yesterdays_report_is_recognised(scan: str, format: str) -> None:
    page = text(format, SCANS[scan]()).encode()[:4096]
    own = writer(format).recognises  # type: ignore[attr-defined]
    assert own(page) or not page
    assert recognised("json", page) or not page


FOREIGN = {
    "dockeraudit.toml": b'profile = "daemon"\n# dockeraudit\n',
    "README.md": b"# dockeraudit\n\n`dockeraudit scan` ...\n",
    "baseline.json": b'{"dockeraudit_baseline": "1", "tool": {"name": "dockeraudit"}}',
    "daemon.json": b'{\n  "hosts": ["fd://"]\n}\n',
    "sarif": b'{"$schema": "https://json.schemastore.org/sarif-2.1.0.json", "version": "2.1.0",\n',
    "junit.xml": b'<?xml version="1.0"?>\n<testsuites name="mine"></testsuites>\n',
    "page.html": b"<!doctype html>\n<html><title>dockeraudit</title></html>\n",
    "prom": b"# HELP node_load1 1m load average.\n",
    "csv": b"host,port\nweb1,22\n",
    "binary": bytes(range(256)),
    "list": b'[\n{"type":"issue","engine_name":"eslint"}]',
}


@pytest.mark.parametrize("format", ALL)
@pytest.mark.parametrize("name", FOREIGN)
def test_what_others_wrote_is_not_recognised(format: str, name: str) -> None:
    assert not writer(format).recognises(FOREIGN[name])  # type: ignore[attr-defined]


@given(TEXT)
@settings(max_examples=60, deadline=None)
def test_json_is_well_formed_whatever_a_host_says(raw: str) -> None:
    for format in ("defectdojo", "gitlab", "hdf", "oscal", "sarif"):
        json.loads(text(format, hostile(raw)).encode())
    for line in text("ocsf", hostile(raw)).encode().splitlines():
        json.loads(line)


@pytest.mark.parametrize("format", NEW)
def test_times_that_are_none_cost_no_report(format: str) -> None:
    given = report(host("a", collected_at="2026-02-31T99:99:99Z"), finished="9999-99-99T99:99:99Z")
    assert text(format, msgspec.structs.replace(given, started="0000-00-00T00:00:00Z"))
