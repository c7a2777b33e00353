"""Charts of a history as inline SVG, for a report that loads nothing and runs without scripts.

Pure functions. Colour only repeats what dashes and words say; colours are the page's custom
properties, so that dark mode is the page's affair, with the text's colour where there are none.
No `style`: the report's content security policy refuses it. Beside each chart stands a table.
"""

import itertools
from collections.abc import Iterable, Iterator, Sequence
from datetime import datetime
from html import escape

from dockeraudit.language import counted, gettext
from dockeraudit.output import visible
from dockeraudit.report import SEVERITIES, Trend, TrendPoint

_WIDTH, _HEIGHT = 640, 200
_LEFT, _RIGHT, _TOP, _BOTTOM = 44, 92, 12, 28
_MOST_POINTS = 120
_DASHES = {"critical": "", "high": "8 3", "medium": "4 3", "low": "1.5 3", "info": "10 3 2 3"}
_LABEL_GAP = 13


def figure(trend: Trend, id: str = "trend") -> str:
    """The chart, its table behind a fold, and the times to fix; empty where there was no run."""
    if not trend.points:
        return ""
    repairs = repair_table(trend)
    shown = thinned(trend.points)
    rings = any(point.missed for point in shown)
    words = describe(shown) + (" " + gettext("Rings mark such runs.") if rings else "")
    return (
        f'<figure class="trend"><div class="scroll" tabindex="0" role="group" '
        f'aria-label="{gettext("Chart of open findings by severity")}">'
        f"{svg_trend(trend.points, id)}</div><figcaption>{_escaped(words)}</figcaption>"
        f"<details><summary>{gettext('The figures as a table')}</summary>"
        f"{table(trend.points)}</details>"
        f"{repairs}</figure>"
    )


def repair_table(trend: Trend) -> str:
    """How long findings were open before they were fixed; empty where none was."""
    if not trend.repairs:
        return ""
    caption = counted(
        trend.days,
        "Time to fix, of what was fixed in the last day",
        "Time to fix, of what was fixed in the last {n} days",
    )
    heads = (
        *(gettext("Severity"), gettext("fixed")),
        *(gettext("mean days"), gettext("median days")),
    )
    rows = (
        f'<tr><th scope="row">{gettext(each.severity)}</th><td class="n">{each.fixed:,}</td>'
        f'<td class="n">{each.mean_days:,.1f}</td><td class="n">{each.median_days:,.1f}</td></tr>'
        for each in trend.repairs
    )
    return _table(caption, heads, rows)


def svg_trend(points: Sequence[TrendPoint], id: str = "trend") -> str:
    """Open findings over time as an SVG, a line for each severity that occurs; empty for none.

    `id` begins the ids inside, so that a page can hold several charts.
    """
    shown = thinned(points)
    if not shown:
        return ""
    id = "".join(char if char.isascii() and char.isalnum() else "-" for char in id)
    names = [name for name in SEVERITIES if any(point.open.get(name, 0) for point in shown)]
    top = _ceiling(max((point.open.get(name, 0) for point in shown for name in names), default=0))
    return "".join(
        (
            f'<svg class="trend" role="img" aria-labelledby="{id}-title {id}-desc" '
            f'viewBox="0 0 {_WIDTH} {_HEIGHT}" xmlns="http://www.w3.org/2000/svg" '
            'fill="none" font-family="inherit" font-size="11">',
            f'<title id="{id}-title">{gettext("Open findings by severity over time")}</title>',
            f'<desc id="{id}-desc">{_escaped(describe(shown))}</desc>',
            *_axes(shown, top),
            *_lines(shown, names, top),
            *_marks(shown, names, top),
            "</svg>",
        )
    )


def table(points: Sequence[TrendPoint]) -> str:
    """The same figures as an HTML table, newest first."""
    shown = thinned(points)
    names = [name for name in SEVERITIES if any(point.open.get(name, 0) for point in shown)]
    heads = (
        *(gettext("Run"), *map(gettext, names)),
        *(gettext("new"), gettext("fixed"), gettext("hosts missed")),
    )
    rows = (
        "".join(
            (
                f'<tr><th scope="row"><time datetime="{_escaped(point.time)}">{_date(point.time)}'
                "</time></th>",
                *(
                    f'<td class="n">{number:,}</td>'
                    for number in (
                        *(point.open.get(name, 0) for name in names),
                        *(point.new, point.fixed, point.missed),
                    )
                ),
                "</tr>",
            )
        )
        for point in reversed(shown)
    )
    return _table(gettext("Open findings by severity, run by run"), heads, rows)


def _table(caption: str, heads: Iterable[str], rows: Iterable[str]) -> str:
    first, *others = heads
    head = "".join(f'<th scope="col" class="n">{name}</th>' for name in others)
    return (
        f'<div class="scroll" tabindex="0" role="group" aria-label="{gettext("Table")}: {caption}">'
        f'<table><caption>{caption}</caption><thead><tr><th scope="col">{first}</th>{head}</tr>'
        f"</thead><tbody>{''.join(rows)}</tbody></table></div>"
    )


