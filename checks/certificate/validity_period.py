"""A certificate is valid for too long."""

from collections import Counter

from dockeraudit.check import Finding, Outcomes, Severity, check
from dockeraudit.host import Host
from dockeraudit.settings import Settings

from . import _shared

ADVISED = 398
"""Days, as browsers want them since 2020."""


@check(
    id="certificate-validity-period",
    title="A certificate is valid for too long",
    severity=Severity.MEDIUM,
    over=Host,
    rationale="dockerd knows no revocation list: a stolen key is good until its certificate ends. A"
    " client certificate of many years is a root login that can't be withdrawn without a new CA.",
    remediation=_shared.RENEW_SERVER + "\nFor a client:\n" + _shared.RENEW_CLIENT,
    quiet="Up to 825 days for servers and clients and ten years for CAs, or as the settings say,"
    " although 398 days are advised; the strict profile demands that. CAs of registries and swarms"
    " are not the host's to choose; a file of public CAs is tls-ca-private's.",
    references=_shared.REFERENCES,
)
def validity_period(host: Host, settings: Settings) -> Outcomes:
    roles = (*_shared.SERVER, *_shared.CAS, *_shared.CLIENT, "registry-client")
    found, gaps = _shared.certificates(host, roles)
    yield from gaps
    sizes = Counter(held.path for held in found)
    for held in found:
        certificate = held.certificate
        if held.role.endswith("-ca") and _shared.is_public_bundle(sizes[held.path]):
            continue
        limit = settings.leaf_validity_days if held.leaf else settings.ca_validity_days
        if settings.strict and held.leaf:
            limit = min(limit, ADVISED)
        if certificate.days > limit:
            yield Finding(
                held.resource,
                f"{held.resource} is valid for {certificate.days:.0f} days, over {limit}",
                (_shared.cited(held, _shared.validity(certificate)),),
                Severity.HIGH if held.role == "client" else None,
            )
