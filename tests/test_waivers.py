"""Waivers: what the file may say, and what they do to results; nothing else changes."""

import datetime
import tomllib
from pathlib import Path
from typing import Any

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from dockeraudit.cli.waive import block
from dockeraudit.config.document import ConfigError, parse
from dockeraudit.judge import fingerprint
from dockeraudit.policy import decide
from dockeraudit.report import (
    IN_PART,
    HostError,
    HostReport,
    ReportedEngine,
    ReportedFinding,
    Result,
)
from dockeraudit.waivers import Entry, apply, entries, load

TODAY = datetime.date(2026, 11, 24)
CHECKS = ("listener-tcp-plain", "listener-wildcard")
ENGINE = ReportedEngine("docker", "28.5.2", "1.51", False, "systemd")
GOOD = {
    "check": "listener-tcp-plain",
    "target": "web*",
    "reason": "the lab",
    "owner": "ops",
    "expires": "2027-01-31",
}


def text(**changes: str | None) -> str:
    """A file with one waiver; a key may be left out, or written as it is with a leading `=`."""
    lines = []
    for key, value in {**GOOD, **changes}.items():
        if value is not None:
            lines.append(f"{key} = {value[1:] if value.startswith('=') else repr(value)}")
    return "[[waiver]]\n" + "\n".join(lines) + "\n"


def read(content: str) -> tuple[Entry, ...]:
    return entries(parse("w.toml", content.encode()), CHECKS)


@pytest.mark.parametrize(
    "content",
    [
        pytest.param(text(), id="a day in quotes"),
        pytest.param(text(expires="=2027-01-31"), id="a day of TOML"),
        pytest.param(text(resource="[::]:2375", ticket="OPS-1"), id="everything"),
    ],
)
def test_good_files(content: str) -> None:
    (entry,) = read(content)
    assert entry.expires == datetime.date(2027, 1, 31)
    assert entry.source == "w.toml:1"


def test_no_waiver_is_a_file() -> None:
    assert read("# none yet\n") == ()


@pytest.mark.parametrize(
    ("content", "expected"),
    [
        pytest.param(text(reason=None), ["w.toml:1: waiver[1] has no reason"], id="no reason"),
        pytest.param(text(owner=None), ["w.toml:1: waiver[1] has no owner"], id="no owner"),
        pytest.param(text(expires=None), ["w.toml:1: waiver[1] has no expires"], id="no end"),
        pytest.param(text(reason="=" + '""'), ["w.toml:4: waiver[1].reason: "], id="empty reason"),
        pytest.param(text(owner="  "), ["w.toml:5: owner is blank"], id="blank owner"),
        pytest.param(
            text(check="listener-tcp-plian"),
            ["w.toml:2: no check 'listener-tcp-plian'. Did you mean 'listener-tcp-plain'?"],
            id="unknown check",
        ),
        pytest.param(text(check="listener-*"), ["w.toml:2: no check 'listener-*'."], id="a glob"),
        pytest.param(
            text(expires="31.1.2027"),
            ["w.toml:6: waiver[1].expires: no day: '31.1.2027'"],
            id="no day",
        ),
        pytest.param(
            text(expires="20270131"), ["w.toml:6: waiver[1].expires: no day"], id="another form"
        ),
        pytest.param(
            text(expires="2027-02-30"), ["w.toml:6: waiver[1].expires: no day"], id="no such day"
        ),
        pytest.param(
            text(expires="=2027-01-31T10:00:00Z"),
            ["w.toml:6: expires: a day has no time of day"],
            id="a time",
        ),
        pytest.param(text(expires="=2027"), ["w.toml:6: waiver[1].expires: "], id="a number"),
        pytest.param(
            text(owners="x"),
            ["w.toml:7: unknown key waiver[1].owners. Did you mean 'owner'?"],
            id="unknown key",
        ),
        pytest.param(
            text() + "\n" + text(reason="other"),
            ["w.toml:8: the waiver of listener-tcp-plain for web* is there twice: w.toml:1"],
            id="twice",
        ),
        pytest.param("[waiver]\n", ["w.toml:1: write [[waiver]]"], id="one bracket"),
        pytest.param("[[waivers]]\n", ["w.toml:1: unknown key waivers. Did you"], id="plural"),
        pytest.param("a = 1\na = 2\n", ["w.toml:2: no TOML: "], id="a key twice"),
        pytest.param(
            text(reason=None, expires="x"),
            ["w.toml:5: waiver[1].expires: no day", "w.toml:1: waiver[1] has no reason"],
            id="every mistake of shape",
        ),
        pytest.param(
            text(check="x", expires="2027-13-01"), ["w.toml:6: "], id="shape before meaning"
        ),
    ],
)
def test_bad_files(content: str, expected: list[str]) -> None:
    with pytest.raises(ConfigError) as caught:
        read(content)
    assert len(caught.value.problems) == len(expected)
    for problem, start in zip(caught.value.problems, expected, strict=True):
        assert problem.startswith(start), problem


def test_a_file_that_is_not_there(tmp_path: Path) -> None:
    with pytest.raises(ConfigError, match="No such file"):
        load(str(tmp_path / "w.toml"), CHECKS)


def finding(resource: str, severity: Any = "high") -> ReportedFinding:
    mark = fingerprint("web1", "listener-tcp-plain", "docker", resource)
    return ReportedFinding("docker", resource, f"{resource} is open", severity, mark, ())


def result(*findings: ReportedFinding, status: Any = "fail", message: str = "") -> Result:
    return Result(
        "listener-tcp-plain",
        "t",
        status,
        findings[0].severity if findings else "high",
        message or (findings[0].message if findings else "m"),
        findings,
        "r",
        (),
    )


