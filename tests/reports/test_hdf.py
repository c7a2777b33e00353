"""HDF (InSpec exec-json) against the types of inspecjs, with which Heimdall reads it."""

import json
from collections import Counter
from functools import cache
from pathlib import Path
from typing import Any

import jsonschema
import pytest

from dockeraudit.plugins import writer
from dockeraudit.report import Report
from tests.reports.scans import SCANS, fleet

SCHEMA = Path(__file__).parent / "schemas" / "hdf-exec-json.json"
TAKES = jsonschema.Draft202012Validator(json.loads(SCHEMA.read_text(encoding="utf-8")))


def document(given: Report) -> Any:
    return json.loads("".join(writer("hdf").render(given)))


@cache
def read(scan: str) -> Any:
    return document(fleet(20, 30) if scan == "fleet" else SCANS[scan]())


@pytest.mark.parametrize("scan", SCANS)
def test_inspecjs_takes_it(scan: str) -> None:
    TAKES.validate(read(scan))


def test_the_schema_can_say_no() -> None:
    wrong = json.loads(json.dumps(read("clean")))
    wrong["profiles"][0]["controls"][0]["results"][0]["status"] = "unknown"
    assert list(TAKES.iter_errors(wrong))


def heimdall(control: Any) -> str:
    """The status as inspecjs computes it (compat_inspec_1_0.js)."""
    statuses = [each["status"] for each in control["results"]]
    if "error" in statuses:
        return "Profile Error"
    if control.get("waiver_data", {}).get("skipped_due_to_waiver") or control["impact"] == 0:
        return "Not Applicable"
    for status, shown in (("failed", "Failed"), ("passed", "Passed"), ("skipped", "Not Reviewed")):
        if status in statuses:
            return shown
    return "Profile Error"


@pytest.mark.parametrize("scan", [name for name in SCANS if name != "fleet"])
def test_heimdall_counts_what_we_count(scan: str) -> None:
    summary = SCANS[scan]().summary
    found = Counter(
        heimdall(control) for profile in read(scan)["profiles"] for control in profile["controls"]
    )
    results = summary.results
    assert found["Passed"] == results["pass"]
    assert found["Failed"] == results["fail"] - results["waived"]
    assert found["Not Applicable"] == results["not-applicable"] + results["waived"]
    assert found["Not Reviewed"] == results["manual"]
    assert found["Profile Error"] == results["unknown"] + summary.hosts.unreachable


@pytest.mark.parametrize("scan", SCANS)
def test_each_host_is_a_profile_of_its_own_name(scan: str) -> None:
    names = [profile["name"] for profile in read(scan)["profiles"]]
    assert len(names) == len(set(names))
    assert all(len(profile["sha256"]) == 64 for profile in read(scan)["profiles"])


def test_a_waiver_keeps_the_failure() -> None:
    (control,) = (
        each for each in read("waived")["profiles"][0]["controls"] if "waiver_data" in each
    )
    assert control["results"][0]["status"] == "failed"
    assert control["waiver_data"]["expiration_date"]
    assert "alice@example.com" in control["waiver_data"]["justification"]
