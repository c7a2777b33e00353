"""A baseline: what was there does not count; new, worse and lapsed findings do."""

from typing import Any

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from dockeraudit.baseline import BaselineError, apply, decode, encode, record
from dockeraudit.judge import fingerprint
from dockeraudit.policy import summarize
from dockeraudit.report import (
    SCHEMA_VERSION,
    HostError,
    HostReport,
    Report,
    ReportedEngine,
    ReportedFinding,
    Result,
    Tool,
    Waiver,
)

ENGINE = ReportedEngine("docker", "28.5.2", "1.51", False, "systemd")
DAY = "2026-11-01T00:00:00Z"
WAIVED = Waiver("why", "ops", "2027-01-01")


def finding(
    resource: str, severity: Any = "high", check: str = "c", waiver: Waiver | None = None
) -> ReportedFinding:
    mark = fingerprint("web1", check, "docker", resource)
    return ReportedFinding("docker", resource, f"{resource} is open", severity, mark, (), waiver)


def result(*findings: ReportedFinding, status: Any = "", check: str = "c") -> Result:
    status = status or ("fail" if findings else "pass")
    severity = findings[0].severity if findings else "high"
    waiver = findings[0].waiver if findings and all(each.waiver for each in findings) else None
    return Result(check, "t", status, severity, "m", findings, "r", (), waiver)


def report(*results: Result, state: Any = "scanned", target: str = "web1") -> Report:
    error = HostError("timeout", "m", "") if state == "unreachable" else None
    hosts = (HostReport(target, "", "", state, error, (ENGINE,), results=results),)
    return Report(
        SCHEMA_VERSION,
        Tool("dockeraudit", "0"),
        DAY,
        DAY,
        "daemon",
        "low",
        summarize(hosts, "low"),
        hosts=hosts,
    )


A, B = finding("a"), finding("b", "medium")
BEFORE = record(report(result(A, B)))


@pytest.mark.parametrize(
    ("now", "code", "counts"),
    [
        pytest.param(report(result(A, B)), 0, (2, 0, 0, 0, 0), id="the same"),
        pytest.param(report(result(A)), 0, (1, 0, 0, 0, 1), id="one fixed"),
        pytest.param(report(result()), 0, (0, 0, 0, 0, 2), id="all fixed"),
        pytest.param(report(result(A, B, finding("n"))), 1, (2, 0, 1, 0, 0), id="a new one"),
        pytest.param(report(result(finding("a", "critical"), B)), 1, (1, 1, 0, 0, 0), id="worse"),
        pytest.param(report(result(finding("a", "low"), B)), 0, (2, 0, 0, 0, 0), id="better"),
        pytest.param(report(result(status="unknown")), 3, (0, 0, 0, 2, 0), id="unknown"),
        pytest.param(report(state="unreachable"), 3, (0, 0, 0, 2, 0), id="unreachable"),
        pytest.param(report(result(), target="other"), 0, (0, 0, 0, 2, 0), id="not scanned"),
        pytest.param(report(result(check="d")), 0, (0, 0, 0, 2, 0), id="check not selected"),
        pytest.param(
            report(result(finding("n", waiver=WAIVED)), result(A, B)),
            0,
            (2, 0, 0, 0, 0),
            id="a new one that is waived",
        ),
    ],
)
def test_against_a_baseline(now: Report, code: int, counts: tuple[int, ...]) -> None:
    after = apply(now, BEFORE)
    seen = after.baseline
    assert seen is not None
    assert (seen.still, seen.worse, seen.new, seen.untold, len(seen.fixed)) == counts
    assert after.summary.exit_code == code
    assert seen.known == 2


def test_what_was_there_says_so() -> None:
    after = apply(report(result(A, B)), BEFORE)
    waiver = after.hosts[0].results[0].waiver
    assert waiver == Waiver("in the baseline of 2026-11-01", "", "")
    assert waiver.sentence == "in the baseline of 2026-11-01"
    assert after.summary.results["waived"] == 1


def test_a_mixed_result_counts_with_its_new_finding() -> None:
    after = apply(report(result(A, B, finding("n", "low"))), BEFORE)
    (seen,) = after.hosts[0].results
    assert (seen.counts, seen.severity) == (True, "low")
    assert seen.message == "n is open; waived, and not counted: a, b"


def test_waived_findings_are_not_recorded_but_baselined_ones_are() -> None:
    assert record(report(result(finding("w", waiver=WAIVED), A))).size == 1
    assert record(apply(report(result(A, B)), BEFORE)) == BEFORE


def test_an_expired_waiver_is_not_excused() -> None:
    after = apply(report(result(A, B)), BEFORE, frozenset({A.fingerprint}))
    assert after.summary.exit_code == 1
    assert after.baseline is not None
    assert (after.baseline.still, after.baseline.new) == (1, 0)


def test_hosts_that_were_not_reached_are_not_recorded() -> None:
    assert record(report(state="unreachable")).hosts == ()


def test_the_file_gives_what_was_recorded() -> None:
    text = encode(BEFORE)
    assert text == encode(record(report(result(B, A)))), "in a stable order"
    assert decode(text.encode()) == BEFORE


def test_a_report_is_a_baseline() -> None:
    assert decode(msgspec.json.encode(report(result(A, B)))) == BEFORE


@pytest.mark.parametrize(
    "data",
    [b"", b"[]", b"{}", b'{"baseline_version": "1"}', b"\xff", b"[" * 100_000, b'{"hosts": 3}'],
)
def test_what_is_no_baseline(data: bytes) -> None:
    with pytest.raises(BaselineError, match="neither a baseline nor a JSON report"):
        decode(data)


def test_a_later_version() -> None:
    with pytest.raises(BaselineError, match="newer dockeraudit"):
        decode(b'{"baseline_version": "2", "recorded": "x", "hosts": []}')


@given(st.binary(max_size=50))
def test_no_file_ends_in_another_exception(data: bytes) -> None:
    with pytest.raises(BaselineError):
        decode(data)
