"""The Prometheus text, read back by the client library's parser."""

import re
from functools import cache

import msgspec
import pytest
from prometheus_client.metrics_core import Metric
from prometheus_client.parser import text_string_to_metric_families

from dockeraudit.plugins import writer
from dockeraudit.report import ReportedWaiver
from tests.reports.scans import (
    HOSTILE,
    SCANS,
    TODAY,
    certificate,
    host,
    report,
    unreachable,
)


@cache
def text(scan: str) -> str:
    return "".join(writer("prometheus").render(SCANS[scan]()))


def families(page: str) -> dict[str, Metric]:
    return {family.name: family for family in text_string_to_metric_families(page)}


def values(page: str, name: str) -> dict[tuple[str, ...], float]:
    """Label values in their order, and the value."""
    family = families(page).get(f"dockeraudit_{name}")
    return {tuple(s.labels.values()): s.value for s in family.samples} if family else {}


@pytest.mark.parametrize("scan", SCANS)
def test_the_client_library_reads_it(scan: str) -> None:
    found = families(text(scan))
    assert all(name.startswith("dockeraudit_") for name in found)
    assert {family.type for family in found.values()} == {"gauge"}
    assert all(family.documentation for family in found.values())


@pytest.mark.parametrize("scan", SCANS)
def test_what_makes_node_exporter_refuse_a_file(scan: str) -> None:
    page = text(scan)
    assert page.endswith("\n")
    heads = [line for line in page.split("\n") if line.startswith("#")]
    assert len(heads) == len(set(heads))
    samples = [s for family in families(page).values() for s in family.samples]
    series = [(s.name, tuple(sorted(s.labels.items()))) for s in samples]
    assert len(series) == len(set(series)), "a series is there twice"
    assert all(s.timestamp is None for s in samples)
    lines = [line for line in page.split("\n") if line and not line.startswith("#")]
    assert len(lines) == len(samples)
    assert all(re.fullmatch(r"[a-z_]+(\{.*\})? -?[0-9.e+]+", line) for line in lines)


@pytest.mark.parametrize("scan", SCANS)
def test_counts_are_the_summary(scan: str) -> None:
    summary = SCANS[scan]().summary
    counted: dict[str, float] = {}
    for (_, severity, status), value in values(text(scan), "findings").items():
        counted[status] = counted.get(status, 0) + value
        if status == "fail":
            counted[severity] = counted.get(severity, 0) + value
    for name, number in summary.by_severity.items():
        assert counted.get(name, 0) == number
    for name in ("waived", "unknown", "manual"):
        assert counted.get(name, 0) == summary.results[name]
    listed = values(text(scan), "check_status")
    assert sum(key[-1] == "unknown" for key in listed) == summary.results["unknown"]
    up = values(text(scan), "host_up")
    assert sum(value == 0 for value in up.values()) == summary.hosts.unreachable


def test_what_was_not_assessed_has_no_series() -> None:
    page = text("one unreachable")
    assert values(page, "host_up")["db02.example.com",] == 0
    assert [line for line in page.splitlines() if "db02" in line] == [
        'dockeraudit_host_up{host="db02.example.com"} 0'
    ]


def test_success_is_a_scan_that_reached_something() -> None:
    at = 1795500941
    assert values(text("open daemon"), "last_success_timestamp_seconds") == {(): at}
    assert values(text("nothing scanned"), "last_success_timestamp_seconds") == {}
    away = report(unreachable("db", "timeout", "no answer", "wait"))
    page = "".join(writer("prometheus").render(away))
    assert values(page, "last_success_timestamp_seconds") == {}
    summary = msgspec.structs.replace(report(host()).summary, exit_code=143)
    stopped = "".join(writer("prometheus").render(report(host(), summary=summary)))
    assert values(stopped, "last_success_timestamp_seconds") == {}
    assert values(stopped, "scan_exit_code") == {(): 143}


def test_labels_are_escaped() -> None:
    name = 'back\\slash "quoted"\nline {}'
    page = "".join(writer("prometheus").render(report(host(name))))
    assert values(page, "host_up") == {('back\\slash "quoted"\\nline {}',): 1}
    hostile = {key[0] for key in values(text("hostile"), "host_up")}
    assert len(hostile) == 1
    assert hostile.pop().startswith(HOSTILE[:20])


def test_two_hosts_of_one_name_are_two() -> None:
    assert set(values(text("same name twice"), "host_up")) == {("a.b",), ("a_b",), ("a.b~2",)}


def test_a_host_that_looks_like_a_second_one() -> None:
    page = "".join(writer("prometheus").render(report(host("a~2"), host("a"), host("a"))))
    assert set(values(page, "host_up")) == {("a~2",), ("a",), ("a~3",)}


def test_certificates() -> None:
    ends = values(text("one of everything"), "certificate_not_after_timestamp_seconds")
    day = 86400
    assert {key[1:]: end for key, end in ends.items() if key[0] == "build-7.example.com"} == {
        ("daemon", "/etc/docker/tls/server-cert.pem"): TODAY + 12 * day,
        ("daemon", "/etc/docker/tls/server-cert.pem#2"): TODAY + 1100 * day,
        ("served", "10.0.0.9:2376 (served)"): TODAY - 20 * day,
        ("client", "/home/alice/.docker/cert.pem"): TODAY + 44 * day,
        ("swarm-node", "/var/lib/docker/swarm/certificates/swarm-node.crt"): TODAY + 70 * day,
    }
    assert not [key for key in ends if key[0].startswith("db")], "not told"


def test_one_place_is_one_series_and_the_first_end_counts() -> None:
    late, soon = certificate(90), certificate(9, engine="docker (rootless alice)")
    page = "".join(writer("prometheus").render(report(host("a", certificates=(late, soon)))))
    assert list(values(page, "certificate_not_after_timestamp_seconds").values()) == [
        TODAY + 9 * 86400
    ]


def waiver(expires: str, target: str = "ci*") -> ReportedWaiver:
    source, state = "waivers.toml:1", "active"
    return ReportedWaiver("tls-*", target, "", "why", "me", expires, "", source, state, 1)  # type: ignore[arg-type]


def test_waivers_hold_to_the_end_of_their_day() -> None:
    given = (
        waiver("2027-02-28"),
        waiver("2027-01-31"),
        waiver("9999-12-31", "x"),
        waiver("soon", "y"),
    )
    page = "".join(writer("prometheus").render(report(host(), waivers=given)))
    found = values(page, "waiver_expires_timestamp_seconds")
    assert found == {("tls-*", "ci*", ""): 1801440000}


def test_a_date_that_is_none_costs_only_itself() -> None:
    given = host("a", collected_at="2026-02-31T00:00:00Z")
    page = "".join(writer("prometheus").render(report(given)))
    assert values(page, "host_collected_timestamp_seconds") == {}
    assert values(page, "host_up") == {("a",): 1}
