"""Real certificates for tables of cases, and hosts that hold them.

Keys are made once per process: `key("server")` is the same key each time. Times count in days from
NOW, so a case reads `issue("server", CA, days=(-10, 5))`.
"""

import subprocess
from collections.abc import Sequence
from datetime import UTC, datetime, timedelta
from functools import cache
from ipaddress import ip_address
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

import msgspec
from cryptography import x509
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import dsa, ec, ed448, ed25519, rsa
from cryptography.hazmat.primitives.serialization import (
    Encoding,
    NoEncryption,
    PrivateFormat,
    PublicFormat,
)
from cryptography.x509.oid import ExtendedKeyUsageOID, NameOID

from dockeraudit.effective.model import Endpoint, Origin, Outcome, Setting, TlsSettings
from dockeraudit.facts import Absent, FileFacts, HostFacts, Key, Pem, Unread, Wire
from dockeraudit.host import Engine, Host, Listener
from tests.build import NOW, engine, facts, file, listener

SERVER_AUTH = (ExtendedKeyUsageOID.SERVER_AUTH,)
CLIENT_AUTH = (ExtendedKeyUsageOID.CLIENT_AUTH,)
ANY = (ExtendedKeyUsageOID.ANY_EXTENDED_KEY_USAGE,)
BOTH = SERVER_AUTH + CLIENT_AUTH

CURVES: dict[str, ec.EllipticCurve] = {
    "p256": ec.SECP256R1(),
    "p384": ec.SECP384R1(),
    "p224": ec.SECP224R1(),
    "k256": ec.SECP256K1(),
    "brainpool": ec.BrainpoolP256R1(),
}

FOLDER = "/etc/docker/tls"
CA_PATH = f"{FOLDER}/ca.pem"
CERT_PATH = f"{FOLDER}/server-cert.pem"
KEY_PATH = f"{FOLDER}/server-key.pem"


class Issued(msgspec.Struct, frozen=True):
    """A certificate with its key."""

    certificate: x509.Certificate
    key: Any

    @property
    def pem(self) -> str:
        """The certificate."""
        return self.certificate.public_bytes(Encoding.PEM).decode()

    @property
    def der(self) -> bytes:
        """The certificate."""
        return self.certificate.public_bytes(Encoding.DER)


@cache
def key(label: str, kind: str = "p256") -> Any:
    """A private key: `p256`, `p384`, `p224`, `k256`, `brainpool`, `rsa2048` …, `ed25519`."""
    if kind.startswith("rsa"):
        return rsa.generate_private_key(65537, int(kind.removeprefix("rsa")))
    if kind == "ed25519":
        return ed25519.Ed25519PrivateKey.generate()
    if kind == "ed448":
        return ed448.Ed448PrivateKey.generate()
    if kind == "dsa":
        return dsa.generate_private_key(2048)
    return ec.generate_private_key(CURVES[kind])


def rsa_key(bits: int) -> Any:
    """The one RSA key of that size."""
    return key("rsa", f"rsa{bits}")


def issue(
    name: str,
    by: Issued | None = None,
    *,
    days: tuple[float, float] = (-10, 300),
    san: Sequence[str] = (),
    usages: Sequence[x509.ObjectIdentifier] | None = None,
    ca: bool | None = None,
    critical: bool = True,
    signs: bool | None = None,
    serial: int | None = None,
    private: Any = None,
) -> Issued:
    """A certificate for `CN=name`, signed by another or by itself."""
    own = private or key(name)
    subject = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, name)])
    start = datetime.fromtimestamp(NOW, UTC)
    builder = (
        x509.CertificateBuilder()
        .subject_name(subject)
        .issuer_name(by.certificate.subject if by else subject)
        .public_key(own.public_key())
        .serial_number(serial or x509.random_serial_number())
        .not_valid_before(start + timedelta(days=days[0]))
        .not_valid_after(start + timedelta(days=days[1]))
    )
    if ca is not None:
        builder = builder.add_extension(x509.BasicConstraints(ca, None), critical=critical)
    if signs is not None:
        builder = builder.add_extension(_usage(signs), critical=True)
    if san:
        names = x509.SubjectAlternativeName([_name(each) for each in san])
        builder = builder.add_extension(names, critical=False)
    if usages is not None:
        builder = builder.add_extension(x509.ExtendedKeyUsage(usages), critical=False)
    signer = by.key if by else own
    modern = isinstance(signer, ed25519.Ed25519PrivateKey | ed448.Ed448PrivateKey)
    return Issued(builder.sign(signer, None if modern else hashes.SHA256()), own)


def _usage(signs: bool) -> x509.KeyUsage:
    return x509.KeyUsage(not signs, False, False, False, False, signs, signs, False, False)


def _name(text: str) -> x509.GeneralName:
    try:
        return x509.IPAddress(ip_address(text))
    except ValueError:
        return x509.DNSName(text.removeprefix("DNS:"))


@cache
def signed_over(hash: str, *, self_signed: bool = False) -> Issued:
    """A server certificate over `md5` or `sha1`, by openssl, as cryptography makes none."""
    private = rsa_key(2048)
    with TemporaryDirectory() as folder:
        path = Path(folder)
        (path / "key.pem").write_bytes(private_pem(private))
        (path / "ca.pem").write_text(CA.pem)
        (path / "ca.key").write_bytes(private_pem(CA.key))
        (path / "ext").write_text("subjectAltName=DNS:host1,IP:192.0.2.10\n")
        by = ["-signkey", "key.pem"] if self_signed else ["-CA", "ca.pem", "-CAkey", "ca.key"]
        signing = ["-set_serial", "7", "-days", "90", "-out", "cert.pem"]
        for command in (
            ["req", "-new", "-key", "key.pem", "-subj", "/CN=weak", "-out", "request.pem"],
            ["x509", "-req", f"-{hash}", "-in", "request.pem", "-extfile", "ext", *by, *signing],
        ):
            subprocess.run(["openssl", *command], cwd=folder, check=True, capture_output=True)
        return Issued(x509.load_pem_x509_certificate((path / "cert.pem").read_bytes()), private)


