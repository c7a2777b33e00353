"""Real certificates and keys for each role of the table of runs, made once per test session."""

from __future__ import annotations

import subprocess
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from functools import cache
from ipaddress import ip_address

import pytest
from cryptography import x509
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import dsa, ec, ed448, ed25519, rsa
from cryptography.hazmat.primitives.serialization import (
    BestAvailableEncryption,
    Encoding,
    NoEncryption,
    PrivateFormat,
    load_pem_private_key,
)
from cryptography.x509.oid import ExtendedKeyUsageOID, NameOID
from hypothesis import settings

Key = (
    rsa.RSAPrivateKey
    | ec.EllipticCurvePrivateKey
    | ed25519.Ed25519PrivateKey
    | ed448.Ed448PrivateKey
    | dsa.DSAPrivateKey
)
NOW = datetime.now(UTC)
YEAR = timedelta(days=365)


def pem(key: Key, form: PrivateFormat = PrivateFormat.PKCS8) -> bytes:
    return key.private_bytes(Encoding.PEM, form, NoEncryption())


@cache
def rsa_key(name: str, bits: int = 2048) -> rsa.RSAPrivateKey:
    """A key that stays the same under its name; 512 bits only openssl still makes."""
    if bits < 1024:
        made = subprocess.run(["openssl", "genrsa", str(bits)], capture_output=True, check=True)
        key = load_pem_private_key(made.stdout, None)
        assert isinstance(key, rsa.RSAPrivateKey), name
        return key
    return rsa.generate_private_key(65537, bits)


@cache
def server_key(kind: str) -> Key:
    makers: dict[str, Callable[[], Key]] = {
        "ec-p256": lambda: ec.generate_private_key(ec.SECP256R1()),
        "ec-p384": lambda: ec.generate_private_key(ec.SECP384R1()),
        "ec-k256": lambda: ec.generate_private_key(ec.SECP256K1()),
        "ed25519": ed25519.Ed25519PrivateKey.generate,
        "ed448": ed448.Ed448PrivateKey.generate,
        "dsa": lambda: dsa.generate_private_key(2048),
        "rsa512": lambda: rsa_key("512", 512),
        "rsa1024": lambda: rsa_key("1024", 1024),
    }
    return makers.get(kind, lambda: rsa_key(kind))()


def certificate(
    key: Key, ca: str, *, leaf: bool = True, start: datetime = NOW - YEAR,
    end: datetime = NOW + YEAR, usage: x509.ObjectIdentifier | None = None, names: bool = True,
) -> x509.Certificate:  # fmt: skip
    subject = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, "host" if leaf else ca)])
    builder = (
        x509.CertificateBuilder()
        .subject_name(subject)
        .issuer_name(x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, ca)]))
        .public_key(key.public_key())
        .serial_number(x509.random_serial_number())
        .not_valid_before(start)
        .not_valid_after(end)
        .add_extension(x509.BasicConstraints(ca=not leaf, path_length=None), critical=True)
    )
    if leaf and names:
        names_of = x509.SubjectAlternativeName(
            [x509.DNSName("node1.example"), x509.IPAddress(ip_address("127.0.0.1"))]
        )
        builder = builder.add_extension(names_of, critical=False)
    if usage is not None:
        builder = builder.add_extension(x509.ExtendedKeyUsage([usage]), critical=False)
    return builder.sign(rsa_key(f"ca {ca}"), hashes.SHA256())


def pem_of(*certificates: x509.Certificate) -> bytes:
    return b"".join(each.public_bytes(Encoding.PEM) for each in certificates)


@cache
def authority(name: str, *, expired: bool = False) -> x509.Certificate:
    end = NOW - YEAR if expired else NOW + 10 * YEAR
    return certificate(rsa_key(f"ca {name}"), name, leaf=False, start=NOW - 10 * YEAR, end=end)


def _server_certificate(kind: str) -> bytes:
    key_kind = {"eku-clientauth-only": "eku"}.get(kind, kind)
    key = server_key(key_kind)
    client = ExtendedKeyUsageOID.CLIENT_AUTH
    if kind == "not-yet-valid":
        return pem_of(certificate(key, "ca", start=NOW + YEAR, end=NOW + 2 * YEAR))
    if kind == "expired":
        return pem_of(certificate(key, "ca", start=NOW - 2 * YEAR, end=NOW - YEAR))
    if kind == "eku-clientauth-only":
        return pem_of(certificate(key, "ca", usage=client))
    if kind == "no-san":
        return pem_of(certificate(key, "ca", names=False))
    if kind == "other-ca":
        return pem_of(certificate(key, "other ca"))
    return pem_of(certificate(key, "ca"))


def _passphrase_key(kind: str) -> bytes:
    form = PrivateFormat.PKCS8 if kind == "pkcs8" else PrivateFormat.TraditionalOpenSSL
    secret = BestAvailableEncryption(b"secret")
    return server_key("").private_bytes(Encoding.PEM, form, secret)


@cache
def content_of(role: str) -> bytes:
    """The bytes of a file of that role."""
    fixed: dict[str, Callable[[], bytes]] = {
        "ca": lambda: pem_of(authority("ca")),
        "ca-expired": lambda: pem_of(authority("ca", expired=True)),
        "ca-other": lambda: pem_of(authority("other ca")),
        "ca-bundle": lambda: pem_of(authority("ca"), authority("other ca")),
        "empty-file": lambda: b"",
        "garbage": lambda: b"this is no PEM\n",
    }
    if role in fixed:
        return fixed[role]()
    if role.startswith("server-cert"):
        return _server_certificate(role.removeprefix("server-cert").lstrip("-"))
    kind = role.removeprefix("server-key").lstrip("-")
    if kind.startswith("passphrase-"):
        return _passphrase_key(kind.removeprefix("passphrase-"))
    return pem(server_key(kind))


@pytest.fixture(scope="session")
def content() -> Callable[[str], bytes]:
    """A maker of real files: the bytes for a role."""
    return content_of


@pytest.fixture(scope="session")
def key_of() -> Callable[[str], Key]:
    """The private key behind a role's kind."""
    return server_key


# a loaded machine is no failure of a parser
settings.register_profile("effective", deadline=None, database=None)
settings.load_profile("effective")
