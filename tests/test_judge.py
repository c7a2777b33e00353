"""The judge: one result for each check, by what its items weigh; and never an exception."""

from collections.abc import Iterator

import pytest

from dockeraudit.check import (
    Check,
    Finding,
    Manual,
    NotApplicable,
    Outcomes,
    Severity,
    check,
    known,
)
from dockeraudit.facts import Evidence, Unread
from dockeraudit.host import Container, Daemon, Engine, Host
from dockeraudit.judge import fingerprint, judge
from dockeraudit.report import Result
from dockeraudit.settings import Settings
from tests.build import SETTINGS, engine, facts

WRONG = Finding("/etc/x", "x is wrong", (Evidence("/etc/x:1", "x"),))
WORSE = Finding("/etc/y", "y is worse", (), severity=Severity.CRITICAL)
PERSON = Manual("/etc/z", "look at z")
NOTHING = NotApplicable("there is no x")
BLIND = Unread("x: permission denied")


def made(function: object, over: type = Engine) -> Check[Engine]:
    make = check(
        id="made-up",
        title="X is wrong",
        severity=Severity.LOW,
        over=over,
        rationale="R.",
        remediation="Do.",
        quiet="Q.",
    )
    return make(function)  # type: ignore[arg-type]


def yielding(*items: Finding | Manual | NotApplicable | Unread) -> Check[Engine]:
    def function(engine: Engine, settings: Settings) -> Outcomes:
        yield from items

    return made(function)


def one(check: Check[Engine], *engines: Engine) -> Result:
    return judge(Host(facts(), engines or (engine(),)), (check,), SETTINGS)[0]


@pytest.mark.parametrize(
    ("items", "status"),
    [
        pytest.param((), "pass", id="nothing is a pass"),
        pytest.param((WRONG,), "fail", id="finding"),
        pytest.param((WRONG, BLIND), "fail", id="a finding outweighs missing evidence"),
        pytest.param((PERSON, BLIND), "unknown", id="missing evidence outweighs a person"),
        pytest.param((PERSON,), "manual", id="person"),
        pytest.param((NOTHING,), "not-applicable", id="not applicable"),
        pytest.param((NOTHING, BLIND), "unknown", id="missing evidence outweighs that"),
        pytest.param((NOTHING, PERSON), "manual", id="a person outweighs that"),
    ],
)
def test_status(items: tuple[Finding, ...], status: str) -> None:
    assert one(yielding(*items)).status == status


def test_one_engine_that_passes_makes_not_applicable_a_pass() -> None:
    def function(engine: Engine, settings: Settings) -> Outcomes:
        if engine.name == "docker":
            yield NOTHING

    assert one(made(function), engine(), engine(name="second")).status == "pass"
    assert one(made(function), engine()).status == "not-applicable"


def test_each_engine_is_named() -> None:
    result = one(yielding(WRONG), engine(), engine(name="docker (/srv/two)"))
    assert [finding.engine for finding in result.findings] == ["docker", "docker (/srv/two)"]
    assert len({finding.fingerprint for finding in result.findings}) == 2


def test_the_worst_finding_is_first_and_gives_the_severity() -> None:
    result = one(yielding(WRONG, WORSE))
    assert result.severity == "critical"
    assert [finding.resource for finding in result.findings] == ["/etc/y", "/etc/x"]


def test_known_ends_the_check_with_its_reason() -> None:
    def function(engine: Engine, settings: Settings) -> Outcomes:
        yield WRONG
        known(BLIND, "the x file")

    result = one(made(function))
    assert result.status == "fail"
    assert "not all could be read: the x file: x: permission denied" in result.message


def test_a_check_that_breaks_is_unknown_and_costs_no_other() -> None:
    def function(engine: Engine, settings: Settings) -> Iterator[Finding]:
        raise ZeroDivisionError("oh")
        yield

    results = judge(Host(facts(), (engine(),)), (made(function), yielding()), SETTINGS)
    assert [result.status for result in results] == ["unknown", "pass"]
    assert "the check ended in an error: ZeroDivisionError: oh" in results[0].message


@pytest.mark.parametrize(
    "wrong",
    [
        pytest.param("garbage", id="no outcome"),
        pytest.param(None, id="nothing"),
        pytest.param(Finding(5, "m", ()), id="resource"),  # type: ignore[arg-type]
        pytest.param(Finding("r", None, ()), id="message"),  # type: ignore[arg-type]
        pytest.param(Finding("r", "m", ("x",)), id="evidence"),  # type: ignore[arg-type]
    ],
)
def test_what_is_no_outcome_is_no_pass(wrong: Finding) -> None:
    assert one(yielding(wrong)).status == "unknown"


def test_a_host_without_an_engine() -> None:
    blind = facts(processes=Unread("/proc can't be read"))
    assert judge(Host(facts(), ()), (yielding(),), SETTINGS)[0].status == "not-applicable"
    assert judge(Host(blind, ()), (yielding(),), SETTINGS)[0].status == "unknown"


@pytest.mark.parametrize(
    ("items", "status"),
    [
        pytest.param((), "unknown", id="a pass"),
        pytest.param((NOTHING,), "unknown", id="not applicable"),
        pytest.param((WRONG,), "fail", id="what the next start does wrong"),
    ],
)
@pytest.mark.parametrize("over", [Engine, Daemon])
def test_engines_may_run_where_processes_are_not_seen(
    over: type, items: tuple[Finding, ...], status: str
) -> None:
    check = made(yielding(*items).function, over)
    host = Host(facts(processes=Unread("/proc can't be read")), (engine(process=None),))
    assert judge(host, (check,), SETTINGS)[0].status == status


def test_what_an_engine_keeps_is_unknown_where_processes_are_not_seen() -> None:
    host = Host(facts(processes=Unread("/proc can't be read")), (engine(process=None),))
    result = judge(host, (made(yielding().function, Container),), SETTINGS)[0]
    assert (result.status, result.message) == ("unknown", "processes: /proc can't be read")


def test_a_check_of_the_host_judges_what_it_sees() -> None:
    host = Host(facts(processes=Unread("/proc can't be read")), (engine(process=None),))
    assert judge(host, (made(yielding().function, Host),), SETTINGS)[0].status == "pass"


def test_fingerprint_depends_on_what_is_wrong_and_where() -> None:
    first = fingerprint("h", "c", "e", "r")
    assert first == fingerprint("h", "c", "e", "r")
    assert len({first, fingerprint("h2", "c", "e", "r"), fingerprint("h", "c", "e", "r2")}) == 3


def test_long_evidence_is_cut() -> None:
    result = one(yielding(Finding("r", "m", (Evidence("s", "x" * 1_000_000),))))
    assert len(result.findings[0].evidence[0].detail) < 3000
