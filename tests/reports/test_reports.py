"""Every scan through every writer, kept whole where it is small enough to be read in a diff."""

import re
import unicodedata
from collections.abc import Callable
from functools import cache
from importlib import import_module
from types import ModuleType
from typing import cast

import pytest

from dockeraudit.output import visible
from dockeraudit.plugins import formats, writer
from dockeraudit.report import Proof, Report
from tests.reports.scans import SCANS, certificate, fleet, host, report, result

FORMATS = ("html", "json", "junit", "table")
KEPT = [
    "clean",
    "open daemon",
    "partial",
    "one unreachable",
    "no engine",
    "waived",
    "followed up",
    "nothing scanned",
    "same name twice",
]
SMALL = {
    "html": ("one unreachable", "partial", "followed up", "nothing scanned"),
    "json": ("one unreachable", "waived", "followed up", "nothing scanned"),
}
STEERING = re.compile("[\x00-\x08\x0b-\x1f\x7f-\x9f\u200b-\u200f\u2028-\u202e\u2066-\u2069]")


def text(format: str, report: Report) -> str:
    """The whole report."""
    return "".join(writer(format).render(report))


@cache
def written(format: str, scan: str) -> str:
    """The whole report of a scan."""
    return text(format, SCANS[scan]())


def test_every_format_is_here() -> None:
    assert [name for name in FORMATS if name not in formats()] == []


@pytest.mark.parametrize("format", FORMATS)
@pytest.mark.parametrize("scan", KEPT)
def test_report(
    scan: str,
    format: str,
    expected: Callable[[str, str], None],
    stripped: Callable[[str], str],
) -> None:
    page = written(format, scan)
    # A page is long, and the others differ from the kept ones in no more than a table shows.
    if scan not in SMALL.get(format, KEPT):
        return
    name = f"{scan.replace(' ', '-')}.{writer(format).EXTENSION}"
    expected(name, stripped(page) if format == "html" else page)


@pytest.mark.parametrize("format", FORMATS)
@pytest.mark.parametrize("scan", SCANS)
def test_every_report_is_deterministic_and_ends_its_last_line(scan: str, format: str) -> None:
    first = written(format, scan)
    assert first == text(format, SCANS[scan]())
    assert first.endswith("\n")


@pytest.mark.parametrize("format", FORMATS)
@pytest.mark.parametrize("scan", SCANS)
def test_no_text_of_a_host_steers_a_terminal_or_reorders_a_line(scan: str, format: str) -> None:
    page = written(format, scan)
    page.encode()
    assert STEERING.findall(page) == []


@pytest.mark.parametrize("format", FORMATS)
def test_a_megabyte_of_text_is_cut_where_people_read_it(format: str) -> None:
    size = len(written(format, "hostile"))
    assert size > 5_000_000 if format == "json" else size < 200_000


@pytest.mark.parametrize("format", FORMATS)
def test_memory_stays_flat(format: str) -> None:
    """The longest piece of a fleet's report is no longer than a host's."""
    pieces = [len(piece) for piece in writer(format).render(fleet(40))]
    host = len(text(format, fleet(3)))
    if format != "table":
        assert max(pieces) < host + 40_000
    assert len(pieces) > 5


@pytest.mark.parametrize("width", [66, 80, 120, 200])
@pytest.mark.parametrize("verbose", [False, True], ids=["short", "verbose"])
@pytest.mark.parametrize("scan", SCANS)
def test_table_keeps_to_the_width(scan: str, verbose: bool, width: int) -> None:
    report = fleet(9, 30) if scan == "fleet" else SCANS[scan]()
    render = writer("table").render_table  # type: ignore[attr-defined]
    for line in "".join(render(report, width=width, color=False, verbose=verbose)).splitlines():
        cells = sum(
            0
            if unicodedata.combining(char)
            else 2
            if unicodedata.east_asian_width(char) in "WF"
            else 1
            for char in line
        )
        # A mark that keeps a CI runner from obeying a line may stand over the edge.
        assert cells <= width + 12 * line.count(r"\x23") + 3 * line.count(r"\x3a"), line


@pytest.mark.parametrize("scan", ["one of everything", "hostile"])
def test_colour_only_repeats_what_words_say(scan: str) -> None:
    render = writer("table").render_table  # type: ignore[attr-defined]
    plain = "".join(render(SCANS[scan](), width=80, color=False, verbose=False))
    painted = "".join(render(SCANS[scan](), width=80, color=True, verbose=False))
    assert "\x1b[" in painted
    assert re.sub(r"\x1b\[[0-9;]*m", "", painted) == plain


