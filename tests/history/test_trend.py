"""The charts: sound XML, nothing from outside in it, readable without colour and without sight."""

import itertools
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from lxml import etree

from dockeraudit.history.trend import (
    describe,
    figure,
    svg_trend,
    table,
    thinned,
)
from dockeraudit.report import SEVERITIES, Repair, Trend, TrendPoint

SVG = "{http://www.w3.org/2000/svg}"
EVIL = '"><script>alert(1)</script>\x00\x1b]]>&\u202e\ud800'


def point(day: int, missed: int = 0, **open: int) -> TrendPoint:
    return TrendPoint(f"2026-01-{day:02}T04:17:00Z", open, 1, 2, missed)


def parsed(text: str) -> Any:
    return etree.fromstring(text.encode())


def lines(chart: Any) -> list[Any]:
    return [path for path in chart.iter(f"{SVG}path") if path.get("stroke-width") == "2"]


POINTS = [point(1, critical=2, high=40), point(2, 3, critical=1, high=41), point(3, high=39, low=7)]


def test_a_chart_says_what_it_shows() -> None:
    chart = parsed(svg_trend(POINTS))
    assert chart.get("role") == "img"
    title, desc = (chart.find(f"{SVG}{name}") for name in ("title", "desc"))
    assert chart.get("aria-labelledby") == f"{title.get('id')} {desc.get('id')}"
    assert desc.text == (
        "3 runs. 2026-01-01: 2 critical, 40 high open. 2026-01-03: 39 high, 7 low open. In 1 run "
        "not all hosts were reached; what was open there is counted as it was last seen."
    )


def test_lines_differ_by_more_than_colour_and_carry_their_names() -> None:
    chart = parsed(svg_trend(POINTS))
    assert len({line.get("stroke-dasharray") for line in lines(chart)}) == 3
    words = [text.text for text in chart.iter(f"{SVG}text")]
    assert {"critical 0", "high 39", "low 7"} <= set(words)


def test_labels_do_not_cover_each_other() -> None:
    same = [point(day, critical=5, high=5, medium=5, low=5, info=5) for day in (1, 2)]
    chart = parsed(svg_trend(same))
    at = sorted(
        float(text.get("y")) for text in chart.iter(f"{SVG}text") if text.get("text-anchor") is None
    )
    assert all(below - above >= 12.9 for above, below in itertools.pairwise(at))
    assert at[-1] <= 200


def test_runs_that_missed_hosts_are_marked() -> None:
    (mark,) = parsed(svg_trend(POINTS)).iter(f"{SVG}circle")
    assert mark.find(f"{SVG}title").text == "2026-01-02: 3 hosts not reached"


@pytest.mark.parametrize("points", [[], [point(1)], [point(1, high=1)], [point(1), point(2)]])
def test_few_points(points: list[TrendPoint]) -> None:
    text = svg_trend(points)
    assert bool(text) == bool(points)
    if points:
        parsed(text)
        assert "NaN" not in text


def test_many_points_are_thinned_and_the_newest_stays() -> None:
    many = [point(1 + at % 28, high=at) for at in range(1000)]
    assert len(thinned(many)) <= 120
    assert thinned(many)[-1] is many[-1]


def test_the_policy_of_the_page_lets_the_chart_in() -> None:
    """No style attribute or element, no script, no reference to anything outside."""
    for text in (svg_trend(POINTS), table(POINTS)):
        assert "style" not in text
        assert "href" not in text
        assert "script" not in text


def test_the_table_says_the_same() -> None:
    rows = list(parsed(table(POINTS)).iter("tr"))
    assert [cell.text for cell in rows[0]] == [
        "Run", "critical", "high", "low", "new", "fixed", "hosts missed",
    ]  # fmt: skip
    assert ["".join(cell.itertext()) for cell in rows[1]] == [
        "2026-01-03", "0", "39", "7", "1", "2", "0",
    ]  # fmt: skip


def test_the_figure_has_chart_table_and_times_to_fix() -> None:
    page = parsed(figure(Trend(tuple(POINTS), (Repair("high", 3, 2.5, 2.0),), 30)))
    assert [child.tag for child in page] == ["div", "figcaption", "details", "div"]
    assert page[0][0].tag == f"{SVG}svg"
    assert page[3][0][0].text == "Time to fix, of what was fixed in the last 30 days"
    assert figure(Trend(())) == ""


@settings(max_examples=60, deadline=None)
@given(
    st.lists(
        st.builds(
            TrendPoint,
            time=st.one_of(st.text(max_size=30), st.just(EVIL), st.just("2026-01-01T00:00:00Z")),
            open=st.dictionaries(st.sampled_from(SEVERITIES), st.integers(0, 10**9)),
            new=st.integers(0, 10**6),
            fixed=st.integers(0, 10**6),
            missed=st.integers(0, 10**4),
        ),
        min_size=1,
        max_size=30,
    ),
    st.text(max_size=10),
)
def test_any_points_make_sound_xml(points: list[TrendPoint], id: str) -> None:
    chart = parsed(svg_trend(points, id=id))
    parsed(table(points))
    assert describe(points)
    for text in chart.iter(f"{SVG}text"):
        assert -1 <= float(text.get("y")) <= 201
