"""What the certificate checks have in common: which certificates they judge, and how they cite."""

from collections.abc import Iterable, Iterator
from datetime import UTC, datetime

from dockeraudit import frameworks
from dockeraudit.check import NotApplicable
from dockeraudit.facts import Evidence, Pem, Unread
from dockeraudit.host import Engine, Host
from dockeraudit.host.certificates import (
    Certificate,
    HeldCertificate,
    HeldKey,
    Material,
    Role,
    certificates_in,
    issued_by,
    tls_of,
)

REFERENCES = frameworks.KEYS

SERVER: tuple[Role, ...] = ("daemon", "served")
CLIENT: tuple[Role, ...] = ("client",)
CAS: tuple[Role, ...] = ("daemon-ca", "client-ca")
REGISTRY: tuple[Role, ...] = ("registry-client", "registry-ca")
IN_USE = SERVER + CAS + CLIENT + REGISTRY
"""All whose dates people look after; a swarm renews its own."""

DAY = 86400

RENEW_SERVER = """\
On the machine that holds the CA's key (never on this host):
    openssl req -new -newkey rsa:4096 -nodes -keyout server-key.pem -subj "/CN=HOST" -out server.csr
    printf 'subjectAltName=DNS:HOST,IP:ADDRESS\\nextendedKeyUsage=serverAuth\\n' > server.ext
    openssl x509 -req -sha256 -days 365 -in server.csr -CA ca.pem -CAkey ca-key.pem \\
      -CAcreateserial -extfile server.ext -out server-cert.pem
Copy server-cert.pem and server-key.pem over the files that tlscert and tlskey name, mode 0444 and
0400, then `systemctl restart docker`, on Debian and RHEL alike: a reload does not read them."""

RENEW_CA = """\
On a machine that is no Docker host:
    openssl genrsa -aes256 -out ca-key.pem 4096
    openssl req -new -x509 -sha256 -days 1825 -key ca-key.pem -out ca.pem
Sign new server and client certificates with it; a ca.pem that holds the old and the new CA bridges
the time between. Put it where tlscacert points and into each client's ~/.docker/ca.pem, then
`systemctl restart docker`, on Debian and RHEL alike."""

RENEW_CLIENT = """\
On the machine that holds the CA's key (never on this host):
    openssl req -new -newkey rsa:4096 -nodes -keyout key.pem -subj "/CN=PERSON" -out client.csr
    printf 'extendedKeyUsage=clientAuth\\n' > client.ext
    openssl x509 -req -sha256 -days 365 -in client.csr -CA ca.pem -CAkey ca-key.pem \\
      -CAcreateserial -extfile client.ext -out cert.pem
Put both into the person's ~/.docker, mode 0600; no restart is needed, on Debian and RHEL alike."""

Gaps = tuple[Unread | NotApplicable, ...]


def certificates(host: Host, roles: Iterable[Role]) -> tuple[list[HeldCertificate], Gaps]:
    """Those of the given roles, each place once, and what else a check has to yield.

    Of a file with two roles the first counts, which is the daemon's own. A daemon's file that
    can't be read is no gap where a connection brought what it serves.
    """
    material, wanted = host.material, tuple(roles)
    found: dict[tuple[str, int], HeldCertificate] = {}
    for held in material.certificates:
        if held.role in wanted:
            found.setdefault((held.path, held.index), held)
    gaps: dict[str, Unread] = {}
    served = {held.engine for held in found.values() if held.role == "served"}
    for file in material.unread:
        if file.role not in wanted or file.holds != "certificate":
            continue
        if file.role != "daemon" or file.engine not in served:
            gaps.setdefault(file.reason, Unread(file.reason))
    for broken in material.broken:
        if broken.role in wanted:
            reason = f"{broken.path}#{broken.index} can't be parsed: {broken.reason}"
            gaps.setdefault(reason, Unread(reason))
    if not found and not gaps:
        return [], (NotApplicable("no certificate of an engine or of a client of it was found"),)
    return list(found.values()), tuple(gaps.values())


