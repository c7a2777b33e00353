"""What the page says of all hosts, gathered in one walk over them.

Hosts may be read from a file one by one, so none is kept: of a list only its beginning, as a host's
name and number, and how long it is.
"""

from bisect import insort
from collections.abc import Callable, Iterable
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from typing import Any, Generic, TypeVar

from msgspec import Struct

from dockeraudit.language import counted
from dockeraudit.output import clipped
from dockeraudit.report import (
    HostError,
    HostReport,
    Report,
    ReportedCertificate,
    Result,
    SeverityName,
)

from .. import _view  # noqa: TID252 - the installed name of this package is another
from ._charts import Map, Timeline
from ._standing import Head, Standing

T = TypeVar("T")

_NAMED = 4
"""Hosts that are named where something concerns many."""
_EXPOSED = 100
_ENDINGS = 200
_REASONS = 2000
_BRIEF = 1024
_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)


class Place(Struct, frozen=True):
    """A host as the page names it."""

    number: int
    """In the report, from 1; targets may have the same name."""
    target: str


@dataclass
class Some(Generic[T]):
    """The first things of a kind by some order, and how many there are."""

    most: int
    key: Callable[[T], Any] = field(default=lambda _: 0)
    total: int = 0
    _kept: list[tuple[Any, int, T]] = field(default_factory=list)

    def add(self, item: T) -> None:
        """One more; among equals who comes first stays first."""
        self.total += 1
        key = self.key(item)
        if len(self._kept) < self.most or key < self._kept[-1][0]:
            insort(self._kept, (key, self.total, item), key=lambda kept: kept[:2])
            del self._kept[self.most :]

    @property
    def first(self) -> list[T]:
        """Those that are shown."""
        return [item for _, _, item in self._kept]


def _places() -> Some[Place]:
    return Some(_NAMED)


@dataclass
class Failing:
    """One check that fails, with the same severity, on these hosts."""

    severity: SeverityName
    head: Head
    hosts: Some[Place] = field(default_factory=_places)

    @property
    def order(self) -> tuple[int, int, str]:
        """Worst first; within a severity what concerns most hosts."""
        return _view.RANK[self.severity], -self.hosts.total, self.head.check


@dataclass
class Gap:
    """A reason why something could not be assessed, with the results and hosts that it cost."""

    reason: str
    count: int = 0
    hosts: Some[Place] = field(default_factory=_places)
    last: int = 0


class Exposure(Struct, frozen=True):
    """An address that gives the engine away right now."""

    place: Place
    listener: _view.Address


class Away(Struct, frozen=True):
    """A host that was not reached."""

    place: Place
    error: HostError | None


class Ending(Struct, frozen=True):
    """A certificate near its end, or past it."""

    place: Place
    certificate: ReportedCertificate
    engine: str
    """Whose it is, where the host has several."""
    day: str
    seconds: float
    """Until then; negative where it has ended."""

    @property
    def left(self) -> str:
        """How long there is, in words."""
        days = int(abs(self.seconds) // 86400)
        if self.seconds < 0:
            return counted(days, "ended {n} day ago", "ended {n} days ago")
        return counted(days, "in {n} day", "in {n} days")


@dataclass
class Overview:
    """All hosts of a report, counted."""

    total: int = 0
    repeated: int = 0
    """Hosts that stand here under another name too, with their results there."""
    failing_hosts: int = 0
    engines: bool = False
    """Whether any host has one."""
    guarded: int = 0
    """TCP addresses that demand a client certificate."""
    unclear: int = 0
    """TCP addresses of which nobody saw how they authenticate."""
    untold: int = 0
    """Hosts whose certificates are not known."""
    exposed: Some[Exposure] = field(
        default_factory=lambda: Some(_EXPOSED, lambda one: _view.farthest(one.listener))
    )
    away: Some[Away] = field(default_factory=lambda: Some(_NAMED))
    away_by_kind: dict[str, Some[Place]] = field(default_factory=dict)
    endings: Some[Ending] = field(
        default_factory=lambda: Some(_ENDINGS, lambda one: one.certificate.not_after)
    )
    standing: Standing = field(default_factory=Standing)
    map: Map = field(default_factory=Map)
    timeline: Timeline | None = None
    more_gaps: int = 0
    """Reasons that were too many to keep, and cost the least."""
    _failing: dict[tuple[SeverityName, str], Failing] = field(default_factory=dict)
    _gaps: dict[str, Gap] = field(default_factory=dict)
    _now: datetime | None = None

    @property
    def failing(self) -> list[Failing]:
        """What fails and counts, worst first."""
        return sorted(self._failing.values(), key=lambda one: one.order)

    @property
    def gaps(self) -> list[Gap]:
        """The reasons, the costliest first."""
        return sorted(self._gaps.values(), key=lambda one: -one.count)

    def add(self, host: HostReport) -> None:
        """Count one host more."""
        self.total += 1
        if host.same_as:
            self.repeated += 1
            return
        place = Place(self.total, host.target)
        self.engines = self.engines or bool(host.engines)
        self.standing.add(host)
        self._judge(host.results, place)
        if host.state == "unreachable":
            self.away.add(Away(place, host.error))
            kind = host.error.kind if host.error else ""
            self.away_by_kind.setdefault(kind, _places()).add(place)
        self._listen(_view.addresses(host.listeners), place)
        self.untold += host.certificates is None
        for each in host.certificates or ():
            self._end(each, place, several=len(host.engines) > 1)

    def _judge(self, results: Iterable[Result], place: Place) -> None:
        bad = False
        for result in results:
            if result.counts:
                bad = True
                key = result.severity, result.check
                group = self._failing.get(key)
                if group is None:
                    group = Failing(result.severity, self.standing.head(result))
                    self._failing[key] = group
                group.hosts.add(place)
            elif result.status == "unknown":
                self._miss(clipped(result.message, _BRIEF), place)
        self.failing_hosts += bad

    def _miss(self, reason: str, place: Place) -> None:
        gap = self._gaps.setdefault(reason, Gap(reason))
        gap.count += 1
        if gap.last != place.number:
            gap.last = place.number
            gap.hosts.add(place)
        if len(self._gaps) > 2 * _REASONS:
            kept = self.gaps[:_REASONS]
            self.more_gaps += len(self._gaps) - len(kept)
            self._gaps = {one.reason: one for one in kept}

    def _listen(self, addresses: list[_view.Address], place: Place) -> None:
        self.map.add(addresses)
        for one in addresses:
            if one.reach == "LOCAL":
                continue
            self.guarded += one.now == "MTLS"
            self.unclear += one.now == "UNKNOWN"
            if one.open:
                self.exposed.add(Exposure(place, one))

    def _end(self, certificate: ReportedCertificate, place: Place, *, several: bool) -> None:
        if self._now is None or self.timeline is None:
            return
        end = _EPOCH + timedelta(seconds=certificate.not_after)
        self.timeline.add(end)
        left = (end - self._now).total_seconds()
        if left <= _view.CALENDAR_DAYS * 86400:
            engine = certificate.engine if several else ""
            day = end.date().isoformat()
            self.endings.add(Ending(place, certificate, engine, day, left))


def overview(report: Report) -> Overview:
    """Walk over all hosts once."""
    found = Overview()
    try:
        now = datetime.fromisoformat(report.finished)
    except ValueError:
        pass
    else:
        found._now, found.timeline = now, Timeline(now)
    for host in report.hosts:
        found.add(host)
    return found