def private_pem(private: Any) -> bytes:
    """A key, unencrypted; for files that the tests' own tools read."""
    return bytes(private.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption()))


CA = issue("own CA", ca=True, signs=True, days=(-20, 1500))
SERVER = issue("host1", CA, ca=False, signs=False, san=("host1", "192.0.2.10"), usages=SERVER_AUTH)
CLIENT = issue("alice", CA, ca=False, signs=False, usages=CLIENT_AUTH, days=(-10, 80))
OTHER_CA = issue("other CA", ca=True, signs=True, days=(-20, 1500))

ONE = listener("192.0.2.10:2376", "MTLS", "ADDR")


def server(**changes: Any) -> Issued:
    """A sound server certificate but for what is given."""
    given = {"by": CA, "ca": False, "san": ("host1", "192.0.2.10"), "usages": SERVER_AUTH}
    return issue(changes.pop("name", "host1"), **{**given, **changes})


def client(**changes: Any) -> Issued:
    """A sound client certificate but for what is given."""
    given = {"by": CA, "ca": False, "usages": CLIENT_AUTH, "days": (-10, 80)}
    return issue(changes.pop("name", "alice"), **{**given, **changes})


def pem(*issued: Issued | str, keys: Sequence[Key] = ()) -> Pem:
    """A file with these certificates, in order, and what is known of these keys."""
    text = "".join(each if isinstance(each, str) else each.pem for each in issued)
    labels = ("CERTIFICATE",) * len(issued) + tuple(each.label for each in keys)
    return Pem(labels, text, tuple(keys))


def key_of(issued: Issued, *, encrypted: bool = False) -> Pem:
    """The key file of a certificate; of an encrypted key the public half can't be told."""
    public = issued.key.public_key().public_bytes(Encoding.PEM, PublicFormat.SubjectPublicKeyInfo)
    if encrypted:
        secret = Key("ENCRYPTED PRIVATE KEY", True, Unread("the key is encrypted"))
        return pem(keys=[secret])
    return pem(keys=[Key("PRIVATE KEY", False, public.decode())])


def tls(
    ca: str = CA_PATH,
    cert: str = CERT_PATH,
    key: str = KEY_PATH,
    *,
    enabled: bool = True,
    verify: bool = True,
) -> TlsSettings:
    """TLS as daemon.json sets it."""

    def at(line: int, name: str, value: str | bool) -> Setting:
        return Setting(name, value, Origin(f"/etc/docker/daemon.json:{line} {name}"))

    return TlsSettings(
        at(2, "tls", enabled),
        at(2, "tlsverify", verify),
        at(3, "tlscacert", ca),
        at(4, "tlscert", cert),
        at(5, "tlskey", key),
    )


def outcome(given: TlsSettings | None = None, **changes: Any) -> Outcome:
    """What a start with TLS comes to."""
    return msgspec.structs.replace(Outcome(True, tls=given or tls()), **changes)


def tls_engine(*listeners: Listener, settings: TlsSettings | None = None, **changes: Any) -> Engine:
    """A running engine with TLS on, by default with client certificates on one address."""
    base = engine(*(listeners or (ONE,)), running=outcome(settings))
    return msgspec.structs.replace(base, **changes)


def endpoint(address: str, origin: str = "default") -> Endpoint:
    """A TCP endpoint with client certificates."""
    return Endpoint(address, "tcp", "MTLS", "LOOPBACK", Origin(origin))


Held = Issued | Pem | Unread | Absent | Sequence[Issued | str]


def tls_facts(
    cert: Held = SERVER,
    ca: Held = CA,
    key: Held | None = None,
    more: dict[str, Held] | None = None,
    modes: dict[str, FileFacts] | None = None,
    **changes: Any,
) -> HostFacts:
    """Facts with the daemon's three files, `more` files by path, and their `modes`."""
    if key is None:
        key = key_of(cert) if isinstance(cert, Issued) else key_of(SERVER)
    held: dict[str, Held] = {CERT_PATH: cert, CA_PATH: ca, KEY_PATH: key, **(more or {})}
    files: dict[str, FileFacts | Absent | Unread] = {}
    pems: dict[str, Pem | Unread] = {}
    for path, each in held.items():
        if isinstance(each, Absent):
            files[path] = each
            continue
        files[path] = file(0o600)
        if isinstance(each, Pem | Unread):
            pems[path] = each
        else:
            pems[path] = pem(*([each] if isinstance(each, Issued) else each))
    given = {"files": {**files, **(modes or {})}, "pems": pems, **changes}
    return facts(**given)


def tls_host(*engines: Engine, **changes: Any) -> Host:
    """A host with TLS: `cert`, `ca`, `key`, `more`, `modes`, else fields of the facts."""
    return Host(tls_facts(**changes), engines or (tls_engine(),))


def wire(served: Issued | str, **changes: Any) -> Wire:
    """A connection from the host to its own listener that saw a certificate."""
    text = served if isinstance(served, str) else served.pem
    base = Wire(
        vantage="host",
        address="192.0.2.10",
        port=2376,
        plain="tls-server",
        tls="client-certificate-required",
        certificates=text,
        protocol="TLSv1.3",
    )
    return msgspec.structs.replace(base, **changes)
