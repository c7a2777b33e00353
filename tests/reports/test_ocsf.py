"""OCSF against its schema 1.3.0 (and 1.7.0), which pydantic-ocsf carries.

The models of that package let unknown attributes through; so the schema's files are read here: what
is not in them is an error, and so is a wrong type or a value that an enumeration does not have.
"""

import json
from collections import Counter
from functools import cache
from importlib.resources import files
from typing import Any

import pytest
from ocsf.v1_3_0.events import ComplianceFinding

from dockeraudit.plugins import writer
from tests.reports.scans import SCANS, fleet

OWN = "1.3.0"
NUMBERS = {"integer_t", "long_t", "timestamp_t"}
TEXTS = {"string_t", "url_t", "hostname_t", "ip_t", "datetime_t"}
INCLUDED = {
    "required": {"activity_id", "category_uid", "class_uid", "type_uid", "time"},
    "optional": {"activity_name", "category_name", "class_name", "type_name", "count", "duration",
                 "start_time", "end_time"},
}  # fmt: skip
"""What every class takes from includes/classification.json and occurrence.json, which the package
leaves out."""
IDS = {"category_uid": 2, "class_uid": 2003, "type_uid": 200301}
"""The compiler gives these their one value."""


@cache
def schema(version: str) -> Any:
    name = f"v{version.replace('.', '_')}.json"
    return json.loads((files("ocsf") / "schemas" / name).read_text(encoding="utf-8"))


@cache
def attributes(version: str, kind: str, name: str) -> dict[str, Any]:
    """The attributes of a class or an object, with those that it inherits."""
    own = schema(version)[kind][name]
    dictionary = schema(version)["dictionary"]["attributes"]
    if own.get("extends"):
        found = dict(attributes(version, kind, own["extends"]))
    else:
        included = INCLUDED if name == "base_event" else {}
        found = {
            each: {**dictionary[each], "requirement": requirement}
            for requirement, names in included.items()
            for each in names
        }
    for attribute, said in own["attributes"].items():
        if isinstance(said, dict):
            known = dictionary.get(attribute, {})
            before = found.get(attribute, known)
            merged = {**before, **said}
            if "enum" in before or "enum" in said:
                merged["enum"] = {**before.get("enum", {}), **said.get("enum", {})}
            found[attribute] = merged
    return found


@cache
def constraints(version: str, kind: str, name: str) -> tuple[tuple[str, ...], ...]:
    own = schema(version)[kind][name]
    wanted = (own.get("constraints") or {}).get("at_least_one")
    above = constraints(version, kind, own["extends"]) if own.get("extends") else ()
    return (*above, tuple(wanted)) if wanted else above


def errors(value: Any, version: str, kind: str, name: str, path: str = "") -> list[str]:
    """What is wrong with an object of that kind."""
    known = attributes(version, kind, name)
    found = [f"{path}{key}: unknown" for key in value if key not in known]
    for key, said in known.items():
        if key in value:
            found += wrong(value[key], said, version, f"{path}{key}")
        elif said.get("requirement") == "required":
            found.append(f"{path}{key}: missing")
    for names in constraints(version, kind, name):
        if not set(names) & set(value):
            found.append(f"{path}: none of {names}")
    return found


def wrong(value: Any, said: dict[str, Any], version: str, path: str) -> list[str]:
    if "@deprecated" in said and version == OWN:
        return [f"{path}: deprecated"]
    if said.get("is_array"):
        if not isinstance(value, list):
            return [f"{path}: no array"]
        item = {**said, "is_array": False}
        return [each for one in value for each in wrong(one, item, version, f"{path}[]")]
    kind = said["type"]
    if kind in NUMBERS:
        bad = not isinstance(value, int) or isinstance(value, bool)
        if path in IDS:
            return [] if value == IDS[path] else [f"{path}: {value}"]
        if not bad and said.get("enum") and str(value) not in said["enum"]:
            return [f"{path}: {value} is not one of {sorted(said['enum'])}"]
    elif kind in TEXTS:
        bad = not isinstance(value, str)
    elif kind == "object":
        bad = not isinstance(value, dict)
    elif kind in schema(version)["dictionary"]["types"]["attributes"]:
        basic = schema(version)["dictionary"]["types"]["attributes"][kind]
        return wrong(value, {"type": basic["type"]}, version, path)
    elif kind in schema(version)["objects"]:
        return errors(value, version, "objects", kind, f"{path}.")
    else:
        return [f"{path}: what is {kind}?"]
    return [f"{path}: {value!r} is no {kind}"] if bad else []


@cache
def events(scan: str) -> list[dict[str, Any]]:
    given = fleet(12, 25) if scan == "fleet" else SCANS[scan]()
    return [json.loads(line) for line in "".join(writer("ocsf").render(given)).splitlines()]


@pytest.mark.parametrize("version", [OWN, "1.7.0"])
@pytest.mark.parametrize("scan", SCANS)
def test_the_schema_takes_it(scan: str, version: str) -> None:
    for event in events(scan):
        assert errors(event, version, "events", "compliance_finding") == []


@pytest.mark.parametrize(
    ("key", "value"),
    [("time", "now"), ("severity_id", 7), ("colour", 1), ("compliance", {}), ("resources", {})],
)
def test_the_schema_can_say_no(key: str, value: Any) -> None:
    event = {**events("open daemon")[0], key: value}
    assert errors(event, "1.3.0", "events", "compliance_finding")


@pytest.mark.parametrize("scan", SCANS)
def test_its_models_take_it(scan: str) -> None:
    for event in events(scan):
        read = ComplianceFinding.model_validate(event)
        assert read.finding_info.uid == event["finding_info"]["uid"]
        assert event["class_uid"] * 100 + event["activity_id"] == event["type_uid"]
        assert event["time"] > 1_790_000_000_000


@pytest.mark.parametrize("scan", [name for name in SCANS if name != "fleet"])
def test_the_events_are_the_report(scan: str) -> None:
    given = SCANS[scan]()
    wanted = Counter(
        status
        for host in given.hosts
        for status in (
            *(["unreachable"] if host.state == "unreachable" else []),
            *(one.status for one in host.results for _ in one.findings or (None,)),
        )
    )
    found = Counter(each.get("unmapped", {}).get("status", "unreachable") for each in events(scan))
    assert found == wanted
    for event in events(scan):
        status = event.get("unmapped", {}).get("status", "unreachable")
        wanted_id = {"pass": 1, "fail": 3, "unknown": 2, "unreachable": 2}.get(status, 99)
        assert event["compliance"]["status_id"] == wanted_id
        assert (event["status_id"] == 3) == ("comment" in event)
        assert status == "fail" or event["severity_id"] == 1


@pytest.mark.parametrize(
    "scan", [name for name in SCANS if name not in ("same name twice", "fleet")]
)
def test_every_finding_has_a_name_of_its_own(scan: str) -> None:
    names = [event["finding_info"]["uid"] for event in events(scan)]
    assert len(names) == len(set(names))


def test_a_waived_finding_is_suppressed() -> None:
    (one,) = (event for event in events("waived") if event["compliance"]["status_id"] == 3)
    assert (one["status_id"], one["status"]) == (3, "Suppressed")
    assert "alice@example.com" in one["comment"]
