"""What only several hosts together show: keys, certificates and serial numbers that they share.

Each host tells what it holds while its facts are here (`shown`). When all reports are there, they
are compared, and what was found is added to the results of the two checks that speak of it.
"""

from collections.abc import Callable, Iterable, Iterator
from hashlib import sha256
from itertools import chain

from msgspec import Struct
from msgspec.structs import replace

from dockeraudit.facts import Unread
from dockeraudit.host import Host
from dockeraudit.host.certificates import HeldCertificate, Material, Role, issued_by
from dockeraudit.judge import fingerprint
from dockeraudit.report import (
    IN_PART,
    SEVERITIES,
    HostReport,
    Proof,
    ReportedFinding,
    Result,
    SeverityName,
)

SERIAL = "certificate-duplicate-serial"
COPIES = "certificate-client-copies"
CHECKS = frozenset((SERIAL, COPIES))

MOST_NAMED = 10
"""Of other hosts in one finding."""

_SERVERS: tuple[Role, ...] = ("daemon", "served", "swarm-node")
_LEAVES: tuple[Role, ...] = (*_SERVERS, "client", "registry-client")


class Shown(Struct, frozen=True):
    """A certificate that a host, or an account on it, shows as its own."""

    resource: str
    server: bool
    """Whether a daemon shows it."""
    fingerprint: str
    serial: str
    """In hex."""
    issuer: str
    authority: str
    """A digest of the key that signed it; empty: that key is not known."""
    key: str
    """A digest of its own key; empty: the private half is not here, or it is not compared."""


class HostShown(Struct, frozen=True):
    """All of one host."""

    target: str
    """As fingerprints have it."""
    machine: str
    """The machine's own id and name: the same under two targets."""
    address: str
    """Tells clones apart that have the same id and name."""
    certificates: tuple[Shown, ...]


class _Holder(Struct, frozen=True):
    """A certificate in its place among all hosts."""

    number: int
    """Of the report."""
    machine: int
    """The number of the first report of the same machine."""
    name: str
    target: str
    shown: Shown


class Added(Struct, frozen=True):
    """A finding, and where it belongs."""

    number: int
    """Of the report."""
    check: str
    finding: ReportedFinding


def shown(host: Host, address: str) -> HostShown:
    """What a host has to compare; `address` is that of its report."""
    machine, material = host.facts.machine, host.material
    found = {
        (held.resource, held.certificate.fingerprint): _shown(held, material)
        for held in material.certificates
        if held.leaf and held.role in _LEAVES
    }
    name = f"{machine.machine_id} {machine.hostname}"
    return HostShown(host.facts.target, name, address, tuple(found.values()))


def _shown(held: HeldCertificate, material: Material) -> Shown:
    certificate = held.certificate
    server = held.role in _SERVERS
    compared = server or (held.role == "client" and _has_key(held, material))
    return Shown(
        resource=held.resource,
        server=server,
        fingerprint=certificate.fingerprint,
        serial=f"{certificate.serial:x}",
        issuer=certificate.issuer or "(empty)",
        authority=_authority(held, material),
        key=_digest(certificate.key.spki) if compared else "",
    )


def _has_key(held: HeldCertificate, material: Material) -> bool:
    """Whether the private key lies beside it; one that can't be looked into counts."""
    folder, own = held.path.rpartition("/")[0], held.certificate.key.spki
    keys = (key.spki for key in material.keys if key.path.rpartition("/")[0] == folder)
    return any(isinstance(key, Unread) or key == own for key in keys) or any(
        file.holds == "key" and file.path.rpartition("/")[0] == folder for file in material.unread
    )


def _authority(held: HeldCertificate, material: Material) -> str:
    """The names of two CAs that were made by one recipe are the same; their keys are not."""
    for other in material.certificates:
        if issued_by(held.certificate, other.certificate):
            return _digest(other.certificate.key.spki)
    return ""


def _digest(spki: bytes) -> str:
    return sha256(spki).hexdigest() if spki else ""


def compared(
    reports: tuple[HostReport, ...], hosts: tuple[HostShown | None, ...]
) -> tuple[HostReport, ...]:
    """The reports, with what their hosts share added to the results of the two checks.

    `hosts` are those of the reports, in the same order; None: nothing is known of that one.
    """
    found = shared(
        (number, report.target, host)
        for number, (report, host) in enumerate(zip(reports, hosts, strict=True))
        if host is not None
    )
    return tuple(
        with_shared(report, found[number]) if number in found else report
        for number, report in enumerate(reports)
    )


def shared(hosts: Iterable[tuple[int, str, HostShown]]) -> dict[int, list[Added]]:
    """What is to be added to reports, by their number.

    `hosts` are the number and target of reports, in their order, with what their hosts have to
    compare. Those without a mark in common with another need not be among them.
    """
    holders = tuple(_holders(hosts))
    found: dict[int, list[Added]] = {}
    for added in chain(_keys(holders), _serials(holders)):
        found.setdefault(added.number, []).append(added)
    return found


