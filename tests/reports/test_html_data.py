"""What the HTML page holds for its script: all of the report, small, and nothing but data."""

import json
import re
import tracemalloc
from collections import Counter
from collections.abc import Iterator, Sequence
from functools import cache
from importlib import import_module
from types import ModuleType
from typing import Any, cast

import msgspec
import pytest
from msgspec.structs import replace

from dockeraudit.frameworks import ITEMS
from dockeraudit.output import clipped, visible
from dockeraudit.plugins import writer
from dockeraudit.report import SEVERITIES, FrameworkRule, HostCounts, HostReport, Report
from tests.reports.fleets import own_texts
from tests.reports.scans import SCANS, fleet, host, report, result

PIECE = re.compile(r'<script type="application/json" class="(\w+)">(.*?)</script>', re.DOTALL)
ROW = re.compile(r'<tr id="r-(cis-1\.\d)_([\d.]+)"([^>]*)>(.*?)</tr>', re.DOTALL)
CELL = re.compile(r'data-label="([^"]+)"><[^>]+>([\d,]+)<')
LABELS = {
    "fail": "Failed",
    "waived": "Waived",
    "unknown": "Not assessed",
    "manual": "To decide",
    "pass": "Passed",
    "not-applicable": "Not applicable",
}


def module(name: str) -> Any:
    """A module of the writer."""
    return import_module(f"{cast(ModuleType, writer('html')).__name__}.{name}")


def text(report: Report) -> str:
    return "".join(writer("html").render(report))


@cache
def page(scan: str) -> str:
    return text(SCANS[scan]())


def cleaned(text: str) -> str:
    return visible(clipped(text, 8192), keep="\n")


class Data:
    """The page's data, read as its script reads it."""

    def __init__(self, page: str) -> None:
        self.strings: list[str] = []
        self.checks: list[list[Any]] = []
        self.hosts: list[list[Any]] = []
        for kind, body in PIECE.findall(page):
            value = json.loads(body)
            if kind == "check":
                self.checks.append(value)
            elif kind == "data":
                self.strings += value["s"]
                self.hosts += value["h"]

    def text(self, value: int | str) -> str:
        return self.strings[value] if isinstance(value, int) else value

    def numbers(self, value: int | str) -> list[int]:
        return [int(one) for one in self.text(value).split(",") if one]

    def results(self, host: list[Any]) -> Counter[tuple[Any, ...]]:
        """Check, status, severity, message and findings of every result of a host."""
        found: Counter[tuple[Any, ...]] = Counter()
        for check, kind, rank, message, *more in host[11]:
            findings = tuple(
                (
                    *(self.text(one) for one in each[:3]),
                    SEVERITIES[each[3]],
                    each[4],
                    *(self.text(one) for one in each[5]),
                    *(self.text(one) for one in (each[6] if len(each) > 6 else ())),
                )
                for each in (more[0] if more else ())
            )
            waiver = tuple(self.text(one) for one in (more[1] if len(more) > 1 else ()))
            status, severity = ("fail", "unknown", "manual")[kind], SEVERITIES[rank]
            found[
                self.checks[check][1], status, severity, self.text(message), findings, waiver
            ] += 1
        for check in self.numbers(host[12]):
            found[self.checks[check][1], "pass"] += 1
        for reason, checks in host[13]:
            for check in self.numbers(checks):
                found[self.checks[check][1], "not-applicable", self.text(reason)] += 1
        return found


def expected(host: HostReport) -> Counter[tuple[Any, ...]]:
    """The same, from the report."""
    found: Counter[tuple[Any, ...]] = Counter()
    for one in host.results:
        if one.status == "pass":
            found[one.check, "pass"] += 1
            continue
        if one.status == "not-applicable":
            found[one.check, "not-applicable", cleaned(one.message)] += 1
            continue
        findings = tuple(
            (
                *(cleaned(text) for text in (each.engine, each.resource, each.message)),
                each.severity,
                each.fingerprint,
                *(cleaned(t) for proof in each.evidence for t in (proof.source, proof.detail)),
                *(_waiver(each.waiver) if not one.waiver else ()),
            )
            for each in sorted(one.findings, key=lambda each: SEVERITIES.index(each.severity))
        )
        waiver = _waiver(one.waiver)
        found[one.check, one.status, one.severity, cleaned(one.message), findings, waiver] += 1
    return found


