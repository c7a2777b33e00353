"""A CA is not marked as one, or a leaf is."""

from collections.abc import Iterator

from dockeraudit.check import Finding, Outcomes, Severity, check
from dockeraudit.host import Host
from dockeraudit.host.certificates import HeldCertificate
from dockeraudit.settings import Settings

from . import _shared


@check(
    id="certificate-ca-constraints",
    title="A CA is not marked as one, or a server or client certificate is",
    severity=Severity.HIGH,
    over=Host,
    rationale="A leaf that may sign is a CA in the hands of whoever has its key: a server's makes"
    " clients, a client's makes administrators. A CA without the mark is refused by Go, or accepted"
    " by careless software together with every leaf.",
    remediation="Give a CA `basicConstraints=critical,CA:TRUE` and, if it has a keyUsage,"
    " `keyCertSign`; `openssl req -x509` does so by its defaults, on Debian and RHEL alike.\n"
    + _shared.RENEW_CA
    + "\nA leaf that is a CA has to be signed anew without it:\n"
    + _shared.RENEW_SERVER,
    quiet="An absent keyUsage restricts nothing (RFC 5280, 4.2.1.3). Constraints that are not"
    " marked critical are low. A self-signed server certificate that clients pin needs no mark.",
    references=_shared.REFERENCES,
)
def ca_constraints(host: Host, settings: Settings) -> Outcomes:
    found, gaps = _shared.certificates(host, (*_shared.SERVER, *_shared.CAS, *_shared.CLIENT))
    yield from gaps
    own = {held.certificate.fingerprint for held in found if held.leaf}
    for held in found:
        pinned = held.role == "client-ca" and held.certificate.fingerprint in own
        for said, severity in _wrong(held, pinned=pinned):
            certificate = held.certificate
            marks = f"version {certificate.version}; CA {certificate.ca}"
            yield Finding(
                held.resource,
                f"{held.resource} {said}",
                (_shared.cited(held, marks, f"keyCertSign {certificate.signs_certificates}"),),
                severity,
            )


def _wrong(held: HeldCertificate, *, pinned: bool) -> Iterator[tuple[str, Severity | None]]:
    certificate = held.certificate
    if held.leaf:
        if certificate.ca:
            yield "is a server or client certificate marked as a CA (CA:TRUE)", None
    elif pinned:
        return
    elif certificate.version < 3:
        yield f"is used as a CA and is of version {certificate.version}, without the mark", None
    elif not certificate.ca:
        absent = "has no basicConstraints" if certificate.ca is None else "is marked CA:FALSE"
        yield f"is used as a CA and {absent}", None
    elif certificate.signs_certificates is False:
        yield "is a CA whose keyUsage lacks keyCertSign", None
    elif not certificate.constraints_critical:
        yield "is a CA whose basicConstraints are not critical", Severity.LOW
