"""Fills `page.html`: the environment, the filters, and the content security policy."""

from base64 import b64encode
from collections.abc import Iterator
from functools import cache
from hashlib import sha256
from importlib.resources import files
from typing import Any

from jinja2 import Environment, FunctionLoader, StrictUndefined
from markupsafe import Markup

from dockeraudit import sentences
from dockeraudit.history.trend import figure
from dockeraudit.language import current, date, gettext, moment, ngettext
from dockeraudit.report import SEVERITIES, Report

from .. import _rule, _view  # noqa: TID252 - the installed name of this package is another
from . import _charts, _data
from ._overview import overview
from ._standing import short_title
from ._words import words

_HERE = files(__package__ or "")
_SCRIPTS = ("parts.js", "store.js", "pages.js", "page.js")
_BLOCK = 64 * 1024
_BRIEF = 1024


def pieces(report: Report) -> Iterator[str]:
    """The page in pieces: what everybody sees as markup, the findings as data for the script."""
    style, script = _read("page.css"), _script()
    seen = overview(report)
    ends = seen.timeline if seen.timeline and seen.timeline.total else None
    parts = (
        _environment()
        .get_template("page.html")
        .generate(
            report=report,
            view=_view,
            seen=seen,
            standing=seen.standing,
            verdict=_view.verdict_of(report, seen.failing_hosts, engines=seen.engines),
            failing=seen.failing,
            gaps=seen.gaps,
            waivers=_view.waivers(report),
            trend=Markup(figure(report.trend, "chart")) if report.trend else "",
            change=_change(report),
            map=seen.map,
            map_svg=_charts.draw_map(seen.map),
            ends=ends,
            ends_svg=_charts.draw_timeline(ends) if ends else "",
            severities=SEVERITIES,
            lang=current(),
            catalogue=_data.catalogue(seen.standing, words()),
            data=_data.hosts(report, seen.standing, moment),
            style=Markup(style),
            script=Markup(script),
            policy=policy(style, script),
        )
    )
    yield from _blocks(parts)
    yield "\n"


def _blocks(parts: Iterator[str]) -> Iterator[str]:
    """The parts joined to blocks; a part may be as long as a piece of the data."""
    block: list[str] = []
    size = 0
    for part in parts:
        block.append(part)
        size += len(part)
        if size > _BLOCK:
            yield "".join(block)
            block, size = [], 0
    if block:
        yield "".join(block)


def policy(style: str, script: str) -> str:
    """The content security policy: our own style and script by their hash, and nothing else."""
    return (
        f"default-src 'none'; style-src 'sha256-{_hash(style)}'; "
        f"script-src 'sha256-{_hash(script)}'; img-src data:; base-uri 'none'; form-action 'none'"
    )


@cache
def _environment() -> Environment:
    environment = Environment(
        loader=FunctionLoader(_read),
        autoescape=True,
        finalize=_safe,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
        keep_trailing_newline=False,
    )
    environment.filters["day"] = moment
    environment.globals.update(
        _=_say,
        counted=_counted,
        spoken=gettext,
        rule=_rule.rule,
        reason=sentences.reason,
        failure=sentences.failure,
    )
    environment.filters["number"] = "{:,}".format
    environment.filters["framework"] = short_title
    return environment


def _safe(value: Any) -> Any:
    """What every expression of the template goes through before it is escaped.

    Marks that hide or reorder text are spelled out; line ends may stay, they can't do harm here.
    What is longer than anybody reads in a table stands whole on the pages of the script.
    """
    if isinstance(value, str) and not isinstance(value, Markup):
        return _data.cleaned(value, _BRIEF)
    return value


def _say(text: str, **values: Any) -> Markup:
    """Words of the template, which are markup; values are escaped, as everywhere on the page."""
    return _filled(gettext(text), values)


def _counted(number: int, one: str, many: str, **values: Any) -> Markup:
    """Words of the template with a number in them."""
    return _filled(ngettext(one, many, number), {"n": f"{number:,}", **values})


def _filled(text: str, values: dict[str, Any]) -> Markup:
    return Markup(text).format(**{name: _safe(value) for name, value in values.items()})


def _change(report: Report) -> dict[str, Any] | None:
    """What is open now and was open at the oldest run that the trend knows."""
    points = report.trend.points if report.trend else ()
    if not points:
        return None
    first, last = points[0], points[-1]
    return {
        "runs": len(points),
        "since": date(first.time),
        "before": sum(first.open.values()),
        "now": sum(last.open.values()),
        "new": sum(point.new for point in points[1:]),
        "fixed": sum(point.fixed for point in points[1:]),
        "missed": last.missed,
    }


def _script() -> str:
    """The scripts as one, with one scope that the page's other texts can't reach."""
    body = "\n".join(_read(name) for name in _SCRIPTS)
    return f'"use strict";\n(() => {{\n{body}}})();\n'


def _read(name: str) -> str:
    return (_HERE / name).read_text(encoding="utf-8")


def _hash(text: str) -> str:
    return b64encode(sha256(text.encode()).digest()).decode()
