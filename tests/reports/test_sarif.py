"""SARIF against the OASIS schema, and what GitHub asks for beyond it."""

import json
from collections import Counter
from functools import cache
from pathlib import Path
from typing import Any

import jsonschema
import msgspec
import pytest

from dockeraudit.plugins import writer
from dockeraudit.report import Report
from tests.reports.conftest import ROOT, missing
from tests.reports.scans import SCANS, fleet, host, report, result


@pytest.fixture(scope="session")
def schema() -> Any:
    """The schema of OASIS, which lies beside the repository and is not part of it."""
    places = [folder / "shared/schemas/sarif-schema-2.1.0.json" for folder in ROOT.parents]
    found: Path | None = next((place for place in places if place.exists()), None)
    if found is None:
        missing("../shared/schemas/sarif-schema-2.1.0.json")
    assert found
    return jsonschema.Draft7Validator(json.loads(found.read_text(encoding="utf-8")))


def document(given: Report) -> Any:
    return json.loads("".join(writer("sarif").render(given)))


@cache
def run(scan: str) -> Any:
    return document(SCANS[scan]())["runs"][0]


@pytest.mark.parametrize("scan", SCANS)
def test_the_schema_takes_it(scan: str, schema: Any) -> None:
    given = fleet(20, 30) if scan == "fleet" else SCANS[scan]()
    schema.validate(document(given))


@pytest.mark.parametrize("scan", SCANS)
def test_github_takes_it(scan: str) -> None:
    """docs.github.com, «SARIF support for code scanning»: one wrong result refuses the file."""
    found = run(scan)
    rules = found["tool"]["driver"]["rules"]
    assert len({rule["id"] for rule in rules}) == len(rules)
    for rule in rules:
        assert len(rule["properties"]["tags"]) <= 20
        assert 0 < float(rule["properties"]["security-severity"]) <= 10
        assert rule["shortDescription"]["text"]
        assert rule["fullDescription"]["text"]
        assert rule["help"]["text"]
    for each in found["results"]:
        (location,) = each["locations"]
        place = location["physicalLocation"]["artifactLocation"]["uri"]
        assert place.startswith("hosts/")
        assert ".." not in place.split("/")
        assert len(place) < 4000
        assert location["physicalLocation"]["region"]["startLine"] == 1
        assert rules[each["ruleIndex"]]["id"] == each["ruleId"]
        assert each["message"]["text"]
        assert each["partialFingerprints"]["dockeraudit/v1"]
    assert len(found["results"]) <= 25_000


@pytest.mark.parametrize("scan", SCANS)
def test_the_results_are_the_findings(scan: str) -> None:
    given = SCANS[scan]()
    wanted = Counter(
        (each.fingerprint, each.waiver is not None or result.waiver is not None)
        for host in given.hosts
        for result in host.results
        if result.status == "fail"
        for each in result.findings
    )
    found = Counter(
        (each["partialFingerprints"]["dockeraudit/v1"], "suppressions" in each)
        for each in run(scan)["results"]
    )
    assert found == wanted


def test_what_is_no_alert_is_a_notification() -> None:
    (invocation,) = run("one of everything")["invocations"]
    said = [each["message"]["text"] for each in invocation["toolExecutionNotifications"]]
    assert any("db02.example.com: ssh: connect to host" in each for each in said)
    assert any(each.startswith("not assessed on 1 host: /etc/docker/daemon.json") for each in said)
    assert any("to be decided: permissions-docker-group" in each for each in said)
    assert invocation["exitCode"] == 1
    assert run("one of everything")["properties"]["results"]["not-applicable"] == 21


def test_a_waiver_is_a_suppression() -> None:
    (one,) = run("waived")["results"]
    (suppression,) = one["suppressions"]
    assert suppression["status"] == "accepted"
    assert "alice@example.com" in suppression["justification"]


def test_what_does_not_fit_is_left_out_by_severity_and_said(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(writer("sarif"), "MOST", 2)
    given = document(SCANS["one of everything"]())["runs"][0]
    assert [each["properties"]["severity"] for each in given["results"]] == ["critical"]
    notes = given["invocations"][0]["toolExecutionNotifications"]
    assert "7 findings of the lowest severities were left out" in notes[0]["message"]["text"]


def test_a_failure_without_a_finding_is_not_lost() -> None:
    bare = msgspec.structs.replace(result("tls-verify-enabled", "fail", "no"), findings=())
    (one,) = document(report(host("a", bare)))["runs"][0]["results"]
    assert one["ruleId"] == "tls-verify-enabled"


@pytest.mark.parametrize(
    ("host_name", "resource", "uri"),
    [
        ("web1", "/etc/docker/daemon.json", "hosts/web1/etc/docker/daemon.json"),
        ("root@[::1]:22", "0.0.0.0:2375", "hosts/root%40%5B%3A%3A1%5D%3A22/0.0.0.0%3A2375"),
        ("../..", "/../../etc", "hosts/..%2F../etc"),
        ("안전", "a b#c", "hosts/%EC%95%88%EC%A0%84/a%20b%23c"),
    ],
)
def test_uris(host_name: str, resource: str, uri: str) -> None:
    assert writer("sarif").uri(host_name, resource) == uri  # type: ignore[attr-defined]
