"""Hosts of a report that are made when they are asked for, one by one, and held by nobody."""

from collections.abc import Callable, Iterator, Sequence
from typing import overload

from dockeraudit.report import HostReport


class Lazily(Sequence[HostReport]):
    """As many hosts, each made by its number, whenever somebody asks for it."""

    def __init__(self, count: int, make: Callable[[int], HostReport]) -> None:
        self._numbers = range(count)
        self._make = make

    def __len__(self) -> int:
        return len(self._numbers)

    @overload
    def __getitem__(self, number: int) -> HostReport: ...

    @overload
    def __getitem__(self, number: slice) -> tuple[HostReport, ...]: ...

    def __getitem__(self, number: int | slice) -> HostReport | tuple[HostReport, ...]:
        found = self._numbers[number]
        return tuple(map(self._make, found)) if isinstance(found, range) else self._make(found)

    def __iter__(self) -> Iterator[HostReport]:
        return map(self._make, self._numbers)


def changed(
    hosts: Sequence[HostReport], change: Callable[[HostReport], HostReport]
) -> Sequence[HostReport]:
    """The hosts as a pure change makes them; at once where they are in memory already."""
    if isinstance(hosts, tuple):
        return tuple(map(change, hosts))
    return Lazily(len(hosts), lambda number: change(hosts[number]))
