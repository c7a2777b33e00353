"""One property of a certificate or key: its dates, names, uses, signer, or whose it is."""

from cryptography import x509
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import padding, rsa
from cryptography.x509.oid import ExtendedKeyUsageOID

from dockeraudit.facts import Absent, HostFacts, Key, Pem, Unread
from tests.build_certificates import (
    ANY,
    BOTH,
    CA,
    OTHER_CA,
    Issued,
    client,
    issue,
    key,
    key_of,
    pem,
    rsa_key,
)
from tests.mutations.bases import KEY, TLS, certified, hardened, own_ca
from tests.mutations.engine import Base, Mutation, Step, derived, in_order, mutation
from tests.mutations.steps import (
    address_of,
    folder,
    info,
    keep,
    listing,
    options,
    put,
    removed,
    touch,
)

CA_KEY = f"{TLS}/ca-key.pem"
REGISTRY = "/etc/docker/certs.d/registry.example"
SWARM = "/var/lib/docker/swarm/certificates"

RSA_CA = issue("own CA", ca=True, signs=True, days=(-20, 1500), private=rsa_key(2048))
FORGER = issue("own CA", ca=True, signs=True, days=(-20, 1500), private=key("forger"))
UNMARKED = issue("own CA", ca=True, critical=False, signs=True, days=(-20, 1500))
SHORT_CA = issue("own CA", ca=True, signs=True, days=(-20, 200))

_SHA256_RSA = bytes.fromhex("2a864886f70d01010b")
_SHA1_RSA = bytes.fromhex("2a864886f70d010105")


def over_sha1(sound: Issued, by: Issued) -> Issued:
    """The same certificate, signed over SHA-1 by an RSA key, as cryptography makes none."""
    assert isinstance(by.key, rsa.RSAPrivateKey)
    body = sound.certificate.tbs_certificate_bytes.replace(_SHA256_RSA, _SHA1_RSA)
    signature = by.key.sign(body, padding.PKCS1v15(), hashes.SHA1())
    der = sound.der.replace(_SHA256_RSA, _SHA1_RSA)[: -len(signature)] + signature
    return Issued(x509.load_der_x509_certificate(der), sound.key)


def _signed_over_sha1(facts: HostFacts) -> HostFacts:
    san = (facts.machine.hostname, address_of(facts))
    sound = issue(
        facts.machine.hostname, RSA_CA, ca=False, san=san, usages=(ExtendedKeyUsageOID.SERVER_AUTH,)
    )
    return certified(ca=RSA_CA, leaf=over_sha1(sound, RSA_CA))(facts)


def clients(**homes: Issued) -> Step:
    """Each account's ~/.docker with its CA and certificate, and without the key."""
    made = []
    for name, held in homes.items():
        home = "/root/.docker" if name == "root" else f"/home/{name}/.docker"
        uid = 0 if name == "root" else 1000
        made += [
            folder(home, 0o700, uid),
            keep(f"{home}/ca.pem", pem(CA), uid=uid),
            keep(f"{home}/cert.pem", pem(held), uid=uid),
            put(f"{home}/key.pem", Absent()),
        ]
    return in_order(*made)


def with_key(held: Issued) -> Step:
    """root's ~/.docker with a certificate and its key."""
    return in_order(clients(root=held), keep("/root/.docker/key.pem", key_of(held)))


def _encrypted() -> Pem:
    return pem(keys=[Key("ENCRYPTED PRIVATE KEY", True, Unread("the key is encrypted"))])


STRANGER = client(by=OTHER_CA, name="mallory")
SHARED = client(name="root")
LASTING = client(days=(-10, 500))
PLUGIN = "opa-docker-authz"

registry: Base = derived(
    own_ca,
    folder("/etc/docker/certs.d"),
    folder(REGISTRY),
    keep(f"{REGISTRY}/ca.crt", pem(OTHER_CA), 0o444),
    keep(f"{REGISTRY}/client.cert", pem(STRANGER), 0o444),
    keep(f"{REGISTRY}/client.key", key_of(STRANGER), 0o600),
    listing("/etc/docker/certs.d", "registry.example"),
    listing(REGISTRY, "ca.crt", "client.cert", "client.key"),
)


