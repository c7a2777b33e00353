"""One host under two targets: its results stand once, and the other report says where."""

from collections.abc import Iterable

from msgspec import Struct
from msgspec.structs import replace

from dockeraudit.host import Host
from dockeraudit.report import HostError, HostReport
from dockeraudit.targets import Target

KIND = "repeated"


class Identity(Struct, frozen=True):
    """What a host is told apart by."""

    machine: str
    """Its machine id, hostname and address; clones share the first two."""
    name: str
    """The target that it was collected as: facts of two days are two looks, not two hosts."""
    live: bool


def identity(target: Target, host: Host, address: str) -> Identity | None:
    """Who a host is; None: not certain enough to leave out a report for it."""
    machine = host.facts.machine
    if not (machine.machine_id and machine.hostname and address) or target.kind == "testinfra":
        return None
    live = target.kind != "facts"
    name = target.spec if live else host.facts.target
    return Identity(f"{machine.machine_id} {machine.hostname} {address}", name, live)


def duplicates(hosts: Iterable[tuple[int, str, str, Identity]]) -> dict[int, str]:
    """Which reports leave their results to another one, and the target of that.

    `hosts` are number, target and state of reports, in their order, with who their hosts are;
    those without a mark in common with another need not be among them. Of the reports of one host
    only the one that says most has results: the first that was seen whole, else the first.
    """
    groups: dict[tuple[str, ...], list[tuple[bool, int, str, str]]] = {}
    for number, target, state, each in hosts:
        groups.setdefault(mark(each), []).append((state != "scanned", number, target, each.name))
    found: dict[int, str] = {}
    for group in groups.values():
        _, _, kept, name = min(group)
        found |= {number: kept for _, number, _, other in group if other != name}
    return found


def mark(each: Identity) -> tuple[str, ...]:
    """What is the same for one host, looked at in one way."""
    return ("live" if each.live else "facts", each.machine)


def repeated(report: HostReport, kept: str) -> HostReport:
    """The report of a host that has its results under the target `kept`."""
    why = (
        f"the same host as {kept}, by its machine id, hostname and address: its results stand there"
    )
    return replace(
        report,
        error=HostError(KIND, why, "name it once"),
        results=(),
        listeners=(),
        certificates=None,
        same_as=kept,
    )


def once(
    reports: tuple[HostReport, ...], identities: Iterable[Identity | None]
) -> tuple[HostReport, ...]:
    """The reports, of those of one host only one with results."""
    found = duplicates(
        (number, report.target, report.state, each)
        for number, (report, each) in enumerate(zip(reports, identities, strict=True))
        if each is not None
    )
    return tuple(
        repeated(report, found[number]) if number in found else report
        for number, report in enumerate(reports)
    )