def describe(points: Sequence[TrendPoint]) -> str:
    """The chart in words: from what, to what, and what is missing."""
    first, last = points[0], points[-1]
    text = f"{_date(last.time)}: {_tally(last)}."
    if len(points) > 1:
        runs = counted(len(points), "{n} run.", "{n} runs.")
        text = f"{runs} {_date(first.time)}: {_tally(first)}. {text}"
    missed = sum(point.missed > 0 for point in points)
    if missed:
        text += " " + counted(
            missed,
            "In {n} run not all hosts were reached; "
            "what was open there is counted as it was last seen.",
            "In {n} runs not all hosts were reached; "
            "what was open there is counted as it was last seen.",
        )
    return text


def thinned(points: Sequence[TrendPoint]) -> tuple[TrendPoint, ...]:
    """So many points as a small chart can show, in even steps; the newest is among them."""
    step = -(-len(points) // _MOST_POINTS) or 1
    return tuple(reversed(tuple(reversed(points))[::step]))


def _axes(points: Sequence[TrendPoint], top: int) -> Iterator[str]:
    """Three lines across with their numbers, and the first and the last date."""
    right = _WIDTH - _RIGHT
    for value in sorted({0, top // 2, top}):
        y = _y(value, top)
        yield (
            f'<path d="M{_LEFT} {y:.1f}H{right}" stroke="var(--line, currentColor)" '
            f'stroke-opacity="{1 if not value else 0.6}"/>'
            f'<text x="{_LEFT - 6}" y="{y + 4:.1f}" text-anchor="end" '
            f'fill="var(--soft, currentColor)">{value:,}</text>'
        )
    ends = [(0, "start"), (len(points) - 1, "end")] if len(points) > 1 else [(0, "start")]
    for at, anchor in ends:
        yield (
            f'<text x="{_x(at, points):.1f}" y="{_HEIGHT - 8}" text-anchor="{anchor}" '
            f'fill="var(--soft, currentColor)">{_date(points[at].time)}</text>'
        )


def _lines(points: Sequence[TrendPoint], names: Iterable[str], top: int) -> Iterator[str]:
    """A line for each severity, and its name and last number at its end."""
    names = list(names)
    labels = _spread([_y(points[-1].open.get(name, 0), top) for name in names])
    for name, label in zip(names, labels, strict=True):
        colour = f"var(--{name}, currentColor)"
        places = [
            f"{_x(at, points):.1f} {_y(point.open.get(name, 0), top):.1f}"
            for at, point in enumerate(points)
        ]
        dash = f' stroke-dasharray="{_DASHES[name]}"' if _DASHES[name] else ""
        path = "M" + "L".join(places if len(places) > 1 else places * 2)
        yield (
            f'<path d="{path}" stroke="{colour}" stroke-width="2" stroke-linejoin="round" '
            f'stroke-linecap="round"{dash}/>'
            f'<text x="{_WIDTH - _RIGHT + 8}" y="{label + 4:.1f}" fill="{colour}">'
            f"{gettext(name)} {points[-1].open.get(name, 0):,}</text>"
        )


def _marks(points: Sequence[TrendPoint], names: Sequence[str], top: int) -> Iterator[str]:
    """A ring at the foot of each run that missed hosts."""
    for at, point in enumerate(points):
        if point.missed:
            missed = counted(point.missed, "{n} host not reached", "{n} hosts not reached")
            yield (
                f'<circle cx="{_x(at, points):.1f}" cy="{_y(0, top):.1f}" r="3" '
                'fill="var(--paper, none)" stroke="var(--unknown, currentColor)">'
                f"<title>{_date(point.time)}: {missed}</title></circle>"
            )


def _x(at: int, points: Sequence[TrendPoint]) -> float:
    """Runs stand evenly: a chart of dates would squeeze the busy days."""
    return _LEFT + at * (_WIDTH - _LEFT - _RIGHT) / max(len(points) - 1, 1)


def _y(value: int, top: int) -> float:
    room = _HEIGHT - _TOP - _BOTTOM
    return _TOP + room - room * min(max(value, 0), top) / top


def _ceiling(most: int) -> int:
    """A round number that all values are below."""
    step = 1
    while True:
        for factor in (2, 4, 10):
            if most <= factor * step:
                return factor * step
        step *= 10


def _spread(places: list[float]) -> list[float]:
    """The places, moved apart so that labels do not cover each other."""
    order = sorted(range(len(places)), key=lambda at: (places[at], at))
    moved = list(places)
    for above, below in itertools.pairwise(order):
        moved[below] = max(moved[below], moved[above] + _LABEL_GAP)
    floor = float(_HEIGHT - _BOTTOM)
    for at in reversed(order):
        moved[at] = min(moved[at], floor)
        floor = moved[at] - _LABEL_GAP
    return moved


def _tally(point: TrendPoint) -> str:
    counts = [
        gettext("{n} {severity}").format(n=f"{point.open[name]:,}", severity=gettext(name))
        for name in SEVERITIES
        if point.open.get(name, 0)
    ]
    if not counts:
        return gettext("nothing open")
    return gettext("{counts} open").format(counts=", ".join(counts))


def _date(time: str) -> str:
    try:
        return datetime.fromisoformat(time).strftime("%Y-%m-%d")
    except ValueError:
        return _escaped(time[:10])


def _escaped(text: str) -> str:
    return escape(visible(text))