def swarm_node(days: float) -> Step:
    """A member of a swarm whose certificate has so many days left."""
    node = issue("node", OTHER_CA, days=(-83, days), usages=BOTH)
    return in_order(
        info(Swarm={"LocalNodeState": "active"}),
        folder(SWARM, 0o700),
        keep(f"{SWARM}/swarm-node.crt", pem(node), 0o644),
        put(f"{SWARM}/swarm-node.key", Absent()),
        keep(f"{SWARM}/swarm-root-ca.crt", pem(OTHER_CA), 0o644),
    )


MUTATIONS: dict[str, Mutation] = {
    "certificate-ca-constraints": mutation(own_ca, certified(ca=UNMARKED)),
    "certificate-ca-key-on-host": mutation(
        own_ca,
        keep(CA_KEY, key_of(CA), 0o400),
        also="certificate-ca-key-unencrypted permissions-ca-key",
    ),
    "certificate-ca-key-unencrypted": mutation(
        derived(own_ca, keep(CA_KEY, _encrypted(), 0o400)),
        keep(CA_KEY, key_of(CA), 0o400),
        also="certificate-ca-key-on-host permissions-ca-key",
    ),
    "certificate-chain": mutation(
        own_ca, certified(by=FORGER), also="certificate-leaf-outlives-ca"
    ),
    "certificate-client-copies": mutation(
        derived(own_ca, clients(root=client(name="root"), audit=client(name="audit"))),
        clients(root=SHARED, audit=SHARED),
    ),
    "certificate-client-eku": mutation(
        derived(own_ca, clients(root=client())), clients(root=client(usages=ANY))
    ),
    "certificate-client-key-on-daemon-host": mutation(
        derived(own_ca, with_key(STRANGER)),
        with_key(client(name="mallory")),
        also="certificate-leaf-outlives-ca certificate-revocation",
    ),
    "certificate-duplicate-serial": mutation(
        derived(own_ca, clients(root=client(serial=8))), clients(root=client(serial=7))
    ),
    "certificate-expired": mutation(own_ca, certified(days=(-300, -1))),
    "certificate-expires-soon": mutation(own_ca, certified(days=(-300, 20))),
    "certificate-key-encrypted-daemon": mutation(
        own_ca,
        in_order(certified(key=_encrypted()), touch(KEY)),
        # Without the passphrase nobody can tell whose key it is.
        also="certificate-key-match service-next-start service-restart-pending",
    ),
    "certificate-key-match": mutation(
        own_ca,
        in_order(certified(key=key_of(OTHER_CA)), touch(KEY)),
        also="service-next-start service-restart-pending",
    ),
    "certificate-key-size": mutation(own_ca, certified(private=rsa_key(1024))),
    "certificate-leaf-outlives-ca": mutation(own_ca, certified(ca=SHORT_CA)),
    "certificate-not-yet-valid": mutation(own_ca, certified(days=(20, 300))),
    "certificate-registry-client-key": mutation(registry, removed(f"{REGISTRY}/client.cert")),
    "certificate-revocation": mutation(
        derived(
            own_ca,
            clients(root=LASTING),
            options({"authorization-plugins": [PLUGIN]}, {"Plugins": {"Authorization": [PLUGIN]}}),
        ),
        options({"authorization-plugins": None}, {"Plugins": {"Authorization": None}}),
        also="daemon-authorization-plugin",
    ),
    "certificate-san-mismatch": mutation(own_ca, certified(san=("192.0.2.77",))),
    "certificate-san-missing": mutation(own_ca, certified(san=()), also="certificate-san-mismatch"),
    "certificate-self-signed-server": mutation(
        own_ca, certified(by=None), also="certificate-chain"
    ),
    "certificate-server-eku": mutation(
        own_ca, certified(usages=(ExtendedKeyUsageOID.CODE_SIGNING,))
    ),
    "certificate-server-usable-as-client": mutation(own_ca, certified(usages=BOTH)),
    "certificate-signature-algorithm": mutation(
        derived(hardened, certified(ca=RSA_CA)), _signed_over_sha1
    ),
    "certificate-swarm-node": mutation(derived(own_ca, swarm_node(60)), swarm_node(6)),
    "certificate-validity-period": mutation(own_ca, certified(days=(-10, 900))),
}
