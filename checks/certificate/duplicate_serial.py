"""Two certificates of one CA have one serial number, or several hosts have one key.

What several hosts share is found when all have been looked at: dockeraudit/fleet.py.
"""

from dockeraudit.check import Finding, Outcomes, Severity, check
from dockeraudit.host import Host
from dockeraudit.host.certificates import HeldCertificate
from dockeraudit.settings import Settings

from . import _shared


@check(
    id="certificate-duplicate-serial",
    title="Certificates share a serial number, or hosts a key",
    severity=Severity.MEDIUM,
    over=Host,
    rationale="The serial number is how a CA tells its certificates apart, in logs and in any list"
    " of withdrawn ones. Some clients refuse the second one they see. A server key that is on"
    " several hosts is lost for all of them when one is broken into, and each of them can pass for"
    " the others.",
    remediation="Sign with `-CAcreateserial` and keep the CA's .srl file, or give each one"
    ' `-set_serial "0x$(openssl rand -hex 16)"`, on Debian and RHEL alike.\n'
    + _shared.RENEW_SERVER,
    quiet="Copies of one certificate on one host, and of a CA's anywhere. Hosts are compared with"
    " those of the same scan only, and never with themselves under another name. Across hosts two"
    " issuers are one if their keys are, so a host without its CA's certificate is left out. Keys"
    " of clients are certificate-client-copies' part; those for registries are not compared.",
    references=_shared.REFERENCES,
)
def duplicate_serial(host: Host, settings: Settings) -> Outcomes:
    found, gaps = _shared.certificates(host, _shared.IN_USE)
    yield from gaps
    first: dict[tuple[str, int], HeldCertificate] = {}
    for held in found:
        certificate = held.certificate
        other = first.setdefault((certificate.issuer, certificate.serial), held)
        if other.certificate.fingerprint != certificate.fingerprint:
            serial = f"serial {certificate.serial:x}"
            yield Finding(
                held.resource,
                f"{held.resource} has the {serial} of {other.resource}, from the same issuer"
                f" {certificate.issuer or '(empty)'}",
                (_shared.cited(held, serial), _shared.cited(other, serial)),
            )