def _waiver(waiver: Any) -> tuple[str, ...]:
    if waiver is None:
        return ()
    return tuple(cleaned(t) for t in (waiver.expires, waiver.owner, waiver.ticket, waiver.reason))


@pytest.mark.parametrize("scan", SCANS)
def test_every_result_and_finding_is_in_the_data(scan: str) -> None:
    data, report = Data(page(scan)), SCANS[scan]()
    assert [one[0] for one in data.hosts] == [cleaned(each.target) for each in report.hosts]
    for told, one in zip(data.hosts, report.hosts, strict=True):
        assert data.results(told) == expected(one)


def test_nothing_is_lost_where_the_table_of_strings_is_full(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(module("_data"), "_ROOM", 1000)
    report = SCANS["one of everything"]()
    data = Data(text(report))
    assert sum(len(one) for one in data.strings) < 1000
    for told, one in zip(data.hosts, report.hosts, strict=True):
        assert data.results(told) == expected(one)


@pytest.mark.parametrize("scan", SCANS)
def test_no_text_ends_or_begins_an_element(scan: str) -> None:
    bodies = [body for _, body in PIECE.findall(page(scan))]
    assert len(bodies) == page(scan).count("<script type=")
    assert not any(char in body for body in bodies for char in "<>&")


def test_a_check_is_described_once_for_each_text_that_it_has() -> None:
    other = replace(result("service-enabled"), remediation="Something else.")
    data = Data(text(report(host("a"), host("b"), host("c", other))))
    found = [check for check in data.checks if check[1] == "service-enabled"]
    assert [check[5] for check in found] == [
        [["systemctl enable --now docker.service"]],
        [["Something else."]],
    ]
    assert found[0][0] == "c-service-enabled"
    assert found[1][0].startswith("check-")


@pytest.mark.parametrize("name", ITEMS)
def test_every_number_of_a_benchmark_is_listed_with_its_hosts(name: str) -> None:
    def rule(check: str, status: Any, number: str, **changes: Any) -> Any:
        rules = (FrameworkRule(name, number), FrameworkRule("nist-800-53", f"AC-{number}"))
        return replace(result(check, status), references=rules, **changes)

    waiver = SCANS["waived"]().hosts[0].results
    waived = next(one.waiver for one in waiver if one.waiver)
    one = host("one").results[:0]
    hosts = (
        replace(host("a"), results=(*one, rule("service-enabled", "fail", "2.1"))),
        replace(host("b"), results=(*one, rule("service-enabled", "fail", "2.1", waiver=waived))),
        replace(
            host("c"),
            results=(
                rule("service-active", "pass", "2.1"),
                rule("tls-ca-configured", "unknown", "2.1"),
            ),
        ),
        replace(host("d"), results=(rule("service-active", "manual", "2.1"),)),
        replace(
            host("e"),
            results=(
                rule("service-active", "pass", "2.1"),
                rule("tls-ca-configured", "not-applicable", "2.1"),
            ),
        ),
        replace(host("f"), results=(rule("tls-ca-configured", "not-applicable", "2.1"),)),
        SCANS["one unreachable"]().hosts[1],
    )
    rows = [row for row in ROW.findall(text(report(*hosts))) if row[0] == name]
    assert [number for _, number, _, _ in rows] == list(ITEMS[name])
    for _, number, attributes, body in rows:
        if number != "2.1":
            assert "unchecked" in attributes
            assert "not checked" in body
            continue
        counts = dict(CELL.findall(body))
        assert {label: counts[label] for label in LABELS.values()} == dict.fromkeys(
            LABELS.values(), "1"
        )


def test_frameworks_come_in_the_order_of_their_use() -> None:
    rules = (
        *(FrameworkRule("nist-800-53", item) for item in ("AC-17(2)", "AC-3", "AC-10")),
        *(FrameworkRule(name, "2.1") for name in ("cis-1.6", "cis-1.7", "cis-1.8")),
        FrameworkRule('an"other<', "1"),
    )
    one = replace(result("service-enabled"), references=rules)
    standing = module("_standing").Standing()
    standing.add(replace(host("a"), results=(one,)))
    assert [each.name for each in standing.frameworks] == [
        *("cis-1.8", "cis-1.7", "cis-1.6"),
        *('an"other<', "nist-800-53"),
    ]
    assert [each.older for each in standing.frameworks] == [False, True, True, False, False]
    assert [item.id for item in standing.frameworks[-1].items] == ["AC-3", "AC-10", "AC-17(2)"]
    assert standing.frameworks[3].anchor == "rules-3"


def test_a_thousand_hosts_are_small() -> None:
    """Of texts that are alike, and in the worst case, where 24,000 findings share none."""
    alike = fleet(1000, 120)
    sizes = []
    for one in (alike, own_texts(alike)):
        pieces = [len(piece.encode()) for piece in writer("html").render(one)]
        assert max(pieces) < 600_000
        sizes.append(sum(pieces))
    assert sizes[0] < 3_000_000
    assert sizes[1] < 15_000_000


class Read(Sequence[HostReport]):
    """Hosts that are made when they are asked for, as from a file."""

    def __init__(self, number: int) -> None:
        self.number = number
        self.walks = 0
        self._kinds = [msgspec.json.encode(each) for each in fleet(7, 40).hosts]

    def __len__(self) -> int:
        return self.number

    def __getitem__(self, at: Any) -> Any:
        one = msgspec.json.decode(self._kinds[at % 7], type=HostReport)
        return replace(one, target=f"node{at}", address=f"192.0.2.{at}")

    def __iter__(self) -> Iterator[HostReport]:
        self.walks += 1
        return map(self.__getitem__, range(self.number))


def test_no_host_is_kept() -> None:
    """Three walks: what all hosts say together, the table of hosts, the data."""
    peaks = []
    for number in (20, 20, 120):  # the first one fills caches
        hosts = Read(number)
        counts = replace(report().summary, hosts=HostCounts(scanned=number))
        tracemalloc.start()
        for _ in writer("html").render(replace(report(), summary=counts, hosts=hosts)):
            pass
        peaks.append(tracemalloc.get_traced_memory()[1])
        tracemalloc.stop()
        assert hosts.walks == 3
    assert peaks[2] < peaks[1] + 300_000


def test_the_policy_names_what_the_page_runs_and_nothing_else() -> None:
    policy = re.search(r'Content-Security-Policy" content="([^"]+)"', page("clean"))
    assert policy
    allowed = dict(one.split(" ", 1) for one in policy[1].split("; "))
    assert {name: re.sub("sha256-[^&]+", "hash", value) for name, value in allowed.items()} == {
        "default-src": "&#39;none&#39;",
        "style-src": "&#39;hash&#39;",
        "script-src": "&#39;hash&#39;",
        "img-src": "data:",
        "base-uri": "&#39;none&#39;",
        "form-action": "&#39;none&#39;",
    }


@pytest.mark.parametrize("pattern", [r"\bstyle=", r"\bon\w+=", r"https?://", r"javascript:"])
def test_the_markup_needs_nothing_that_the_policy_refuses(pattern: str) -> None:
    markup = re.sub(r"<script.*?</script>", "", page("one of everything"), flags=re.DOTALL)
    assert not re.search(pattern, markup.replace("http://www.w3.org/2000/svg", ""))


def test_the_script_makes_no_markup_of_text() -> None:
    script = page("clean").rpartition("<script>")[2]
    for way in (
        "innerHTML",
        "outerHTML",
        "insertAdjacentHTML",
        "document.write",
        "eval(",
        "DOMParser",
    ):
        assert way not in script


def test_every_word_of_the_script_is_there_and_used() -> None:
    words = set(module("_words").words())
    script = page("clean").rpartition("<script>")[2]
    used = {
        one
        for each in re.findall(
            r'\bwords\.(\w+)|\bwords\["([^"]+)"\]|\b(?:say|around)\("([^"]+)"', script
        )
        for one in each
        if one
    }
    by_status = {"scanned", "partial", "unreachable", *LABELS}
    assert used - words == set()
    assert words - used - by_status == set()
