"""The JSON report against its schema, and back."""

import json
from functools import cache

import msgspec
import pytest
from jsonschema import Draft202012Validator

from dockeraudit import report_schema
from dockeraudit.plugins import writer
from dockeraudit.report import decode
from tests.reports.conftest import ROOT
from tests.reports.scans import SCANS

SCHEMA = ROOT / "dockeraudit" / "report.schema.json"


@cache
def text(scan: str) -> str:
    return "".join(writer("json").render(SCANS[scan]()))


def test_the_schema_in_the_package_is_the_one_of_the_types() -> None:
    assert SCHEMA.read_text() == report_schema.text(), (
        "python -m dockeraudit.report_schema > dockeraudit/report.schema.json"
    )
    Draft202012Validator.check_schema(report_schema.schema())


@pytest.mark.parametrize("scan", SCANS)
def test_every_report_validates(scan: str) -> None:
    validator = Draft202012Validator(json.loads(SCHEMA.read_text()))
    errors = [
        f"{error.json_path}: {error.message[:200]}"
        for error in validator.iter_errors(json.loads(text(scan)))
    ]
    assert errors == []


@pytest.mark.parametrize("scan", [scan for scan in SCANS if scan != "hostile"])
def test_what_was_written_is_read_back(scan: str) -> None:
    assert decode(text(scan).encode()) == SCANS[scan]()


def test_hostile_text_is_read_back_but_for_lone_surrogates() -> None:
    written = SCANS["hostile"]().hosts[0]
    again = decode(text("hostile").encode()).hosts[0]
    assert again.target == written.target.replace("\udc80\ud83d", r"\udc80\ud83d")
    assert len(again.results[5].message) == len(written.results[5].message)


@pytest.mark.parametrize("scan", [scan for scan in SCANS if scan != "hostile"])
def test_streamed_is_the_same_as_whole(scan: str) -> None:
    whole = msgspec.json.format(msgspec.json.encode(SCANS[scan](), order="deterministic"))
    assert text(scan).rstrip("\n") == whole.decode()


@pytest.mark.parametrize(
    ("old", "new"),
    [
        ('"status": "fail"', '"status": "bad"'),
        ('"started": "2026-11-24T06:15:29Z"', '"started": "yesterday"'),
        ('"schema_version": "1"', '"schema_version": "2"'),
        ('"exit_code": 1,', ""),
        ('"exit_code": 1,', '"exit_code": 1, "more": 1,'),
        ('"fingerprint": "', '"fingerprint": "x'),
        ('"mode": "PLAIN"', '"mode": "OPEN"'),
    ],
)
def test_the_schema_refuses(old: str, new: str) -> None:
    page = text("open daemon")
    assert old in page
    validator = Draft202012Validator(json.loads(SCHEMA.read_text()))
    assert not validator.is_valid(json.loads(page.replace(old, new, 1)))