def marks(host: HostShown) -> Iterator[tuple[str, ...]]:
    """What two hosts have in common if anything is to be said of them."""
    yield ("machine", host.machine)
    for each in host.certificates:
        yield from filter(all, (_key(each), _serial(each)))


def _key(each: Shown) -> tuple[str, ...]:
    return (each.key,)


def _serial(each: Shown) -> tuple[str, ...]:
    return (each.issuer, each.authority, each.serial)


def _holders(hosts: Iterable[tuple[int, str, HostShown]]) -> Iterator[_Holder]:
    known: dict[tuple[str, str], int] = {}
    for number, target, host in hosts:
        names = ((host.machine, f"address {host.address}"), (host.machine, f"name {host.target}"))
        machine = next((known[name] for name in names if name in known), number)
        known |= dict.fromkeys(names, machine)
        for each in host.certificates:
            yield _Holder(number, machine, target, host.target, each)


def _groups(
    holders: Iterable[_Holder], kind: Callable[[Shown], tuple[str, ...]]
) -> Iterator[list[_Holder]]:
    """Those of which something is the same, as far as it is known, on more than one machine."""
    groups: dict[tuple[str, ...], list[_Holder]] = {}
    for holder in holders:
        same = kind(holder.shown)
        if all(same):
            groups.setdefault(same, []).append(holder)
    for group in groups.values():
        if len({holder.machine for holder in group}) > 1:
            yield group


def _keys(holders: tuple[_Holder, ...]) -> Iterator[Added]:
    """One key, with one certificate or several of them, on several hosts."""
    for group in _groups(holders, _key):
        servers = any(holder.shown.server for holder in group)
        copies = len({holder.shown.fingerprint for holder in group}) == 1
        whose = "certificate" if servers else "client certificate"
        for holder in group:
            place = holder.shown.resource
            if copies:
                message = f"the {whose} in {place} and its key are also on"
            else:
                message = f"the key of the {whose} in {place} is also that of others, on"
            if servers:
                yield from _added(SERIAL, "high", holder, "key", message, group)
            else:
                yield from _added(COPIES, "medium", holder, "key", message, group)


def _serials(holders: tuple[_Holder, ...]) -> Iterator[Added]:
    """Two certificates of one CA with one serial number."""
    for group in _groups(holders, _serial):
        parts: dict[str, list[_Holder]] = {}
        for holder in group:
            parts.setdefault(holder.shown.fingerprint, []).append(holder)
        for own, part in parts.items():
            for holder in part:
                seen = holder.shown
                others = chain.from_iterable(each for name, each in parts.items() if name != own)
                message = f"{seen.resource} has the serial {seen.serial} of another certificate"
                message += f" from the same issuer {seen.issuer}, on"
                yield from _added(SERIAL, "medium", holder, "serial", message, others)


def _added(
    check: str,
    severity: SeverityName,
    holder: _Holder,
    kind: str,
    message: str,
    group: Iterable[_Holder],
) -> Iterator[Added]:
    """The finding for one of them, if any of the group is on another machine."""
    others: dict[str, _Holder] = {}
    for other in group:
        if other.machine != holder.machine:
            others.setdefault(other.name, other)
            if len(others) > MOST_NAMED:
                break
    if not others:
        return
    named = list(others.values())[:MOST_NAMED]
    more = " and more" if len(others) > MOST_NAMED else ""
    resource = f"{holder.shown.resource} ({kind} on several hosts)"
    yield Added(
        holder.number,
        check,
        ReportedFinding(
            engine="",
            resource=resource,
            message=f"{message} {', '.join(other.name for other in named)}{more}",
            severity=severity,
            fingerprint=fingerprint(holder.target, check, "", resource),
            evidence=tuple(map(_proof, (holder, *named))),
        ),
    )


def _proof(holder: _Holder) -> Proof:
    seen = holder.shown
    place = f"{holder.name}: {seen.resource}"
    return Proof(place, f"sha256 {seen.fingerprint}; serial {seen.serial}; issuer {seen.issuer}")


def with_shared(report: HostReport, added: list[Added]) -> HostReport:
    """The report, with findings in the results of those checks that were run."""
    findings = {
        check: tuple(each.finding for each in added if each.check == check) for check in CHECKS
    }
    results = tuple(
        _failed(result, findings[result.check]) if findings.get(result.check) else result
        for result in report.results
    )
    return replace(report, results=results)


def _failed(result: Result, added: tuple[ReportedFinding, ...]) -> Result:
    """The result with further findings, worded as the judge does."""
    before = result.findings if result.status == "fail" else ()
    found = sorted((*before, *added), key=lambda finding: SEVERITIES.index(finding.severity))
    gap = result.message if result.status == "unknown" else result.message.partition(IN_PART)[2]
    message = found[0].message
    if len(found) > 1:
        message += f" (and {len(found) - 1} more)"
    return replace(
        result,
        status="fail",
        severity=found[0].severity,
        message=f"{message}{IN_PART}{gap}" if gap else message,
        findings=tuple(found),
    )
