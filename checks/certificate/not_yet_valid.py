"""A certificate is not valid yet."""

from dockeraudit.check import Finding, Outcomes, Severity, check
from dockeraudit.host import Host
from dockeraudit.settings import Settings

from . import _shared

TOLERANCE = 300
"""Seconds that clocks may be apart."""


@check(
    id="certificate-not-yet-valid",
    title="A certificate is not valid yet",
    severity=Severity.HIGH,
    over=Host,
    rationale="Until its first day every client refuses it. The cause is a wrong clock where it was"
    " made, or on the host.",
    remediation="Look at the clocks first, `timedatectl` on Debian and RHEL alike, here and where"
    " the CA signs; set `timedatectl set-ntp true`. Was the certificate made too early:\n"
    + _shared.RENEW_SERVER,
    quiet="Five minutes of difference are allowed.",
    references=_shared.REFERENCES,
)
def not_yet_valid(host: Host, settings: Settings) -> Outcomes:
    found, gaps = _shared.certificates(host, (*_shared.IN_USE, "swarm-node", "swarm-ca"))
    yield from gaps
    for held in found:
        start = held.certificate.not_before
        if start > settings.now + TOLERANCE:
            yield Finding(
                held.resource,
                f"{held.resource} is valid only from {_shared.moment(start)}",
                (_shared.cited(held, f"notBefore {_shared.moment(start)}"), *_shared.skew(host)),
            )
