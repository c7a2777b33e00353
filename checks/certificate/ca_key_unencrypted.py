"""The private key of a CA lies on the host without a passphrase."""

from dockeraudit.check import Finding, NotApplicable, Outcomes, Severity, check
from dockeraudit.facts import Evidence
from dockeraudit.host import Host
from dockeraudit.settings import Settings

from . import _ca_keys, _shared


@check(
    id="certificate-ca-key-unencrypted",
    title="The private key of a CA has no passphrase",
    severity=Severity.HIGH,
    over=Host,
    rationale="A copy of the file, from a backup or a disk image, is all that it takes to sign"
    " certificates that are root on each host of this CA.",
    remediation="`openssl pkey -aes256 -in ca-key.pem -out ca-key.enc && shred -u ca-key.pem`"
    " (openssl and coreutils, on Debian and RHEL alike), and move it off the host:"
    " certificate-ca-key-on-host.",
    quiet="A server's own key needs none: dockerd could not load it. An encrypted key passes.",
    references=_shared.REFERENCES,
)
def ca_key_unencrypted(host: Host, settings: Settings) -> Outcomes:
    found = _ca_keys.ca_keys(host)
    yield from found.gaps
    for key, ca in found.matched:
        if not key.encrypted:
            yield Finding(
                key.path,
                f"{key.path}, the key of the CA {ca.certificate.subject}, has no passphrase",
                (Evidence(f"{key.path}#{key.index}", key.label), _shared.cited(ca)),
            )
    if not (found.matched or found.encrypted or found.gaps):
        yield NotApplicable("no private key of a CA was found")
