"""The daemon's certificate names no host."""

from dockeraudit.check import Finding, Outcomes, Severity, check
from dockeraudit.host import Host
from dockeraudit.settings import Settings

from . import _shared


@check(
    id="certificate-san-missing",
    title="The daemon's certificate has no subject alternative name",
    severity=Severity.HIGH,
    over=Host,
    rationale="Clients compare the address they call with the alternative names and nothing else:"
    " Go has ignored the common name since 1.15. So no current client accepts the server, unless"
    " its user switches verification off, and then anybody may pose as it.",
    remediation=_shared.RENEW_SERVER,
    quiet="Whether the names fit is certificate-san-mismatch's question.",
    references=_shared.REFERENCES,
)
def san_missing(host: Host, settings: Settings) -> Outcomes:
    found, gaps = _shared.certificates(host, _shared.SERVER)
    yield from gaps
    for held in found:
        certificate = held.certificate
        if held.leaf and not certificate.names and not certificate.addresses:
            yield Finding(
                held.resource,
                f"{held.resource} has neither a DNS name nor an IP address as alternative name,"
                f" only the subject {certificate.subject or '(empty)'}",
                (_shared.cited(held, "no subjectAltName of the type DNS or IP"),),
            )
