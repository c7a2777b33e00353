"""Fills `page.html`: the environment, the filters, and the content security policy."""

import re
from base64 import b64encode
from collections.abc import Iterator
from hashlib import sha256
from importlib.resources import files
from typing import Any

from jinja2 import Environment, FunctionLoader, StrictUndefined
from markupsafe import Markup

from dockeraudit.history.trend import figure
from dockeraudit.output import clipped, visible
from dockeraudit.report import SEVERITIES, HostReport, Report, Result

from .. import _view  # noqa: TID252 - the installed name of this package is another

_HERE = files(__package__ or "")
_TEXT = 8 * 1024
_FINGERPRINT = re.compile("[0-9a-f]{32}")
_MONTHS = ("Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec")
_TIME = re.compile(r"(\d{4})-(\d{2})-(\d{2})T(\d{2}:\d{2})")
_FRAMEWORKS = {"cis": "CIS", "nist": "NIST", "mitre-attack": "MITRE ATT&CK"}
_BUFFER = 200


def pieces(report: Report) -> Iterator[str]:
    """The page in pieces of some hundred expressions each."""
    style, script = _read("page.css"), _read("page.js")
    stream = (
        _environment()
        .get_template("page.html")
        .stream(
            report=report,
            view=_view,
            anchors=_Anchors(),
            verdict=_view.verdict(report),
            failing=_view.failing(report),
            gaps=_view.gaps(report.hosts),
            exposures=_view.exposures(report),
            waivers=_view.waivers(report),
            calendar=_view.calendar(report),
            trend=Markup(figure(report.trend, "chart")) if report.trend else "",
            severities=SEVERITIES,
            numbers=_numbers(report),
            style=Markup(style),
            script=Markup(script),
            policy=policy(style, script),
        )
    )
    stream.enable_buffering(_BUFFER)
    yield from stream
    yield "\n"


def policy(style: str, script: str) -> str:
    """The content security policy: our own style and script by their hash, and nothing else."""
    return (
        f"default-src 'none'; style-src 'sha256-{_hash(style)}'; "
        f"script-src 'sha256-{_hash(script)}'; img-src data:; base-uri 'none'; form-action 'none'"
    )


class _Anchors:
    """Hands out each element id once: two elements of one id are no valid page."""

    def __init__(self) -> None:
        self._taken: set[str] = set()

    def finding(self, fingerprint: str) -> str:
        """`f-<fingerprint>`, for deep links; empty where it is taken or no fingerprint."""
        if fingerprint in self._taken or not _FINGERPRINT.fullmatch(fingerprint):
            return ""
        self._taken.add(fingerprint)
        return f"f-{fingerprint}"

    def valid(self, fingerprint: str) -> bool:
        """Whether there will be such an anchor."""
        return _FINGERPRINT.fullmatch(fingerprint) is not None


class _Groups:
    """A host's results as the page shows them."""

    def __init__(self, host: HostReport) -> None:
        self.failed = _view.worst_first(one for one in host.results if one.counts)
        self.waived = _view.worst_first(_of(host, "fail", waived=True))
        self.manual = _view.worst_first(_of(host, "manual"))
        self.unknown = _view.gaps([host])
        self.unknown_results = {one.check: one for one in _of(host, "unknown")}
        self.passed = sorted(_of(host, "pass"), key=lambda one: one.check)
        self.not_applicable = sorted(_of(host, "not-applicable"), key=lambda one: one.check)


def _of(host: HostReport, status: str, waived: bool = False) -> list[Result]:
    return [
        one
        for one in host.results
        if one.status == status and (not waived or one.waiver is not None)
    ]


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
    environment.filters["day"] = _day
    environment.filters["number"] = "{:,}".format
    environment.filters["framework"] = _framework
    environment.filters["parts"] = _parts
    environment.globals["groups"] = _Groups
    return environment


def _safe(value: Any) -> Any:
    """What every expression of the template goes through before it is escaped.

    Marks that hide or reorder text are spelled out; line ends may stay, they can't do harm here.
    """
    if isinstance(value, str) and not isinstance(value, Markup):
        return visible(clipped(value, _TEXT), keep="\n")
    return value


def _numbers(report: Report) -> dict[str, int]:
    """Where a target's section is; of several with one name, the first."""
    numbers: dict[str, int] = {}
    for number, host in enumerate(report.hosts, 1):
        numbers.setdefault(host.target, number)
    return numbers


def _parts(text: str) -> Iterator[tuple[str, list[tuple[str, str]]]]:
    """A check's text as `_view.blocks` parts it, prose further into text and `code`."""
    for kind, block in _view.blocks(text):
        pieces = block.split("`") if kind == "prose" else [block]
        yield kind, [("code" if at % 2 else "text", piece) for at, piece in enumerate(pieces)]


def _framework(name: str) -> str:
    """`cis-1.6` as people write it."""
    for short, long in _FRAMEWORKS.items():
        if name == short or name.startswith(f"{short}-"):
            return f"{long} {name[len(short) + 1 :]}".rstrip()
    return name


def _day(time: str | None) -> str:
    """`24 Nov 2026, 06:15 UTC`."""
    match = _TIME.match(time or "")
    if not match:
        return time or "not known"
    year, month, day, clock = match.groups()
    return f"{int(day)} {_MONTHS[(int(month) - 1) % 12]} {year}, {clock} UTC"


def _read(name: str) -> str:
    return (_HERE / name).read_text(encoding="utf-8")


def _hash(text: str) -> str:
    return b64encode(sha256(text.encode()).digest()).decode()
