"""What became of findings between two looks: the table of cases, and laws that hold for all."""

from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from dockeraudit.check import Check, Finding, Severity, check
from dockeraudit.drift import KINDS, Drift, HostView, compare, names, unseen, view
from dockeraudit.facts import Unread
from dockeraudit.host import Host
from dockeraudit.judge import judge
from dockeraudit.report import SEVERITIES, HostReport, Report, Result
from tests.build import SETTINGS, facts
from tests.history.reports import WAIVER, found, lost, other, partial, report, scanned

A = found("a", "one", "/x")
PART = "/x is wrong; not all could be read: /etc: permission denied"


def kinds(drift: Drift) -> list[str]:
    return [f"{change.kind} {change.check} {change.resource}".rstrip() for change in drift.changes]


def hosts(drift: Drift) -> list[str]:
    return [f"{host.kind} {host.host} {host.findings}" for host in drift.hosts]


CASES: list[Any] = [
    pytest.param(scanned("a", A), scanned("a", A), ["still one /x"], [], id="still"),
    pytest.param(scanned("a", other("one")), scanned("a", A), ["new one /x"], [], id="new"),
    pytest.param(scanned("a", A), scanned("a", other("one")), ["fixed one /x"], [], id="fixed"),
    pytest.param(
        scanned("a", A),
        scanned("a", other("one", "not-applicable")),
        ["fixed one /x"],
        [],
        id="nothing left to look at is fixed",
    ),
    pytest.param(
        scanned("a", found("a", "one", "/x", "/y")),
        scanned("a", A),
        ["fixed one /y", "still one /x"],
        [],
        id="one of two fixed",
    ),
    pytest.param(
        scanned("a", A),
        scanned("a", found("a", "one", "/x", severity="critical")),
        ["worse one /x"],
        [],
        id="worse",
    ),
    pytest.param(
        scanned("a", A),
        scanned("a", found("a", "one", "/x", severity="info")),
        ["better one /x"],
        [],
        id="better",
    ),
    pytest.param(
        scanned("a", A), lost("a"), ["unreachable one /x"], ["unreachable a 1"], id="unreachable"
    ),
    pytest.param(
        scanned("a", A),
        scanned("b"),
        ["unreachable one /x"],
        ["removed a 1", "added b 0"],
        id="another host",
    ),
    pytest.param(
        scanned("a", A),
        partial("a", other("one")),
        ["unassessed one /x"],
        ["partial a 1"],
        id="a pass on a host that was seen in part",
    ),
    pytest.param(
        partial("a", A), partial("a", A), ["still one /x"], ["partial a 0"], id="seen in part"
    ),
    pytest.param(
        scanned("a", A),
        scanned("a", other("one", "unknown", "no openssl")),
        ["unassessed one /x"],
        [],
        id="unknown",
    ),
    pytest.param(
        scanned("a", A),
        scanned("a", other("one", "manual", "who are they?")),
        ["unassessed one /x"],
        [],
        id="a person has to decide",
    ),
    pytest.param(scanned("a", A), scanned("a"), ["unassessed one /x"], [], id="not selected"),
    pytest.param(
        scanned("a", found("a", "one", "/x", "/y")),
        scanned("a", found("a", "one", "/x", message=PART)),
        ["unassessed one /y", "still one /x"],
        [],
        id="a failure that could not read all",
    ),
    pytest.param(
        scanned("a", other("one")),
        scanned("a", other("one", "unknown")),
        ["unassessed one"],
        [],
        id="a pass that can't be told any more",
    ),
    pytest.param(
        scanned("a", other("one", "unknown")),
        scanned("a", other("one", "unknown")),
        [],
        [],
        id="never known",
    ),
    pytest.param(lost("a"), scanned("a", A), ["new one /x"], [], id="the host came back"),
    pytest.param(lost("a"), lost("a"), [], ["unreachable a 0"], id="twice unreachable"),
]


@pytest.mark.parametrize(("before", "after", "changed", "at"), CASES)
def test_cases(before: HostReport, after: HostReport, changed: list[str], at: list[str]) -> None:
    drift = compare(view(report(before)), view(report(after)))
    assert kinds(drift) == changed
    assert hosts(drift) == at


@pytest.mark.parametrize(
    ("before", "reason"),
    [
        pytest.param(scanned("a", other("one")), "", id="it was looked for"),
        pytest.param(lost("a"), "not reached: timeout: no answer", id="unreachable"),
        pytest.param(scanned("a", other("one", "unknown", "no root")), "no root", id="unknown"),
        pytest.param(scanned("a"), "the check was not selected", id="not selected"),
        pytest.param(scanned("b"), "the host was not scanned", id="no target"),
    ],
)
def test_news_say_why_they_could_not_be_seen_before(before: HostReport, reason: str) -> None:
    drift = compare(view(report(before)), view(report(scanned("a", A))))
    assert [change.reason for change in drift.of("new")] == [reason]


def test_waived_news_are_no_regression() -> None:
    waived = found("a", "one", "/x", waiver=WAIVER)
    drift = compare(view(report(scanned("a", other("one")))), view(report(scanned("a", waived))))
    assert kinds(drift) == ["new one /x"]
    assert drift.regressions == ()


