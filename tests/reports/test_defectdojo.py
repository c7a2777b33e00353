"""DefectDojo's generic findings, against what its parser takes.

Its code needs Django and a data base; what it checks is said again here, from
dojo/tools/generic/json_parser.py and dojo/finding/models.py of 2026-10. docs/formats.md tells of
the real parser being run.
"""

import json
import re
from datetime import date
from functools import cache
from typing import Any

import pytest
from cmarkgfm import github_flavored_markdown_to_html  # type: ignore[import-untyped]

from dockeraudit.plugins import writer
from tests.reports.scans import SCANS, host, report, unreachable

REQUIRED = {"title", "severity", "description"}
ALLOWED = REQUIRED | {
    "date", "cwe", "cve", "epss_score", "epss_percentile", "cvssv3", "cvssv3_score", "cvssv4",
    "cvssv4_score", "mitigation", "impact", "steps_to_reproduce", "severity_justification",
    "references", "active", "verified", "false_p", "out_of_scope", "risk_accepted",
    "under_review", "is_mitigated", "thread_id", "mitigated", "numerical_severity", "param",
    "payload", "line", "file_path", "component_name", "component_version", "static_finding",
    "dynamic_finding", "scanner_confidence", "unique_id_from_tool", "vuln_id_from_tool",
    "sast_source_object", "sast_sink_object", "sast_source_line", "sast_source_file_path",
    "nb_occurences", "publish_date", "service", "planned_remediation_date",
    "planned_remediation_version", "effort_for_fixing", "tags", "kev_date", "known_exploited",
    "ransomware_used", "fix_available", "fix_version", "endpoints", "files", "vulnerability_ids",
    "cwes"
}  # fmt: skip
LENGTHS = {
    "title": 511,
    "service": 200,
    "component_name": 500,
    "component_version": 100,
    "file_path": 4000,
    "unique_id_from_tool": 500,
    "vuln_id_from_tool": 500,
}


@cache
def findings(scan: str) -> list[dict[str, Any]]:
    document = json.loads("".join(writer("defectdojo").render(SCANS[scan]())))
    assert set(document) == {"name", "type", "version", "description", "findings"}
    found: list[dict[str, Any]] = document["findings"]
    return found


@pytest.mark.parametrize("scan", SCANS)
def test_its_parser_takes_it(scan: str) -> None:
    for each in findings(scan):
        assert set(each) <= ALLOWED
        assert set(each) >= REQUIRED
        assert each["severity"] in {"Info", "Low", "Medium", "High", "Critical"}
        assert each["title"].strip()
        assert each["description"].strip()
        date.fromisoformat(each["date"])
        for name, most in LENGTHS.items():
            assert len(each.get(name, "")) <= most, name
        assert all(tag.replace("-", "").isalnum() for tag in each["tags"])
        assert each["active"] != each.get("risk_accepted", False)


@pytest.mark.parametrize("scan", SCANS)
def test_every_failure_is_there_once(scan: str) -> None:
    given = SCANS[scan]()
    wanted = [
        finding.fingerprint
        for each in given.hosts
        for result in each.results
        if result.status == "fail"
        for finding in result.findings
    ]
    found = [each for each in findings(scan) if "references" in each]
    assert [each["unique_id_from_tool"] for each in found] == wanted
    waived = sum(each["risk_accepted"] for each in found)
    assert waived >= given.summary.results["waived"]


def test_what_was_not_seen_is_there_so_that_it_is_not_taken_for_repaired() -> None:
    titles = [each["title"] for each in findings("one of everything") if "references" not in each]
    assert titles == [
        "web01.example.com: For a person to decide",
        "db01.example.com: Could not be assessed",
        "db02.example.com: The host was not reached",
        "root@[2001:db8::7]:2222: The host was not reached",
    ]


def test_no_time_is_in_the_description_that_it_hashes() -> None:
    later = report(host("a"), unreachable("b", "timeout", "no", "wait"))
    page = "".join(writer("defectdojo").render(later))
    assert "06:15" not in page


def test_an_endpoint_has_a_scheme() -> None:
    first = findings("open daemon")[0]
    assert first["endpoints"] == ["tcp://web01.example.com:2375"]
    assert not any("endpoints" in each for each in findings("hostile"))


def test_text_of_a_host_is_code() -> None:
    for each in findings("hostile"):
        page = github_flavored_markdown_to_html(each["description"])
        assert set(re.findall(r"<(\w+)", page)) <= {"p", "code", "pre", "ul", "li"}
