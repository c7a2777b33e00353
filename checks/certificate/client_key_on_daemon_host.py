"""A key that opens the daemon from afar lies beside it."""

from collections.abc import Iterator

from dockeraudit.check import Finding, NotApplicable, Outcomes, Severity, check
from dockeraudit.facts import Evidence, FileFacts, Unread
from dockeraudit.host import Host
from dockeraudit.host.certificates import HeldCertificate, HeldKey
from dockeraudit.settings import Settings

from . import _shared


@check(
    id="certificate-client-key-on-daemon-host",
    title="A client's key for this daemon lies on its host",
    severity=Severity.MEDIUM,
    over=Host,
    rationale="It is as good as root's password, on this host and on each other one of the CA, and"
    " it works from anywhere. On the host itself the unix socket does the same without a key to"
    " lose.",
    remediation="Move it to where the person works: `shred -u ~/.docker/key.pem && rm"
    " ~/.docker/cert.pem` here (coreutils, on Debian and RHEL alike), after `unset DOCKER_HOST"
    " DOCKER_TLS_VERIFY`, or `docker context rm NAME`.",
    quiet="Client certificates of other CAs than this host's daemons'. Homes that can't be read are"
    " unknown; images and other folders are not looked through.",
    references=_shared.REFERENCES,
)
def client_key_on_daemon_host(host: Host, settings: Settings) -> Outcomes:
    material = host.material
    cas = [held for held in material.certificates if held.role == "daemon-ca"]
    _, ca_gaps = _shared.certificates(host, ("daemon-ca",))
    if not cas:
        yield from ca_gaps
        return
    keys, unread = _shared.keys(host, _shared.CLIENT)
    yield from unread
    clients, gaps = _shared.certificates(host, _shared.CLIENT)
    if keys:
        yield from (gap for gap in (*ca_gaps, *gaps) if isinstance(gap, Unread))
    for key in keys:
        for held in _belonging(key, clients):
            if not _shared.leads(held, _shared.sent_with(held, material), cas):
                continue
            yield Finding(
                key.path,
                f"{key.path} of {key.owner or 'an unknown account'} is the key of"
                f" {held.certificate.subject}, a client of this host's daemon",
                (_shared.cited(held), *_file(host, key.path)),
            )
    if not keys and not unread:
        yield NotApplicable("no client's key was found on this host")


def _belonging(key: HeldKey, clients: list[HeldCertificate]) -> Iterator[HeldCertificate]:
    """The certificate beside the key, if it is the key's or the key does not say."""
    folder = key.path.rpartition("/")[0]
    for held in clients:
        same = not isinstance(key.spki, bytes) or key.spki == held.certificate.key.spki
        if held.leaf and same and held.path.rpartition("/")[0] == folder:
            yield held


def _file(host: Host, path: str) -> Iterator[Evidence]:
    _, seen = host.resolved(path)
    if isinstance(seen, FileFacts):
        yield Evidence(path, f"mode {seen.mode:04o} uid {seen.uid} gid {seen.gid}")
