"""A leaf's key usage says that it may sign certificates, or may not sign a handshake."""

from collections.abc import Iterator

from dockeraudit.check import STRICT, Finding, Outcomes, Severity, check
from dockeraudit.host import Host
from dockeraudit.host.certificates import Certificate
from dockeraudit.settings import Settings

from . import _shared


@check(
    id="certificate-key-usage",
    title="A server or client certificate's key usage is not that of one",
    severity=Severity.LOW,
    over=Host,
    rationale="keyCertSign belongs to CAs: careless software takes such a leaf for one. Without"
    " digitalSignature a key may not sign the handshakes of today's TLS, and strict peers refuse.",
    remediation="Sign it anew with `keyUsage=critical,digitalSignature` in the extension file.\n"
    + _shared.RENEW_SERVER
    + "\nA client's likewise:\n"
    + _shared.RENEW_CLIENT,
    quiet="The leaf's keyUsage has digitalSignature and lacks keyCertSign, or is absent, which"
    " restricts nothing (RFC 5280, 4.2.1.3). A leaf marked as a CA is certificate-ca-constraints'.",
    references=_shared.REFERENCES,
    profiles=STRICT,
)
def key_usage(host: Host, settings: Settings) -> Outcomes:
    found, gaps = _shared.certificates(host, (*_shared.SERVER, *_shared.CLIENT))
    yield from gaps
    for held in found:
        said = list(_said(held.certificate)) if held.leaf else []
        if said:
            usage = f"keyCertSign {held.certificate.signs_certificates}"
            usage += f", digitalSignature {held.certificate.signs_handshakes}"
            yield Finding(
                held.resource,
                f"{held.resource} has a keyUsage {' and '.join(said)}",
                (_shared.cited(held, usage),),
            )


def _said(certificate: Certificate) -> Iterator[str]:
    if certificate.signs_certificates and not certificate.ca:
        yield "with keyCertSign"
    if certificate.signs_handshakes is False:
        yield "without digitalSignature"
