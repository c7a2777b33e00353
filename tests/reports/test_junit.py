"""The JUnit report against Jenkins' schema, and read back by junitparser."""

from collections import Counter
from functools import cache
from pathlib import Path

import pytest
from junitparser import Error, Failure, JUnitXml, Skipped
from lxml import etree

from dockeraudit.plugins import writer
from tests.reports.scans import SCANS, fleet


@cache
def text(scan: str) -> str:
    return "".join(writer("junit").render(SCANS[scan]()))


@pytest.mark.parametrize("scan", SCANS)
def test_jenkins_takes_it(scan: str, jenkins_schema: Path) -> None:
    schema = etree.XMLSchema(etree.parse(str(jenkins_schema)))
    schema.assertValid(etree.fromstring(text(scan).encode()))


@pytest.mark.parametrize("scan", SCANS)
def test_counts_read_back_are_the_summary(scan: str) -> None:
    summary = SCANS[scan]().summary
    read = JUnitXml.fromstring(text(scan).encode())
    kinds: Counter[str] = Counter()
    for suite in read:
        cases = list(suite)
        nodes = Counter(type(result).__name__ for case in cases for result in case.result)
        assert suite.tests == len(cases)
        assert (suite.failures, suite.errors, suite.skipped) == (
            nodes["Failure"],
            nodes["Error"],
            nodes["Skipped"],
        )
        kinds += nodes
        kinds["pass"] += sum(not case.result for case in cases)
    results = summary.results
    assert kinds["pass"] == results["pass"]
    assert kinds[Failure.__name__] == results["fail"] - results["waived"]
    assert kinds[Error.__name__] == results["unknown"] + summary.hosts.unreachable
    skipped = results["manual"] + results["not-applicable"] + results["waived"]
    assert kinds[Skipped.__name__] == skipped
    assert (read.failures, read.errors) == (kinds["Failure"], kinds["Error"])
    assert read.tests == sum(kinds.values())


@pytest.mark.parametrize("scan", SCANS)
def test_no_case_is_dropped_for_its_name(scan: str) -> None:
    read = JUnitXml.fromstring(text(scan).encode())
    names = [(case.classname, case.name) for suite in read for case in suite]
    assert len(names) == len(set(names))
    assert all(classname.count(".") == 1 for classname, _ in names)


def test_a_failure_says_everything_in_its_text() -> None:
    root = etree.fromstring(text("open daemon").encode())
    failure = root.find(".//testcase[@name='listener-tcp-plain']/failure")
    assert failure is not None
    assert failure.get("type") == "critical"
    said = failure.text or ""
    for part in (failure.get("message"), "/etc/default/docker:9", "fix: Remove", "cis-1.6 2.7"):
        assert str(part) in said


def test_evidence_is_cut() -> None:
    root = etree.fromstring(text("hostile").encode())
    longest = max(len((node.text or "").encode()) for node in root.iter("failure", "skipped"))
    assert 8 * 1024 < longest < 16 * 1024


def test_gitlab_takes_a_fleet() -> None:
    """GitLab refuses a report of 30 MB or more."""
    assert len("".join(writer("junit").render(fleet()))) < 30_000_000