def test_incomplete_is_no_regression_and_not_complete() -> None:
    drift = compare(view(report(scanned("a", A))), view(report(lost("a"))))
    assert not drift.complete
    assert not drift.regressions


def test_the_judge_marks_failures_that_could_not_read_all() -> None:
    """The one place where drift depends on a sentence of the judge's."""

    @check(
        id="test-part", title="t", severity=Severity.HIGH, over=Host, rationale="r",
        remediation="r", quiet="q",
    )  # fmt: skip
    def part(host: Host, settings: Any) -> Any:
        yield Finding("/x", "/x is wrong", ())
        yield Unread("/y: permission denied")

    checks: tuple[Check[Any], ...] = (part,)
    results = judge(Host(facts(), ()), checks, SETTINGS)
    (seen,) = view(report(scanned("a", *results))).values()
    assert seen.gaps["test-part"].reason == "not all could be read: /y: permission denied"
    assert unseen(seen, "test-part")


def test_targets_of_one_name_are_told_apart_by_their_hostnames() -> None:
    one = scanned("local", A, hostname="web1")
    two = scanned("local", other("one"), hostname="web2")
    assert names(report(one, two)) == ("local (web1)", "local (web2)")
    assert names(report(one)) == ("local",)
    assert [len(each.findings) for each in view(report(one, two)).values()] == [1, 0]


@pytest.mark.parametrize(
    ("one", "two", "state", "count"),
    [
        (scanned("a", A), scanned("a", other("one")), "scanned", 1),
        (scanned("a", A), partial("a"), "partial", 1),
        (lost("a"), lost("a"), "unreachable", 0),
    ],
)
def test_a_host_named_twice_is_one(
    one: HostReport, two: HostReport, state: str, count: int
) -> None:
    (seen,) = view(report(one, two)).values()
    assert (seen.state, len(seen.findings)) == (state, count)


# -- laws ---------------------------------------------------------------------------------------

_HOSTS = ("a", "b", "c")
_CHECKS = ("one", "two", "three")


@st.composite
def results(draw: st.DrawFn, host: str) -> tuple[Result, ...]:
    given = []
    for name in draw(st.lists(st.sampled_from(_CHECKS), unique=True)):
        status = draw(st.sampled_from(("fail", "fail", "pass", "unknown", "manual")))
        if status != "fail":
            given.append(other(name, status, "because"))  # type: ignore[arg-type]
            continue
        resources = draw(st.lists(st.sampled_from(("/x", "/y")), min_size=1, unique=True))
        severity = draw(st.sampled_from(SEVERITIES))
        message = draw(st.sampled_from(("", PART)))
        given.append(found(host, name, *resources, severity=severity, message=message))
    return tuple(given)


@st.composite
def reports(draw: st.DrawFn, day: float = 0) -> Report:
    made = []
    for host in draw(st.lists(st.sampled_from(_HOSTS), unique=True)):
        state = draw(st.sampled_from(("scanned", "scanned", "partial", "lost")))
        if state == "lost":
            made.append(lost(host))
        else:
            shape = scanned if state == "scanned" else partial
            made.append(shape(host, *draw(results(host))))
    return report(*made, day=day)


def finding_of(host: HostView | None, fingerprint: str) -> bool:
    return host is not None and fingerprint in host.findings


@settings(max_examples=80, deadline=None)
@given(reports())
def test_nothing_changes_between_a_report_and_itself(one: Report) -> None:
    drift = compare(view(one), view(one))
    assert drift.of(*(kind for kind in KINDS if kind != "still")) == ()
    assert len(drift.changes) == sum(len(host.findings) for host in view(one).values())


@settings(max_examples=80, deadline=None)
@given(reports(), reports())
def test_what_is_new_one_way_is_gone_the_other_way(one: Report, two: Report) -> None:
    there, back = compare(view(one), view(two)), compare(view(two), view(one))
    keys = {
        kind: {(each.host, each.fingerprint) for each in back.of(kind) if each.fingerprint}
        for kind in KINDS
    }
    new = there.of("new")
    assert {(n.host, n.fingerprint) for n in new if not n.reason} == keys["fixed"]
    assert {(n.host, n.fingerprint) for n in new if n.reason} == keys["unreachable"] | keys[
        "unassessed"
    ]
    assert {(each.host, each.fingerprint) for each in there.of("worse")} == keys["better"]
    assert {(each.host, each.fingerprint) for each in there.of("still")} == keys["still"]


@settings(max_examples=80, deadline=None)
@given(reports(), reports())
def test_every_finding_has_one_fate(one: Report, two: Report) -> None:
    before, after = view(one), view(two)
    drift = compare(before, after)
    told = [(each.host, each.fingerprint) for each in drift.changes if each.fingerprint]
    seen = {(name, key) for side in (before, after) for name in side for key in side[name].findings}
    assert len(told) == len(set(told))
    assert set(told) == seen
    for change in drift.of("fixed"):
        assert after[change.host].state == "scanned"
        assert not finding_of(after.get(change.host), change.fingerprint)


@settings(max_examples=40, deadline=None)
@given(reports(), reports())
def test_the_order_of_hosts_does_not_matter(one: Report, two: Report) -> None:
    turned = dict(reversed(view(two).items()))
    assert compare(view(one), view(two)) == compare(view(one), turned)