def keys(host: Host, roles: Iterable[Role]) -> tuple[list[HeldKey], tuple[Unread, ...]]:
    """The private keys of the given roles, each place once, and those that could not be read."""
    material, wanted = host.material, tuple(roles)
    found = {(key.path, key.index): key for key in material.keys if key.role in wanted}
    gaps = {
        file.reason: Unread(file.reason)
        for file in material.unread
        if file.role in wanted and file.holds == "key"
    }
    return list(found.values()), tuple(gaps.values())


def leaves(host: Host) -> list[tuple[Engine, HeldCertificate]]:
    """Each engine's own certificate, where it is known."""
    material = host.material
    found = ((engine, material.leaf_of(engine)) for engine in host.engines)
    return [(engine, leaf) for engine, leaf in found if leaf is not None]


def issuer_of(held: HeldCertificate, material: Material) -> HeldCertificate | None:
    """The certificate on this host whose key signed this one; not itself."""
    for other in material.certificates:
        if other.certificate.fingerprint == held.certificate.fingerprint:
            continue
        if issued_by(held.certificate, other.certificate):
            return other
    return None


def sent_with(leaf: HeldCertificate, material: Material) -> list[HeldCertificate]:
    """What goes along with a leaf: the certificates of the same file."""
    return [
        held
        for held in material.certificates
        if (held.path, held.role, held.engine) == (leaf.path, leaf.role, leaf.engine)
    ]


def leads(
    leaf: HeldCertificate, sent: Iterable[HeldCertificate], anchors: Iterable[HeldCertificate]
) -> bool:
    """Whether signatures lead from the leaf, through what is sent along, to a trusted one.

    A signature that can't be checked is taken for good: whether it is weak is another question.
    """
    trusted = {each.certificate.fingerprint: each.certificate for each in anchors}
    links = {each.certificate.fingerprint: each.certificate for each in sent}
    reached = [leaf.certificate]
    for current in reached:
        links.pop(current.fingerprint, None)
        if current.fingerprint in trusted:
            return True
        if any(issued_by(current, each) is not False for each in trusted.values()):
            return True
        reached += [each for each in links.values() if issued_by(current, each)]
    return False


def client_cas(engine: Engine, material: Material) -> list[HeldCertificate]:
    """The CAs whose clients the engine lets in; none where it does not ask for certificates."""
    tls = tls_of(engine)
    if tls is None or isinstance(tls, Unread) or not tls.verify:
        return []
    return [
        held
        for held in material.certificates
        if held.role == "daemon-ca" and held.engine == engine.name
    ]


def cited(held: HeldCertificate, *details: str) -> Evidence:
    """Where a certificate is, whose it is, and what of it matters."""
    subject = held.certificate.subject or "(no subject)"
    return Evidence(f"{held.path}#{held.index}", "; ".join((f"subject {subject}", *details)))


def skew(host: Host) -> tuple[Evidence, ...]:
    """The host's clock, where it is more than five minutes off the scanner's."""
    off = host.facts.machine.clock - host.facts.collected_at
    if abs(off) <= 300:
        return ()
    return (Evidence("clock of the host", f"{off:+d} seconds from the scanner's"),)


def day(seconds: int) -> str:
    """A time as its UTC date."""
    return datetime.fromtimestamp(seconds, UTC).strftime("%Y-%m-%d")


def moment(seconds: int) -> str:
    """A time as certificates' tools print it, in UTC."""
    return datetime.fromtimestamp(seconds, UTC).strftime("%Y-%m-%d %H:%M:%S UTC")


def is_public_bundle(certificate_count: int) -> bool:
    """Whether a CA file holds so many that it is a list of public CAs, not somebody's own."""
    return certificate_count > 5


def validity(certificate: Certificate) -> str:
    """From when to when a certificate is valid."""
    return f"valid from {moment(certificate.not_before)} to {moment(certificate.not_after)}"


def other_certificates(host: Host) -> Iterator[tuple[str, list[Certificate]]]:
    """Certificates of every PEM file of the host, whatever it is for."""
    for path, pem in host.facts.pems.items():
        if isinstance(pem, Pem) and pem.certificates:
            yield (
                path,
                [
                    each
                    for each in certificates_in(pem.certificates)
                    if isinstance(each, Certificate)
                ],
            )