def test_table_shows_the_worst_twenty_and_says_what_it_left_out() -> None:
    render = writer("table").render_table  # type: ignore[attr-defined]
    short = "".join(render(fleet(60), width=80, color=False, verbose=False))
    assert short.count("\n  found ") <= 20
    assert "-v shows all" in short
    long = "".join(render(fleet(60), width=80, color=False, verbose=True))
    failed = sum(len(one.findings) for h in fleet(60).hosts for one in h.results if one.counts)
    assert long.count("\n  found ") == failed


def test_people_are_shown_what_the_inventory_says() -> None:
    render = writer("table").render_table  # type: ignore[attr-defined]
    given = SCANS["inventory"]()
    long = "".join(render(given, width=80, color=False, verbose=True)).splitlines()
    assert "groups    web, production" in long
    assert "labels    owner=platform team, site=icn1" in long
    page = text("markdown", given)
    assert "| `db02.example.com` (`db`, `owner=data`) | unreachable |" in page


def test_a_host_that_was_named_twice_says_where_its_results_are() -> None:
    given = SCANS["inventory"]()
    lines = text("table", given).splitlines()
    assert lines[0].endswith("fail on low, 2 hosts")
    (row,) = [line for line in lines if line.startswith("192.0.2.10")]
    assert row.split(maxsplit=1)[1] == "the same host as web01.example.com, which has its results"
    assert not any("name it once" in line for line in lines)
    page = text("markdown", given)
    assert "| `192.0.2.10` (`legacy`) | the same host as `web01.example.com`, which " in page
    assert page.count("192.0.2.10") == 1, "it is not among what was not assessed"
    for one in (lines[0], page, text("html", given)):
        assert "3 hosts" not in one


def test_table_says_a_cause_once() -> None:
    render = writer("table").render_table  # type: ignore[attr-defined]
    short = "".join(render(fleet(60), width=200, color=False, verbose=False))
    assert short.count("/etc/docker/daemon.json: Permission denied") == 1


@pytest.mark.parametrize("command", ["::error::x", "##vso[task.setvariable]x", "##[error]x"])
def test_table_gives_no_command_to_a_ci_runner(command: str) -> None:
    one = result("tls-verify-enabled", "fail", command * 20, proofs=((Proof(command, command),),))
    page = text("table", report(host(command, one)))
    for line in page.splitlines():
        assert not line.lstrip().startswith("::")
        assert "##vso[" not in line
        assert "##[" not in line


@pytest.mark.parametrize(
    ("raw", "shown"),
    [
        ("plain text, ünïcode, 안전한 🐳", "plain text, ünïcode, 안전한 🐳"),
        ("a\nb\r\tc", r"a\nb\r\tc"),
        ("\x1b[2J\x07\x00\x9b", r"\x1b[2J\x07\x00\x9b"),
        ("\u202egnp.exe\u2066\u200b", r"\u202egnp.exe\u2066\u200b"),
        ("\udc80\ufffe\U000e0041", r"\udc80\ufffe\U000e0041"),
    ],
)
def test_visible(raw: str, shown: str) -> None:
    assert visible(raw) == shown


@pytest.mark.parametrize(
    ("text", "blocks"),
    [
        ("One sentence.", [("prose", "One sentence.")]),
        ("Wrapped\nin the source.", [("prose", "Wrapped in the source.")]),
        ("One.\nTwo.", [("prose", "One."), ("prose", "Two.")]),
        (
            "Do:\n    a \\\n      b\n    c\nthen\nd.",
            [("prose", "Do:"), ("command", "a \\\n  b\nc"), ("prose", "then d.")],
        ),
        ("  only\n", [("command", "only")]),
        ("a\n\nb", [("prose", "a"), ("prose", "b")]),
        ("", []),
    ],
)
def test_a_text_is_told_from_its_commands(text: str, blocks: list[tuple[str, str]]) -> None:
    view = import_module(f"{type_of('table').__package__}._view")
    assert list(view.blocks(text)) == blocks


def test_the_calendar_is_of_the_next_ninety_days_and_of_what_has_ended() -> None:
    overview = import_module(f"{type_of('html').__name__}._overview").overview
    ends = tuple(certificate(days, f"/{days}") for days in (91, 92, -1, 1, 2, 90))
    found = overview(report(host("a"), host("b", certificates=ends))).endings.first
    assert [(each.place.number, each.certificate.path, each.left) for each in found] == [
        (2, "/-1", "ended 1 day ago"),
        (2, "/1", "in 0 days"),
        (2, "/2", "in 1 day"),
        (2, "/90", "in 89 days"),
    ]


def type_of(format: str) -> ModuleType:
    """A writer as the module that it is."""
    return cast(ModuleType, writer(format))
