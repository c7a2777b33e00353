"""A certificate is past its end."""

from dockeraudit.check import Finding, Outcomes, Severity, check
from dockeraudit.host import Host
from dockeraudit.host.certificates import HeldCertificate
from dockeraudit.settings import Settings
from dockeraudit.words import days

from . import _shared


@check(
    id="certificate-expired",
    title="A certificate has expired",
    severity=Severity.CRITICAL,
    over=Host,
    rationale="Clients refuse a server whose certificate is past its end, and with an expired CA"
    " nobody gets in. dockerd itself starts without a word, so the first sign is an outage; the"
    " usual way out under pressure is to switch verification off.",
    remediation=_shared.RENEW_SERVER + "\nFor a CA or a client's certificate make that one anew.",
    quiet="A swarm's node certificate is judged by certificate-swarm-node. An expired CA beside a"
    " valid one in the same file is low: it is left over. The clock is the scan's, or the one"
    " given.",
    references=_shared.REFERENCES,
)
def expired(host: Host, settings: Settings) -> Outcomes:
    found, gaps = _shared.certificates(host, _shared.IN_USE)
    yield from gaps
    for held in found:
        end = held.certificate.not_after
        if end >= settings.now:
            continue
        ago = (settings.now - end) // _shared.DAY
        yield Finding(
            held.resource,
            f"{held.resource} expired on {_shared.day(end)}, {days(ago)} ago",
            (_shared.cited(held, f"notAfter {_shared.moment(end)}"), *_shared.skew(host)),
            Severity.LOW if _has_successor(held, found, settings.now) else None,
        )


def _has_successor(held: HeldCertificate, found: list[HeldCertificate], now: int) -> bool:
    """Whether a CA is only left over in a file with another that is valid."""
    return held.role.endswith("-ca") and any(
        other.path == held.path and other.certificate.not_after >= now for other in found
    )
