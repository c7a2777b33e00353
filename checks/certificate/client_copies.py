"""Several people share one client certificate."""

from dockeraudit.check import Finding, Outcomes, Severity, check
from dockeraudit.host import Host
from dockeraudit.host.certificates import HeldCertificate
from dockeraudit.settings import Settings

from . import _shared


@check(
    id="certificate-client-copies",
    title="Several accounts share one client certificate",
    severity=Severity.MEDIUM,
    over=Host,
    rationale="Nobody can tell who did what, and one person's access can't be withdrawn without"
    " everybody's.",
    remediation="Give each account a certificate of its own:\n" + _shared.RENEW_CLIENT,
    quiet="Copies in one account's contexts; copies on other hosts, which one host can't show.",
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
