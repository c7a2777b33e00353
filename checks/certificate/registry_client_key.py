"""Registry credentials in certs.d are loose, incomplete or swapped."""

from collections.abc import Iterator

from dockeraudit.check import Finding, NotApplicable, Outcomes, Severity, check
from dockeraudit.facts import Absent, Evidence, FileFacts, Unread
from dockeraudit.host import Host
from dockeraudit.host.certificates import HeldCertificate
from dockeraudit.settings import Settings

from . import _shared


@check(
    id="certificate-registry-client-key",
    title="A registry's client key or certificates in certs.d are not right",
    severity=Severity.MEDIUM,
    over=Host,
    rationale="In certs.d the ending decides: `.crt` is a CA to trust, `.cert` a client"
    " certificate, `.key` its key. A certificate without its key is an error at every pull, and a"
    " key that others may read lets them push images as this host.",
    remediation="`chmod 0400 /etc/docker/certs.d/HOST/*.key && chown root:root"
    " /etc/docker/certs.d/HOST/*.key`; name the pair NAME.cert and NAME.key, and the CA ca.crt (on"
    " Debian and RHEL alike; no restart is needed).",
    quiet="Ends of validity are certificate-expired's and certificate-expires-soon's.",
    references=_shared.REFERENCES,
)
def registry_client_key(host: Host, settings: Settings) -> Outcomes:
    found, gaps = _shared.certificates(host, _shared.REGISTRY)
    keys, unread = _shared.keys(host, ("registry-client",))
    paths = list(dict.fromkeys(key.path for key in keys))
    if not found and not paths:
        yield from unread or gaps
        return
    yield from unread
    yield from (gap for gap in gaps if not isinstance(gap, NotApplicable))
    for path in paths:
        yield from _mode(path, host)
        if isinstance(host.file(path[:-3] + "cert"), Absent):
            yield Finding(path, f"{path} has no certificate beside it", (Evidence(path, "alone"),))
    own = {key.spki for key in keys}
    for held in found:
        yield from _suffix(held, host, swapped=held.certificate.key.spki in own)


def _mode(path: str, host: Host) -> Iterator[Finding | Unread]:
    where, seen = host.resolved(path)
    if isinstance(seen, FileFacts) and seen.mode & ~0o600 & 0o7777:
        evidence = (Evidence(where, f"mode {seen.mode:04o}"),)
        yield Finding(path, f"{path} has mode {seen.mode:04o}, over 0600", evidence)
    elif isinstance(seen, Unread):
        yield Unread(f"the mode of {path}: {seen.reason}")


def _suffix(held: HeldCertificate, host: Host, *, swapped: bool) -> Iterator[Finding]:
    path = held.path
    if held.role == "registry-ca":
        if swapped and not held.certificate.ca:
            said = f"{path} is a client certificate under a CA's ending, .crt instead of .cert"
            yield Finding(path, said, (_shared.cited(held, "its key is in the same folder"),))
        return
    if held.certificate.ca and not swapped:
        said = f"{path} is a CA under a client certificate's ending, .cert instead of .crt"
        yield Finding(path, said, (_shared.cited(held, "CA:TRUE"),))
    elif isinstance(host.file(path[:-4] + "key"), Absent):
        said = f"{path} has no {path[:-4]}key beside it"
        yield Finding(path, said, (_shared.cited(held),))
