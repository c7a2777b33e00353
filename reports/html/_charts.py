"""Two drawings as inline SVG: who answers whom, and when certificates end.

Colour and size only repeat what numbers and words say; the same figures stand beside each drawing
as a table. All that is drawn are counts, so that a fleet's drawing is no larger than a host's.
"""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from datetime import MAXYEAR, UTC, datetime
from math import sqrt

from markupsafe import Markup, escape

from dockeraudit.language import counted, gettext, marked
from dockeraudit.language import month as month_name

from .. import _view  # noqa: TID252 - the installed name of this package is another

_REACHES = (
    ("LOOPBACK", marked("the host itself"), marked("every process")),
    ("BRIDGE", marked("its containers"), marked("every container")),
    ("ADDR", marked("one network"), marked("of one address")),
    ("ANY", marked("every network"), marked("of the host")),
)
_ALWAYS = ("PLAIN", "TLS-NOAUTH", "MTLS")
_ROWS = ("PLAIN", "TLS-NOAUTH", "MTLS-SYSROOTS", "UNKNOWN", "BROKEN", "MTLS")
_SHORT = {
    "PLAIN": marked("no TLS"),
    "TLS-NOAUTH": marked("no client certificate"),
    "MTLS-SYSROOTS": marked("any public CA"),
    "UNKNOWN": marked("could not be seen"),
    "BROKEN": marked("can't work"),
    "MTLS": marked("client certificate"),
}
_LEFT, _TOP, _CELL, _LINE = 168, 50, 118, 58
_MONTHS = 12


@dataclass
class Map:
    """The TCP addresses that answer now, by how they authenticate and how far they reach."""

    cells: dict[tuple[str, str], int] = field(default_factory=dict)
    sockets: int = 0
    """Unix sockets, which are not drawn."""
    silent: int = 0
    """TCP addresses that are set up and do not answer now."""

    def add(self, addresses: Iterable[_view.Address]) -> None:
        """Count a host's addresses."""
        for one in addresses:
            if one.reach == "LOCAL":
                self.sockets += 1
            elif one.now:
                self.cells[one.now, one.reach] = self.cell(one.now, one.reach) + 1
            else:
                self.silent += 1

    @property
    def rows(self) -> list[str]:
        """The modes that are drawn, worst first."""
        seen = {mode for mode, _ in self.cells}
        return [mode for mode in _ROWS if mode in _ALWAYS or mode in seen]

    @property
    def reaches(self) -> tuple[tuple[str, str, str], ...]:
        """The columns: name, and what it means in two lines."""
        return tuple((name, gettext(one), gettext(two)) for name, one, two in _REACHES)

    @property
    def short(self) -> dict[str, str]:
        """What a mode means, in few words."""
        return {name: gettext(text) for name, text in _SHORT.items()}

    def cell(self, mode: str, reach: str) -> int:
        """How many addresses answer so."""
        return self.cells.get((mode, reach), 0)

    @property
    def total(self) -> int:
        """All that are drawn."""
        return sum(self.cells.values())

    @property
    def words(self) -> str:
        """The drawing in words."""
        found = [
            counted(
                number,
                "{n} address {mode} for {reach}",
                "{n} addresses {mode} for {reach}",
                mode=mode,
                reach=gettext(_view.REACHES[reach]),
            )
            for mode in self.rows
            for reach, _, _ in reversed(_REACHES)
            if (number := self.cell(mode, reach))
        ]
        return "; ".join(found) or gettext("no TCP address answers")


def draw_map(drawn: Map) -> Markup:
    """Columns reach farther to the right, rows are safer to the bottom."""
    width, height = _LEFT + _CELL * len(_REACHES) + 8, _TOP + _LINE * len(drawn.rows) + 8
    return _svg(
        "map", width, height, gettext("Listeners by reach and mode"), drawn.words, _map(drawn)
    )


