"""The daemon's key does not belong to its certificate."""

from dockeraudit.check import Finding, NotApplicable, Outcomes, Severity, check
from dockeraudit.facts import Evidence, Unread
from dockeraudit.host import Host
from dockeraudit.settings import Settings

from . import _shared


@check(
    id="certificate-key-match",
    title="The daemon's key does not belong to its certificate",
    severity=Severity.HIGH,
    over=Host,
    rationale="dockerd compares the two when it starts, and ends if they differ. A running daemon"
    " goes on with what it loaded, so the next restart or reboot is the one that fails.",
    remediation="Compare `openssl x509 -noout -pubkey -in server-cert.pem` with `openssl pkey"
    " -pubout -in server-key.pem`, put the pair that belongs together where tlscert and tlskey"
    " point, and `systemctl restart docker`, on Debian and RHEL alike.",
    quiet="Public halves are compared; the key itself never leaves the host. Unknown where the host"
    " could not compute it (no openssl, no right to read it).",
    references=_shared.REFERENCES,
)
def key_match(host: Host, settings: Settings) -> Outcomes:
    keys, unread = _shared.keys(host, ("daemon",))
    leaves, gaps = _shared.certificates(host, ("daemon",))
    if not keys and not unread:
        yield NotApplicable("no engine has a TLS key")
        return
    yield from unread
    yield from (gap for gap in gaps if isinstance(gap, Unread))
    for leaf in leaves:
        for key in keys:
            if not leaf.leaf or key.engine != leaf.engine:
                continue
            spki = key.spki
            if isinstance(spki, Unread) or not leaf.certificate.key.spki:
                reason = spki.reason if isinstance(spki, Unread) else leaf.certificate.key.problem
                yield Unread(f"whether {key.path} belongs to {leaf.path}: {reason}")
            elif spki != leaf.certificate.key.spki:
                yield Finding(
                    key.path,
                    f"{key.path} is not the key of {leaf.path}",
                    (
                        _shared.cited(leaf, str(leaf.certificate.key)),
                        Evidence(key.path, f"{key.label} with another public half"),
                    ),
                )
