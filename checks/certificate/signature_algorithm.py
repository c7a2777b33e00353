"""A certificate is signed over a hash that can be forged."""

from dockeraudit.check import Finding, Outcomes, Severity, check
from dockeraudit.host import Host
from dockeraudit.host.certificates import HeldCertificate
from dockeraudit.settings import Settings

from . import _shared

WEAK = {"md2": "MD2", "md4": "MD4", "md5": "MD5", "sha1": "SHA-1"}


@check(
    id="certificate-signature-algorithm",
    title="A certificate is signed over MD5 or SHA-1",
    severity=Severity.HIGH,
    over=Host,
    rationale="Two certificates with one MD5 or SHA-1 hash can be made, so a harmless request that"
    " a CA signs can carry over to a certificate that it never saw. Clients made with Go 1.18 and"
    " newer refuse such servers.",
    remediation=_shared.RENEW_SERVER,
    quiet="The signature of a root over itself is never verified, so its hash does not matter.",
    references=_shared.REFERENCES,
)
def signature_algorithm(host: Host, settings: Settings) -> Outcomes:
    found, gaps = _shared.certificates(host, (*_shared.IN_USE, "swarm-node"))
    yield from gaps
    for held in found:
        weak = WEAK.get(held.certificate.signature)
        if weak is not None and not _is_root(held):
            yield Finding(
                held.resource,
                f"{held.resource} is signed over {weak}",
                (_shared.cited(held, f"signature over {weak}"),),
            )


def _is_root(held: HeldCertificate) -> bool:
    certificate = held.certificate
    return not held.leaf and certificate.subject == certificate.issuer
