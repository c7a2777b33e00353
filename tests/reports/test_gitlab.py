"""GitLab's code quality report, against what its reader takes.

lib/gitlab/ci/parsers/codequality/code_climate.rb stops at the first entry that the schema refuses
(description, fingerprint, severity and location are asked for), and keeps one of a fingerprint.
"""

import json
from functools import cache
from typing import Any

import pytest

from dockeraudit.plugins import writer
from tests.reports.scans import SCANS

SEVERITIES = {"blocker", "critical", "major", "minor", "info"}


@cache
def entries(scan: str) -> list[dict[str, Any]]:
    found: list[dict[str, Any]] = json.loads("".join(writer("gitlab").render(SCANS[scan]())))
    return found


@pytest.mark.parametrize("scan", SCANS)
def test_gitlab_takes_every_entry(scan: str) -> None:
    for each in entries(scan):
        assert isinstance(each["description"], str)
        assert isinstance(each["fingerprint"], str)
        assert each["severity"] in SEVERITIES
        assert isinstance(each["location"]["path"], str)
        assert isinstance(each["location"]["lines"]["begin"], int)
    keys = [each["fingerprint"] for each in entries(scan)]
    assert len(keys) == len(set(keys))


@pytest.mark.parametrize("scan", [name for name in SCANS if name != "same name twice"])
def test_what_counts_is_there_and_what_is_waived_is_not(scan: str) -> None:
    given = SCANS[scan]()
    wanted = {
        finding.fingerprint
        for host in given.hosts
        for result in host.results
        if result.counts
        for finding in result.findings
        if finding.waiver is None
    }
    info = [each for each in entries(scan) if each["fingerprint"] not in wanted]
    assert wanted <= {each["fingerprint"] for each in entries(scan)}
    assert {each["severity"] for each in info} <= {"info"}
    counts = given.summary.results
    away = given.summary.hosts.unreachable
    assert len(info) == counts["unknown"] + counts["manual"] + away


def test_an_unreachable_host_does_not_look_repaired() -> None:
    last = entries("one unreachable")[-1]
    assert last["location"]["path"] == "hosts/db02.example.com"
    assert last["description"].startswith("db02.example.com: not reached: ssh:")
