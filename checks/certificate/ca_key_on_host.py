"""The private key of a CA lies on the host."""

from dockeraudit.check import Finding, Outcomes, Severity, check
from dockeraudit.facts import Evidence, FileFacts, Unread
from dockeraudit.host import Host
from dockeraudit.settings import Settings

from . import _ca_keys, _shared


@check(
    id="certificate-ca-key-on-host",
    title="The private key of a CA lies on the Docker host",
    severity=Severity.HIGH,
    over=Host,
    rationale="Whoever reads the CA's key makes himself a client certificate, and is root on every"
    " host that trusts this CA, for as long as the CA lives. Nothing on a host needs it.",
    remediation="Move it to a machine that is no Docker host, or to a token:"
    " `scp HOST:/PATH/ca-key.pem .` there, then `shred -u /PATH/ca-key.pem` here (coreutils, on"
    " Debian and RHEL alike), and out of backups and images. If others could read it, make a new"
    " CA:\n" + _shared.RENEW_CA,
    quiet="Keys are told by their public halves, never by name, in the folders that are looked"
    " through. An encrypted key hides its public half: beside a CA or with a CA's name it is"
    " unknown.",
    references=_shared.REFERENCES,
)
def ca_key_on_host(host: Host, settings: Settings) -> Outcomes:
    found = _ca_keys.ca_keys(host)
    yield from found.gaps
    for key in found.encrypted:
        yield Unread(f"{key.path} holds an encrypted key, which may be a CA's")
    for key, ca in found.matched:
        said = f"{key.path} is the private key of the CA {ca.certificate.subject} in {ca.path}"
        evidence = [Evidence(f"{key.path}#{key.index}", key.label), _shared.cited(ca)]
        readers, severity = _ca_keys.readers(host, key.path), None
        if isinstance(readers, Unread):
            yield Unread(f"who may read {key.path}: {readers.reason}")
        elif readers:
            said, severity = f"{said}, and {readers} may read it", Severity.CRITICAL
        _, file = host.resolved(key.path)
        if isinstance(file, FileFacts):
            mode = f"mode {file.mode:04o} uid {file.uid} gid {file.gid}"
            evidence.append(Evidence(key.path, mode))
        yield Finding(key.path, said, tuple(evidence), severity)
