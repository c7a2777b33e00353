"""The Nagios line against the Monitoring Plugins guidelines, and the wrapper of the manual."""

import re
import shlex
import subprocess
from functools import cache
from pathlib import Path

import msgspec
import pytest

from dockeraudit.plugins import writer
from tests.reports.conftest import ROOT
from tests.reports.scans import HOSTILE, SCANS, host, report, result

PERFDATA = re.compile(
    r"[a-z]+=[0-9]+(\.[0-9]+)?s?;([0-9]+)?;([0-9]+)?;[0-9]+(;[0-9]+)?(?=$| )", re.ASCII
)
ILLEGAL = set("`~$&'\"<>")


@cache
def text(scan: str) -> str:
    return "".join(writer("nagios").render(SCANS[scan]()))


@pytest.mark.parametrize(
    ("scan", "line"),
    [
        ("clean", "DOCKERAUDIT OK - no findings on 1 host"),
        ("no engine", "DOCKERAUDIT OK - no findings on 1 host"),
        ("open daemon", "DOCKERAUDIT CRITICAL - 1 critical, 2 high on 1 host"),
        ("waived", "DOCKERAUDIT OK - no findings on 1 host; 1 waived"),
        ("partial", "DOCKERAUDIT UNKNOWN - no findings on 1 host; 5 results unknown"),
        ("nothing scanned", "DOCKERAUDIT UNKNOWN - nothing was scanned"),
        (
            "one unreachable",
            "DOCKERAUDIT CRITICAL - 1 critical, 2 high on 2 hosts; 1 host not reached",
        ),
    ],
)
def test_first_line(scan: str, line: str) -> None:
    assert text(scan).partition(" | ")[0] == line


@pytest.mark.parametrize("scan", SCANS)
def test_guidelines(scan: str) -> None:
    page = text(scan)
    assert len(page.encode()) < 8 * 1024
    first, *rest = page.removesuffix("\n").split("\n")
    assert first.count("|") == 1, "the first pipe starts the performance data"
    said, _, figures = first.partition(" | ")
    assert len(said) < 200
    assert all(PERFDATA.fullmatch(each) for each in figures.split(" "))
    assert not any("|" in line for line in rest)
    assert not ILLEGAL & set(page)
    assert all(line.isprintable() and line for line in (first, *rest))
    assert len(rest) <= 21


@pytest.mark.parametrize("scan", SCANS)
def test_figures_are_the_summary(scan: str) -> None:
    summary = SCANS[scan]().summary
    figures = dict(
        each.split(";")[0].split("=") for each in text(scan).split("\n")[0].split(" | ")[1].split()
    )
    for name, number in summary.by_severity.items():
        assert figures[name] == str(number)
    assert figures["unreachable"] == str(summary.hosts.unreachable)


def test_below_fail_on_is_no_alarm() -> None:
    low = host("a", result("service-enabled", "fail", "disabled"))
    found = report(low, fail_on="low")
    nagios = writer("nagios")
    assert "".join(nagios.render(found)).startswith("DOCKERAUDIT WARNING - 1 low on 1 host | ")
    summary = msgspec.structs.replace(found.summary, exit_code=0)
    quiet = msgspec.structs.replace(found, fail_on="high", summary=summary)
    page = "".join(nagios.render(quiet))
    assert page.startswith("DOCKERAUDIT OK - 1 low on 1 host | ")
    assert "high=0;;0;0 medium=0;;;0 low=1;;;0" in page


def test_a_group_with_its_own_fail_on() -> None:
    """Its high finding does not count there, and a medium one elsewhere does."""
    strict = host("a", result("listener-wildcard", "fail", "open"))
    lax = host("b", result("tls-verify-enabled", "fail", "none"), fail_on="critical")
    assert writer("nagios").state(report(strict, lax)) == "WARNING"  # type: ignore[attr-defined]


def test_hostile_text_is_no_command() -> None:
    one = report(host("$(reboot)`id`|x", result("service-enabled", "fail", HOSTILE + "'; \"")))
    page = "".join(writer("nagios").render(one))
    assert r"\x24(reboot)\x60id\x60\x7cx" in page


def wrapper() -> str:
    """The shell function of the manual."""
    page = (ROOT / "docs" / "how-to" / "monitoring.md").read_text(encoding="utf-8")
    found = re.search(r"^    (#!/bin/sh\n(?:(?:    .*)?\n)+)", page, re.M)
    assert found
    return re.sub(r"^    ", "", found[1], flags=re.M)


@pytest.mark.parametrize("scan", SCANS)
def test_the_wrapper_ends_as_nagios_wants(scan: str, tmp_path: Path) -> None:
    output = tmp_path / "report.nagios"
    output.write_text(text(scan), encoding="utf-8")
    script = wrapper().replace("/var/lib/dockeraudit/scan/nagios.txt", shlex.quote(str(output)))
    done = subprocess.run(["sh", "-c", script], capture_output=True, check=False)
    assert done.stdout.decode() == text(scan)
    assert done.returncode == writer("nagios").exit_code(SCANS[scan]())  # type: ignore[attr-defined]


def test_the_wrapper_without_a_fresh_report(tmp_path: Path) -> None:
    output = tmp_path / "report.nagios"
    script = wrapper().replace("/var/lib/dockeraudit/scan/nagios.txt", shlex.quote(str(output)))
    done = subprocess.run(["sh", "-c", script], capture_output=True, check=False)
    assert (done.returncode, done.stdout[:19]) == (3, b"DOCKERAUDIT UNKNOWN")
    output.write_text(text("clean"))
    subprocess.run(["touch", "-d", "3 days ago", str(output)], check=True)
    done = subprocess.run(["sh", "-c", script], capture_output=True, check=False)
    assert (done.returncode, done.stdout[:19]) == (3, b"DOCKERAUDIT UNKNOWN")
