"""The daemon's key has a passphrase."""

from dockeraudit.check import Finding, NotApplicable, Outcomes, Severity, check
from dockeraudit.facts import Evidence
from dockeraudit.host import Host
from dockeraudit.settings import Settings

from . import _shared


@check(
    id="certificate-key-encrypted-daemon",
    title="The daemon's key has a passphrase that nobody can give it",
    severity=Severity.MEDIUM,
    over=Host,
    rationale="dockerd asks nobody for a passphrase: it ends when it starts. The file's mode and"
    " owner protect the key of a service.",
    remediation="`openssl pkey -in server-key.pem -out plain.pem`, then `install -m 0400 -o root -g"
    " root plain.pem /PATH/server-key.pem && shred -u plain.pem` and `systemctl restart docker`, on"
    " Debian and RHEL alike.",
    quiet="Unknown where the key file can't be read.",
    references=_shared.REFERENCES,
)
def key_encrypted_daemon(host: Host, settings: Settings) -> Outcomes:
    keys, unread = _shared.keys(host, ("daemon",))
    yield from unread
    for key in keys:
        if key.encrypted:
            yield Finding(
                key.path,
                f"{key.path} has a passphrase, so dockerd will not start with it",
                (Evidence(f"{key.path}#{key.index}", f"{key.label}, encrypted"),),
            )
    if not keys and not unread:
        yield NotApplicable("no engine has a TLS key")
