"""OSCAL assessment results against types made from NIST's JSON Schema (oscal-bindings)."""

import json
from functools import cache
from typing import Any

import msgspec
import pytest
from oscal_bindings import AssessmentResultsDocument
from pydantic import ValidationError

from dockeraudit.plugins import writer
from dockeraudit.report import FrameworkRule
from tests.reports.scans import SCANS, fleet, host, report, result


@cache
def read(scan: str) -> Any:
    given = fleet(12, 25) if scan == "fleet" else SCANS[scan]()
    return json.loads("".join(writer("oscal").render(given)))


@cache
def result_of(scan: str) -> Any:
    (found,) = read(scan)["assessment-results"]["results"]
    return found


@pytest.mark.parametrize("scan", SCANS)
def test_the_schema_takes_it(scan: str) -> None:
    AssessmentResultsDocument.model_validate(read(scan))


@pytest.mark.parametrize(
    "path", [("uuid",), ("results", 0, "start"), ("results", 0, "findings", 0, "target")]
)
def test_the_schema_can_say_no(path: tuple[str | int, ...]) -> None:
    wrong = json.loads(json.dumps(read("clean")))
    at = wrong["assessment-results"]
    for step in path[:-1]:
        at = at[step]
    at[path[-1]] = "no such thing"
    with pytest.raises(ValidationError):
        AssessmentResultsDocument.model_validate(wrong)


@pytest.mark.parametrize("scan", SCANS)
def test_every_uuid_is_one_and_every_reference_leads_somewhere(scan: str) -> None:
    document = read(scan)["assessment-results"]
    found = result_of(scan)
    observations = {each["uuid"] for each in found.get("observations", [])}
    risks = {each["uuid"] for each in found.get("risks", [])}
    items = found.get("local-definitions", {}).get("inventory-items", [])
    hosts = {each["uuid"] for each in items}
    resources = {each["uuid"] for each in document["back-matter"]["resources"]}
    assert document["import-ap"]["href"].removeprefix("#") in resources
    every = json.dumps(document).count('"uuid": ')
    unique = {*observations, *risks, *hosts, *resources, document["uuid"], found["uuid"]}
    unique |= {each["uuid"] for each in found.get("findings", [])}
    unique |= {fix["uuid"] for each in found.get("risks", []) for fix in each["remediations"]}
    assert every == len(unique)
    for each in found.get("observations", []):
        assert {subject["subject-uuid"] for subject in each["subjects"]} <= hosts
    for each in (*found.get("findings", []), *found.get("risks", [])):
        related = {one["observation-uuid"] for one in each["related-observations"]}
        assert related <= observations
        assert {one["risk-uuid"] for one in each.get("related-risks", [])} <= risks


@pytest.mark.parametrize("scan", [name for name in SCANS if name != "fleet"])
def test_only_what_passed_or_failed_is_a_finding(scan: str) -> None:
    summary = SCANS[scan]().summary
    found = result_of(scan)
    states = [each["target"]["status"]["state"] for each in found.get("findings", [])]
    assert states.count("satisfied") == summary.results["pass"]
    assert states.count("not-satisfied") == summary.results["fail"]
    risks = [each["status"] for each in found.get("risks", [])]
    assert risks.count("deviation-approved") == summary.results["waived"]
    assert len(risks) == summary.results["fail"]
    results = sum(summary.results.values()) - summary.results["waived"]
    assert len(found.get("observations", [])) == results + summary.hosts.unreachable


def test_controls_are_named_as_in_the_catalogue_and_not_judged() -> None:
    rules = ("nist-800-53 AC-17(2)", "nist-800-53 IA-3", "cis-1.8 2.7", "nist-800-53 odd")
    references = tuple(FrameworkRule(*rule.split(" ")) for rule in rules)
    one = msgspec.structs.replace(result("tls-verify-enabled"), references=references)
    given = report(msgspec.structs.replace(host("a"), results=(one,)))
    page = json.loads("".join(writer("oscal").render(given)))
    AssessmentResultsDocument.model_validate(page)
    (found,) = page["assessment-results"]["results"]
    (selection,) = found["reviewed-controls"]["control-selections"]
    assert [each["control-id"] for each in selection["include-controls"]] == ["ac-17.2", "ia-3"]
    assert found["findings"][0]["target"]["target-id"] == "tls-verify-enabled"


def test_a_waived_risk_has_a_deadline() -> None:
    (risk,) = result_of("waived")["risks"]
    assert risk["deadline"].endswith("T23:59:59Z")


def test_another_scan_has_other_identifiers() -> None:
    later = report(host("a"), finished="2026-11-25T06:15:41Z")
    pages = ["".join(writer("oscal").render(each)) for each in (report(host("a")), later)]
    first, second = (json.loads(page)["assessment-results"]["uuid"] for page in pages)
    assert first != second