def _map(drawn: Map) -> Iterator[str]:
    for at, (_, first, second) in enumerate(drawn.reaches):
        x = _LEFT + at * _CELL + _CELL / 2
        yield f'<text class="head" x="{x}" y="20" text-anchor="middle">{first}</text>'
        yield f'<text x="{x}" y="37" text-anchor="middle">{second}</text>'
    most = max(drawn.cells.values(), default=1)
    for row, mode in enumerate(drawn.rows):
        y = _TOP + row * _LINE
        yield f'<text class="head mono m-{mode}" x="0" y="{y + 27}">{mode}</text>'
        yield f'<text x="0" y="{y + 43}">{gettext(_SHORT[mode])}</text>'
        for column, (reach, _, _) in enumerate(_REACHES):
            x = _LEFT + column * _CELL
            yield (
                f'<rect class="cell" x="{x + 2}" y="{y + 2}" width="{_CELL - 4}" '
                f'height="{_LINE - 4}" rx="6"/>'
            )
            number = drawn.cell(mode, reach)
            if number:
                radius = 12 + 12 * sqrt(number / most)
                middle = f'x="{x + _CELL / 2}" y="{y + _LINE / 2 + 5}" text-anchor="middle"'
                yield (
                    f'<circle class="f-{mode}" cx="{x + _CELL / 2}" cy="{y + _LINE / 2}" '
                    f'r="{radius:.1f}"/><text class="on" {middle}>{number}</text>'
                )


@dataclass
class Bin:
    """Certificates that end in one stretch of time."""

    label: str
    sub: str
    tone: str
    number: int = 0


class Timeline:
    """When all certificates end, by month, from the month of the scan on."""

    def __init__(self, now: datetime) -> None:
        self._now = now
        self._first = first = now.year * 12 + now.month - 1
        self.bins = [Bin(gettext("ended"), "", "critical")]
        for month in range(first, first + _MONTHS + 1):
            number = month % 12 + 1
            days = (month // 12 - now.year) * 366
            if month // 12 <= MAXYEAR:
                days = (datetime(month // 12, number, 1, tzinfo=UTC) - now).days
            tone = "high" if days < 30 else "medium" if days < _view.CALENDAR_DAYS else "reached"
            year = str(month // 12) if month in (first, first + 1) or number == 1 else ""
            self.bins.append(Bin(month_name(number), year, tone))
        self.bins.append(Bin(gettext("later"), "", "reached"))

    def add(self, end: datetime) -> None:
        """Count a certificate that ends then."""
        at = end.year * 12 + end.month - 1 - self._first + 1
        self.bins[0 if end < self._now else min(at, len(self.bins) - 1)].number += 1

    @property
    def total(self) -> int:
        """All certificates."""
        return sum(each.number for each in self.bins)

    @property
    def words(self) -> str:
        """The drawing in words."""
        return "; ".join(
            f"{each.label} {each.sub}".strip() + f": {each.number:,}"
            for each in self.bins
            if each.number
        )


def draw_timeline(drawn: Timeline) -> Markup:
    """A bar for each month, what has ended on the left."""
    step, room = 52, 130
    width, height = step * len(drawn.bins), room + 66
    most = max(each.number for each in drawn.bins)

    def parts() -> Iterator[str]:
        yield f'<path class="axis" d="M0 {room + 20.5}H{width}"/>'
        for at, each in enumerate(drawn.bins):
            x = at * step + step / 2
            if each.number:
                tall = max(3.0, room * each.number / most)
                top = room + 20 - tall
                yield (
                    f'<rect class="{each.tone}" x="{x - 15}" y="{top:.1f}" width="30" '
                    f'height="{tall:.1f}" rx="2"/>'
                    f'<text class="head" x="{x}" y="{top - 6:.1f}" text-anchor="middle">'
                    f"{each.number:,}</text>"
                )
            yield f'<text x="{x}" y="{room + 40}" text-anchor="middle">{each.label}</text>'
            if each.sub:
                yield f'<text x="{x}" y="{room + 56}" text-anchor="middle">{each.sub}</text>'

    return _svg(
        "ends", width, height, gettext("Certificates by the month they end"), drawn.words, parts()
    )


def _svg(
    name: str, width: float, height: float, title: str, words: str, parts: Iterator[str]
) -> Markup:
    return Markup(
        f'<svg class="drawing" role="img" aria-labelledby="{name}-title {name}-desc" '
        f'viewBox="0 0 {width:g} {height:g}"><title id="{name}-title">{escape(title)}</title>'
        f'<desc id="{name}-desc">{escape(words)}</desc>{"".join(parts)}</svg>'
    )
