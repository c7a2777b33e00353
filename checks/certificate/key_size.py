"""A certificate's key is too short, or of a kind that TLS here can't use."""

from collections.abc import Iterator

from dockeraudit.check import Finding, Outcomes, Severity, check
from dockeraudit.facts import Unread
from dockeraudit.host import Host
from dockeraudit.host.certificates import HeldCertificate
from dockeraudit.settings import Settings

from . import _shared

END_OF_2030 = 1_924_991_999
CURVES = ("secp256r1", "secp384r1", "secp521r1")
"""What Go's crypto/tls can use."""


@check(
    id="certificate-key-size",
    title="A certificate has a weak key",
    severity=Severity.HIGH,
    over=Host,
    rationale="Who computes the private key of a server can pose as it, who computes a CA's can"
    " make himself a client and so root on each host that trusts it. RSA under 2048 bits is within"
    " reach of determined attackers, under 1024 of anybody; Go's TLS takes no other curves than"
    " P-256, P-384 and P-521, and neither Ed448 nor DSA.",
    remediation=_shared.RENEW_SERVER + "\nFor a CA's own key, make a new CA.",
    quiet="RSA of 2048 bits or more passes, although 3072 is advised for what lives beyond 2030;"
    " the strict profile demands that, and 4096 of clients' CAs."
    " Unknown where a certificate can't be read or its key is of a kind that is not known.",
    references=_shared.REFERENCES,
)
def key_size(host: Host, settings: Settings) -> Outcomes:
    found, gaps = _shared.certificates(host, (*_shared.IN_USE, "swarm-node", "swarm-ca"))
    yield from gaps
    for held in found:
        yield from _judge(held, settings)


def _judge(held: HeldCertificate, settings: Settings) -> Iterator[Finding | Unread]:
    key = held.certificate.key
    severity = None
    if key.kind == "unknown":
        yield Unread(f"the key of {held.path}#{held.index} can't be judged: {key.problem}")
        return
    if key.kind == "RSA" and key.bits < 2048:
        if key.bits < 1024 or held.role.endswith("-ca"):
            severity = Severity.CRITICAL
        said = f"has a {key.bits}-bit RSA key, under 2048"
    elif key.kind == "RSA" and key.bits < (advised := _advised(held, settings)):
        severity = Severity.LOW
        said = f"has a {key.bits}-bit RSA key, under the {advised} that are advised"
    elif key.kind == "EC" and key.curve not in CURVES:
        said = f"has an EC key on the curve {key.curve}, not P-256, P-384 or P-521"
    elif key.kind in ("DSA", "Ed448"):
        said = f"has {'a DSA' if key.kind == 'DSA' else 'an Ed448'} key, which dockerd can't use"
    else:
        return
    yield Finding(
        held.resource, f"{held.resource} {said}", (_shared.cited(held, str(key)),), severity
    )


def _advised(held: HeldCertificate, settings: Settings) -> int:
    """The bits that the strict profile demands: NIST SP 800-57 has 2048 end with 2030."""
    if not settings.strict or held.role in ("registry-ca", "swarm-ca"):
        return 0  # those are not the host's to choose
    return 4096 if held.role.endswith("-ca") else 3072 * (held.certificate.not_after > END_OF_2030)
