"""The daemon's certificate names other hosts."""

from dockeraudit.check import Finding, NotApplicable, Outcomes, Severity, check
from dockeraudit.facts import Unread
from dockeraudit.host import Host
from dockeraudit.host.certificates import tls_listeners
from dockeraudit.settings import Settings

from . import _names, _shared


@check(
    id="certificate-san-mismatch",
    title="The daemon's certificate does not name the address that it serves",
    severity=Severity.HIGH,
    over=Host,
    rationale="A client compares what it called with the certificate's alternative names. Where"
    " none fits, it refuses, or its user switches verification off, and then anybody may pose as"
    " the server. An address written as a DNS name does not count.",
    remediation=_shared.RENEW_SERVER,
    quiet="For a listener on one address: its IP address, or a name of the machine. For a listener"
    " on all addresses: any address of the host that is not loopback or a bridge, or a name of the"
    " machine. A name that only DNS could tell is unknown. Without any alternative name:"
    " certificate-san-missing.",
    references=_shared.REFERENCES,
)
def san_mismatch(host: Host, settings: Settings) -> Outcomes:
    _, gaps = _shared.certificates(host, _shared.SERVER)
    yield from gaps
    judged = 0
    for engine, held in _shared.leaves(host):
        certificate = held.certificate
        if not certificate.names and not certificate.addresses:
            continue
        for listener in tls_listeners(engine):
            judged += 1
            covered = _names.covers(certificate, listener, host)
            if isinstance(covered, Unread):
                yield covered
            elif not covered:
                names = _names.listed(certificate)
                yield Finding(
                    held.resource,
                    f"{held.resource} is for {names}, which {listener.address} is not",
                    (_shared.cited(held, f"subjectAltName {names}"), *listener.evidence),
                )
    if not judged and not gaps:
        yield NotApplicable("no TLS listener has a certificate with alternative names")
