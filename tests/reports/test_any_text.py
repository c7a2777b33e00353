"""Whatever text a host gives, every writer writes a whole report that its readers take."""

import json
import unicodedata
from html.parser import HTMLParser
from typing import Literal

from hypothesis import given, settings
from hypothesis import strategies as st
from lxml import etree

from dockeraudit.plugins import writer
from dockeraudit.report import (
    FixedFinding,
    HostError,
    Proof,
    Report,
    ReportedBaseline,
    ReportedWaiver,
    Waiver,
    decode,
)
from tests.reports.scans import certificate, host, report, result, trend, unreachable

TEXT = st.text(st.characters(exclude_categories=()), max_size=60)


STATES: tuple[Literal["expired", "expiring", "unused"], ...] = ("expired", "expiring", "unused")


def hostile(text: str) -> Report:
    """A report with that text in every place that a host or a file may fill."""
    proofs = ((Proof(text, text),),)
    return report(
        host(
            f"a{text}",
            result("tls-verify-enabled", "fail", text, proofs=proofs, resource=text),
            result("tls-ca-configured", "unknown", text),
            result("listener-wildcard", "manual", text, proofs=proofs),
            result(
                "certificate-expired",
                "fail",
                text,
                proofs=proofs,
                waiver=Waiver(text, text, text, text),
            ),
            hostname=text,
            os={"name": text, text: text},
            error=HostError(text, text, text),
            state="partial",
            certificates=(certificate(1, text, engine=text, subject=text),),
        ),
        unreachable(text, text, text, text),
        waivers=tuple(
            ReportedWaiver(text, text, f"r{text}", text, text, text, f"t{text}", text, state, 1)
            for state in STATES
        ),
        baseline=ReportedBaseline(
            "2026-10-01T04:17:00Z",
            *(1, 1, 1, 1, 1),
            (FixedFinding(text, text, text, text, text, "high", "0" * 32),),
        ),
        trend=trend(2),
    )


@given(TEXT)
@settings(max_examples=150, deadline=None)
def test_xml_and_json_are_well_formed(text: str) -> None:
    tree = etree.fromstring("".join(writer("junit").render(hostile(text))).encode())
    assert len(tree.findall("testsuite")) == 2
    page = "".join(writer("json").render(hostile(text)))
    json.loads(page.encode())
    assert len(decode(page.encode()).hosts) == 2


class Tags(HTMLParser):
    """The elements of a page, in order."""

    def __init__(self) -> None:
        super().__init__()
        self.tags: list[str] = []

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        """Note a tag with the names of its attributes."""
        self.tags.append(" ".join((tag, *(name for name, _ in attrs))))


def tags(page: str) -> list[str]:
    parser = Tags()
    parser.feed(page)
    return parser.tags


@given(TEXT.filter(lambda text: len(text) > 3))
@settings(max_examples=60, deadline=None)
def test_html_gets_no_element_and_no_attribute_from_a_text(text: str) -> None:
    harmless = "".join("x" for _ in text)
    page = "".join(writer("html").render(hostile(text)))
    page.encode()
    assert tags(page) == tags("".join(writer("html").render(hostile(harmless))))


@given(TEXT, st.integers(66, 140), st.booleans())
@settings(max_examples=150, deadline=None)
def test_table_has_no_control_character(text: str, width: int, verbose: bool) -> None:
    render = writer("table").render_table  # type: ignore[attr-defined]
    page = "".join(render(hostile(text), width=width, color=False, verbose=verbose))
    page.encode()
    assert {unicodedata.category(char) for char in page.replace("\n", "")}.isdisjoint(
        {"Cc", "Cf", "Cs", "Zl", "Zp"}
    )
