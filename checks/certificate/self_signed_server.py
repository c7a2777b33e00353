"""The daemon's certificate is its own CA."""

from dockeraudit.check import Finding, Outcomes, Severity, check
from dockeraudit.host import Host
from dockeraudit.settings import Settings

from . import _shared


@check(
    id="certificate-self-signed-server",
    title="The daemon's certificate is signed by itself",
    severity=Severity.MEDIUM,
    over=Host,
    rationale="Each client has to be given this very certificate, so it can't be replaced without"
    " touching all of them, and stays for ever. If it is the clients' CA as well, the key on this"
    " host makes client certificates.",
    remediation=_shared.RENEW_CA + "\nThen:\n" + _shared.RENEW_SERVER,
    quiet="A certificate that another one on or off this host signed.",
    references=_shared.REFERENCES,
)
def self_signed_server(host: Host, settings: Settings) -> Outcomes:
    found, gaps = _shared.certificates(host, _shared.SERVER)
    yield from gaps
    trusted = {
        held.certificate.key.spki: held.path
        for held in host.material.certificates
        if held.role == "daemon-ca"
    }
    for held in found:
        if not held.leaf or not held.certificate.self_signed:
            continue
        said, severity = f"{held.resource} is signed by its own key", None
        if ca := trusted.get(held.certificate.key.spki):
            said += f", which is also the key of the clients' CA in {ca}"
            severity = Severity.HIGH
        issuer = f"issuer {held.certificate.issuer or '(empty)'}"
        yield Finding(held.resource, said, (_shared.cited(held, issuer),), severity)
