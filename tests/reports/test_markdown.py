"""Markdown for a comment, rendered by GitHub's own library (cmark-gfm)."""

import re
from functools import cache
from html.parser import HTMLParser

import pytest
from cmarkgfm import github_flavored_markdown_to_html  # type: ignore[import-untyped]
from cmarkgfm.cmark import Options  # type: ignore[import-untyped]
from hypothesis import given, settings

from dockeraudit.plugins import writer
from dockeraudit.report import Report
from tests.reports.scans import SCANS, fleet, host, report, result
from tests.reports.test_any_text import TEXT, hostile

OWN = {"h3", "ul", "li", "p", "code", "pre", "strong", "b", "sub", "details", "summary",
       "table", "thead", "tbody", "tr", "th", "td"}  # fmt: skip


def text(given: Report) -> str:
    return "".join(writer("markdown").render(given))


@cache
def written(scan: str) -> str:
    return text(SCANS[scan]())


class Page(HTMLParser):
    """What GitHub makes of a comment: elements, and the text that is in no code."""

    def __init__(self, markdown: str) -> None:
        super().__init__()
        self.tags: list[str] = []
        self.attributes: list[tuple[str, str]] = []
        self.rows: list[int] = []
        self.plain = ""
        self._code = 0
        html = github_flavored_markdown_to_html(markdown, Options.CMARK_OPT_UNSAFE)
        self.feed(html)
        self.close()

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        """Note an element."""
        self.tags.append(tag)
        self.attributes += [(tag, name) for name, _ in attrs]
        self._code += tag in ("code", "pre")
        if tag == "tr":
            self.rows.append(0)
        if tag in ("td", "th"):
            self.rows[-1] += 1

    def handle_endtag(self, tag: str) -> None:
        """Leave an element."""
        self._code -= tag in ("code", "pre")

    def handle_data(self, data: str) -> None:
        """Keep what GitHub looks for mentions and references in."""
        if not self._code:
            self.plain += data


def check(markdown: str) -> Page:
    """A comment that nothing of a host has any power over."""
    page = Page(markdown)
    assert set(page.tags) <= OWN
    assert {name for _, name in page.attributes} <= {"align"}
    assert set(page.rows) <= {10}
    assert page.tags.count("details") == markdown.count("\n<details><summary>")
    assert not re.search(r"@\w|(^|\s)#[0-9]|\w#[0-9]|://|www\.", page.plain), page.plain
    return page


@pytest.mark.parametrize("scan", SCANS)
def test_github_makes_of_it_what_is_meant(scan: str) -> None:
    page = check(written(scan))
    given = SCANS[scan]()
    assert len(page.rows) == (min(len(given.hosts), 50) + 1 if given.hosts else 0)


@given(TEXT)
@settings(max_examples=300, deadline=None)
def test_no_text_of_a_host_is_markup_link_or_mention(raw: str) -> None:
    check(text(hostile(raw)))


TRICKS = [
    "@everyone",
    "`@everyone`",
    "``` @everyone",
    "</code> @everyone <b>",
    "a | b | c",
    "a \\| b",
    "\\",
    "`",
    "``",
    " ` ",
    "![x](https://evil.example/x.png)",
    "[click](javascript:alert(1))",
    "https://evil.example www.evil.example me@evil.example",
    "#1 org/repo#2 !3 &4 ~bug %5 $6",
    ":smile: [x] - [ ] 1. * +",
    "</details></summary><script>alert(1)</script>",
    "<!--",
    "&lt;b&gt; &#64;x",
    "\n\n# heading\n\n| a |\n|---|\n",
    "$`\\sqrt{x}`$ $$x$$",
    "",
]


@pytest.mark.parametrize("trick", TRICKS)
def test_tricks(trick: str) -> None:
    page = check(text(hostile(trick)))
    assert "heading" not in page.plain


@pytest.mark.parametrize("trick", TRICKS)
def test_tricks_in_the_text_of_a_check(trick: str) -> None:
    """A report may be anybody's: `dockeraudit report` reads what it is given."""
    fix = f"{trick}\n  {trick}"
    one = result("tls-verify-enabled", "fail", "x", title=trick, rationale=trick, remediation=fix)
    page = check(text(report(host("a", one))))
    assert "heading" not in page.tags


@pytest.mark.parametrize("hosts", [1, 60, 300])
def test_it_fits_a_comment(hosts: int) -> None:
    assert len(text(fleet(hosts))) <= 60_000


def test_the_worst_texts_fit_as_well() -> None:
    worst = "\U000e0041`" * 1000
    many = [result("listener-tcp-plain", "fail", worst, proofs=((),) * 9, resource=worst)]
    hosts = [host(f"{worst}{number}", *many) for number in range(90)]
    page = text(report(*hosts))
    assert len(page) <= 60_000
    check(page)


def test_what_does_not_fit_is_said() -> None:
    given = fleet(60, 400)
    page = text(given)
    said = re.search(r"\*\*(\d+) parts with (\d+) failed results did not fit here", page)
    assert said
    shown = page.count("<details><summary><b>")
    failed = [
        (each.severity, each.check) for one in given.hosts for each in one.results if each.counts
    ]
    folded = len(re.findall(r"<summary>(not assessed|for a person|waived) ", page))
    assert shown + folded + int(said[1]) == len(set(failed)) + 2, "two more parts: gaps, decisions"
    assert 0 < int(said[2]) < len(failed)
    assert "10 hosts more, no worse" in page
    assert len(page) <= 60_000


def test_the_first_lines_say_it_all() -> None:
    page = written("one of everything")
    head = page.partition("<details>")[0]
    for part in (
        "7 checks fail on 2 of 8 hosts; 1 of critical severity",
        "2 hosts were not reached",
        "5 results could not be assessed",
        "1 failed check is waived",
        "| `db02.example.com` | unreachable | - | - |",
        "**PLAIN**: `0.0.0.0:2375` on `web01.example.com`",
    ):
        assert part in head
    assert head.index("web01.example.com` | scanned") < head.index("mail01.example.com` | scanned")
    for title in ("not assessed (5)", "for a person to decide (1)", "waived (1)"):
        assert f"<summary>{title}</summary>" in page
