"""The exit code, by DESIGN's contract, and the rule that is printed beside it."""

from typing import Any

import pytest

from dockeraudit.policy import summarize
from dockeraudit.report import HostReport, ReportedEngine, Result, Waiver

ENGINE = ReportedEngine("docker", "26.1.5", "1.45", False, "systemd")
WAIVED = Waiver("known", "ops", "2027-01-01")


def result(status: Any, severity: Any = "high", waiver: Waiver | None = None) -> Result:
    return Result("c", "t", status, severity, "m", (), "r", (), waiver)


def host(*results: Result, state: Any = "scanned", engines: Any = (ENGINE,)) -> HostReport:
    return HostReport("h", "h", "", state, None, engines, results=results)


PASS, FAIL, LOW = result("pass"), result("fail"), result("fail", "low")
UNKNOWN, IDLE = result("unknown"), result("not-applicable")
LOST = host(state="unreachable", engines=())


@pytest.mark.parametrize(
    ("hosts", "fail_on", "code", "rule"),
    [
        pytest.param([host(PASS)], "low", 0, "no finding at or above --fail-on low", id="clean"),
        pytest.param([host(FAIL)], "low", 1, "1 high at or above --fail-on low", id="finding"),
        pytest.param([host(LOW)], "high", 0, "no finding", id="below the threshold"),
        pytest.param([host(FAIL)], "none", 0, "findings do not count", id="none"),
        pytest.param([host(result("fail", waiver=WAIVED))], "low", 0, "no finding", id="waived"),
        pytest.param([host(result("manual"), PASS)], "low", 0, "no finding", id="manual"),
        pytest.param([host(UNKNOWN)], "low", 3, "1 result unknown", id="unknown"),
        pytest.param([host(UNKNOWN)], "critical", 0, "no finding", id="unknown below it"),
        pytest.param([host(PASS), LOST], "low", 3, "1 host not reached", id="unreachable"),
        pytest.param([LOST], "none", 3, "1 host not reached", id="unreachable with none"),
        pytest.param([host(FAIL), LOST], "low", 1, "1 host not reached", id="worse counts"),
        pytest.param([host(IDLE)], "low", 3, "not one check applied", id="nothing applied"),
        pytest.param([host(IDLE, engines=())], "low", 0, "no Docker engine on 1 host", id="none"),
        pytest.param([], "low", 3, "nothing was scanned", id="nothing"),
    ],
)
def test_exit_code(hosts: list[HostReport], fail_on: Any, code: int, rule: str) -> None:
    summary = summarize(hosts, fail_on)
    assert summary.exit_code == code
    assert rule in summary.rule


def test_counts() -> None:
    summary = summarize([host(PASS, FAIL, LOW, result("fail", waiver=WAIVED)), LOST], "low")
    assert (summary.hosts.scanned, summary.hosts.unreachable) == (1, 1)
    assert summary.results == {
        "pass": 1,
        "fail": 3,
        "manual": 0,
        "not-applicable": 0,
        "unknown": 0,
        "waived": 1,
    }
    assert summary.by_severity == {"critical": 0, "high": 1, "medium": 0, "low": 1, "info": 0}
