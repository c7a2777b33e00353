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


def once(
    reports: tuple[HostReport, ...], identities: Iterable[Identity | None]
) -> tuple[HostReport, ...]:
    """The reports; of those of one host only the one that says most has results.

    That is the first that was seen whole, else the first.
    """
    groups: dict[tuple[str, bool], list[int]] = {}
    names: dict[int, str] = {}
    for number, each in enumerate(identities):
        if each is not None:
            groups.setdefault((each.machine, each.live), []).append(number)
            names[number] = each.name
    found = [*reports]
    for numbers in groups.values():
        kept = min(numbers, key=lambda number: reports[number].state != "scanned")
        for number in numbers:
            if names[number] != names[kept]:
                found[number] = _repeated(reports[number], reports[kept])
    return tuple(found)


def _repeated(report: HostReport, kept: HostReport) -> HostReport:
    why = (
        f"the same host as {kept.target}, by its machine id, hostname and address: "
        "its results stand there"
    )
    return replace(
        report,
        error=HostError(KIND, why, "name it once"),
        results=(),
        listeners=(),
        certificates=None,
        same_as=kept.target,
    )
