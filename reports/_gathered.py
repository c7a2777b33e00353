"""What a report says over all hosts, gathered while they are read once, and no host is kept.

Hosts may lie on disk: what has to be printed of one later is found again by its number.
"""

from array import array
from collections.abc import Callable, Iterable, Iterator
from typing import Protocol

from msgspec import Struct, field

from dockeraudit.report import HostReport, Report, Result, SeverityName

from . import _view


class Gatherer(Protocol):
    """Something that wants to see every host."""

    def add(self, number: int, host: HostReport) -> None:
        """See a host; `number` counts from 0."""


def read(hosts: Iterable[HostReport], *gatherers: Gatherer) -> None:
    """Show every host to all of them."""
    for number, host in enumerate(hosts):
        for each in gatherers:
            each.add(number, host)


class Group(Struct):
    """One check that fails, with the same severity, on some hosts."""

    severity: SeverityName
    check: str
    findings: int = 0
    """A failure that names none is one as well."""
    hosts: "array[int]" = field(default_factory=lambda: array("L"))
    results: "array[int]" = field(default_factory=lambda: array("L"))
    """The number of each result among those of its host."""

    @property
    def count(self) -> int:
        """How many results."""
        return len(self.hosts)

    def cases(self, report: Report) -> Iterator[tuple[HostReport, Result]]:
        """The hosts on which it fails, and how."""
        for host, result in zip(self.hosts, self.results, strict=True):
            found = report.hosts[host]
            yield found, found.results[result]


class Failing:
    """What fails and counts."""

    def __init__(self) -> None:
        self._groups: dict[tuple[SeverityName, str], Group] = {}

    def add(self, number: int, host: HostReport) -> None:
        """See a host."""
        for at, result in enumerate(host.results):
            if result.counts:
                key = result.severity, result.check
                group = self._groups.get(key)
                if group is None:
                    group = self._groups[key] = Group(*key)
                group.findings += max(len(result.findings), 1)
                group.hosts.append(number)
                group.results.append(at)

    def groups(self) -> list[Group]:
        """Worst first; within a severity what concerns most hosts first."""
        return sorted(
            self._groups.values(),
            key=lambda group: (_view.RANK[group.severity], -group.count, group.check),
        )


class Gap(Struct):
    """A reason why something could not be assessed, with every host and check it cost."""

    reason: str
    checks: dict[str, None] = {}
    hosts: dict[str, str] = {}
    """The hostnames by target."""
    count: int = 0


class Gaps:
    """The unknown results by reason, so that one cause is said once."""

    def __init__(self) -> None:
        self._gaps: dict[str, Gap] = {}

    def add(self, number: int, host: HostReport) -> None:
        """See a host."""
        for result in host.results:
            if result.status == "unknown":
                gap = self._gaps.get(result.message)
                if gap is None:
                    gap = self._gaps[result.message] = Gap(result.message)
                gap.checks[result.check] = None
                gap.hosts[host.target] = host.hostname
                gap.count += 1

    def found(self) -> list[Gap]:
        """The costliest first."""
        return sorted(self._gaps.values(), key=lambda gap: -gap.count)


class Exposures:
    """Every address that answers now without a proper client certificate."""

    def __init__(self) -> None:
        self._found: list[tuple[str, _view.Address]] = []

    def add(self, number: int, host: HostReport) -> None:
        """See a host."""
        for one in _view.addresses(host.listeners):
            if one.open:
                self._found.append((host.target, one))

    def found(self) -> list[tuple[str, _view.Address]]:
        """The targets and their addresses, the farthest reach first."""
        return sorted(self._found, key=lambda each: _view.farthest(each[1]))


class Standing:
    """What the verdict is made of."""

    def __init__(self) -> None:
        self._bad = 0
        self._engines = False

    def add(self, number: int, host: HostReport) -> None:
        """See a host."""
        self._bad += any(result.counts for result in host.results)
        self._engines |= bool(host.engines)

    def verdict(self, report: Report) -> _view.Verdict:
        """The report in a sentence or two."""
        return _view.verdict_of(report, self._bad, engines=self._engines)


class First:
    """The first lines of a list, and how many there are."""

    def __init__(self, most: int | None) -> None:
        self.count = 0
        self.shown: list[str] = []
        self._most = most

    def add(self, line: Callable[[], str]) -> None:
        """Add a line, which is made only where it is shown."""
        self.count += 1
        if self._most is None or len(self.shown) < self._most:
            self.shown.append(line())