def host(*results: Result, target: str = "web1", **changes: Any) -> HostReport:
    base = HostReport(target, target, "", "scanned", None, (ENGINE,), results=results)
    return msgspec.structs.replace(base, **changes)


def entry(**changes: Any) -> Entry:
    base = Entry("listener-tcp-plain", "web*", "why", "ops", datetime.date(2027, 6, 1))
    return msgspec.structs.replace(base, **changes)


A, B = finding("[::]:2375"), finding("10.0.0.1:2375", "critical")
LOST = host(state="unreachable", error=HostError("timeout", "m", ""))


@pytest.mark.parametrize(
    ("judged", "waiver", "state", "code"),
    [
        pytest.param(host(result(A)), entry(), "active", 0, id="waived"),
        pytest.param(host(result(A)), entry(expires=TODAY), "expiring", 0, id="the last day"),
        pytest.param(
            host(result(A)),
            entry(expires=TODAY - datetime.timedelta(1)),
            "expired",
            1,
            id="the day after",
        ),
        pytest.param(
            host(result(A)),
            entry(expires=TODAY + datetime.timedelta(30)),
            "expiring",
            0,
            id="thirty days left",
        ),
        pytest.param(
            host(result(A)),
            entry(expires=TODAY + datetime.timedelta(31)),
            "active",
            0,
            id="more than thirty days left",
        ),
        pytest.param(host(result(A)), entry(target="db*"), "untested", 1, id="another host"),
        pytest.param(
            host(result(A)), entry(check="listener-wildcard"), "untested", 1, id="not selected"
        ),
        pytest.param(host(result(A, B)), entry(), "active", 0, id="all of a result"),
        pytest.param(
            host(result(A, B)), entry(resource="[::]:2375"), "active", 1, id="one of a result"
        ),
        pytest.param(host(result(A)), entry(resource="[::]:*"), "active", 0, id="brackets, glob"),
        pytest.param(host(result(A)), entry(resource="/run/*"), "unused", 1, id="other resource"),
        pytest.param(host(result(status="pass")), entry(), "unused", 0, id="fixed"),
        pytest.param(host(result(status="unknown")), entry(), "untested", 3, id="unknown stays"),
        pytest.param(host(result(status="manual")), entry(), "untested", 0, id="manual stays"),
        pytest.param(LOST, entry(), "untested", 3, id="not reached"),
        pytest.param(
            host(result(A, message=f"open{IN_PART}no root")),
            entry(),
            "active",
            3,
            id="what could not be read is not waived",
        ),
        pytest.param(
            host(result(A), target="root@web1:2222"), entry(target="web1"), "active", 0, id="ssh"
        ),
        pytest.param(
            host(result(A), hostname="web7", target="db1"),
            entry(),
            "untested",
            1,
            id="what a host calls itself opens no door",
        ),
        pytest.param(
            host(result(A), hostname="web7", target="local"), entry(), "active", 0, id="local"
        ),
    ],
)
def test_one_waiver(judged: HostReport, waiver: Entry, state: str, code: int) -> None:
    (after,), applied = apply((judged,), (waiver,), TODAY)
    assert [each.state for each in applied.waivers] == [state]
    assert decide((after,), "low")[0] == code
    assert [each.status for each in after.results] == [each.status for each in judged.results]
    assert (applied.lapsed == {A.fingerprint}) == (state == "expired")


def test_a_partly_waived_result_counts_for_what_is_left() -> None:
    before = result(B, A, message=f"{B.message} (and 1 more){IN_PART}no root")
    (after,), _ = apply((host(before),), (entry(resource=B.resource),), TODAY)
    (seen,) = after.results
    assert (seen.counts, seen.severity) == (True, "high")
    assert [each.waiver is not None for each in seen.findings] == [True, False]
    assert seen.message == (
        "[::]:2375 is open; waived, and not counted: 10.0.0.1:2375; not all could be read: no root"
    )


def test_a_result_shows_the_waiver_that_ends_first() -> None:
    soon = entry(resource=B.resource, expires=datetime.date(2027, 1, 1), owner="bob")
    (after,), applied = apply((host(result(B, A)),), (entry(), soon), TODAY)
    (seen,) = after.results
    assert seen.waiver is not None
    assert seen.waiver.owner == "ops", "the longer one covers both"
    assert [each.findings for each in applied.waivers] == [2, 1]


def test_a_valid_one_beside_an_expired_one_is_enough() -> None:
    over = entry(expires=datetime.date(2020, 1, 1))
    (after,), applied = apply((host(result(A)),), (over, entry(target="web1")), TODAY)
    assert decide((after,), "low")[0] == 0
    assert applied.lapsed == frozenset()


@given(st.text(min_size=1))
def test_what_is_written_is_what_is_read(reason: str) -> None:
    keys = {"check": "c", "target": reason, "reason": reason, "expires": "2027-01-31"}
    written = tomllib.loads(block(keys))["waiver"]
    assert written == [{**keys, "expires": datetime.date(2027, 1, 31)}]
    assert all(line.isprintable() for line in block(keys).splitlines())


@pytest.mark.parametrize(
    ("run", "group", "code", "rule"),
    [
        pytest.param("low", None, 1, "at or above --fail-on low", id="no group"),
        pytest.param("low", "none", 0, "--fail-on low or its own of a group", id="lenient group"),
        pytest.param("none", "high", 1, "1 high at or above --fail-on none or", id="strict group"),
        pytest.param(
            "none", "critical", 0, "no finding at or above --fail-on none or", id="neither"
        ),
        pytest.param("high", "high", 1, "at or above --fail-on high", id="the same"),
    ],
)
def test_a_group_has_its_own_level(run: Any, group: Any, code: int, rule: str) -> None:
    decided = decide((host(result(A), fail_on=group),), run)
    assert decided[0] == code
    assert rule in decided[1]
