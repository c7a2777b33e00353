"""Several people or hosts share one client certificate.

What several hosts share is found when all have been looked at: dockeraudit/fleet.py.
"""

from dockeraudit.check import Finding, Outcomes, Severity, check
from dockeraudit.host import Host
from dockeraudit.host.certificates import HeldCertificate
from dockeraudit.settings import Settings

from . import _shared


@check(
    id="certificate-client-copies",
    title="Several accounts or hosts share one client certificate",
    severity=Severity.MEDIUM,
    over=Host,
    rationale="Nobody can tell who did what, and one person's access can't be withdrawn without"
    " everybody's.",
    remediation="Give each account a certificate of its own:\n" + _shared.RENEW_CLIENT,
    quiet="Copies in one account's contexts. Hosts are compared with those of the same scan only,"
    " by the key: a certificate that lies somewhere without its key is no copy, and a new"
    " certificate for the old key is one. Certificates for registries are not compared.",
    references=_shared.REFERENCES,
)
def client_copies(host: Host, settings: Settings) -> Outcomes:
    found, gaps = _shared.certificates(host, _shared.CLIENT)
    yield from gaps
    copies: dict[str, list[HeldCertificate]] = {}
    for held in found:
        if held.leaf:
            copies.setdefault(held.certificate.fingerprint, []).append(held)
    for same in copies.values():
        owners = sorted({held.owner for held in same})
        if len(owners) > 1:
            yield Finding(
                same[0].resource,
                f"{same[0].certificate.subject} is used by {', '.join(owners)}:"
                f" {', '.join(held.path for held in same)}",
                tuple(
                    _shared.cited(held, f"sha256 {held.certificate.fingerprint}") for held in same
                ),
            )
