"""Two certificates of one CA have one serial number."""

from dockeraudit.check import Finding, Outcomes, Severity, check
from dockeraudit.host import Host
from dockeraudit.host.certificates import HeldCertificate
from dockeraudit.settings import Settings

from . import _shared


@check(
    id="certificate-duplicate-serial",
    title="Two certificates of one CA have the same serial number",
    severity=Severity.MEDIUM,
    over=Host,
    rationale="The serial number is how a CA tells its certificates apart, in logs and in any list"
    " of withdrawn ones. Some clients refuse the second one they see.",
    remediation="Sign with `-CAcreateserial` and keep the CA's .srl file, or give each one"
    ' `-set_serial "0x$(openssl rand -hex 16)"`, on Debian and RHEL alike.\n'
    + _shared.RENEW_SERVER,
    quiet="Copies of one certificate; duplicates on other hosts, which one host can't show.",
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
