"""Certificates for the hosts, made when a host is provisioned: every date is relative to now."""

from __future__ import annotations

import datetime
import ipaddress
import tempfile
from dataclasses import dataclass
from pathlib import Path
from typing import Literal

from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec, rsa
from cryptography.x509.oid import ExtendedKeyUsageOID, NameOID

from tests.lab.shell import run

Key = rsa.RSAPrivateKey | ec.EllipticCurvePrivateKey
KeyKind = Literal["ec-p256", "rsa-1024", "rsa-2048", "rsa-3072"]


@dataclass(frozen=True)
class Pki:
    """What a host's certificates are like; the defaults are right in every respect."""

    key: KeyKind = "ec-p256"
    days: int = 365
    ca_key: KeyKind = "ec-p256"
    ca_days: int = 5 * 365
    sha1: bool = False  # sign the server's certificate with SHA-1, as cryptography no longer does


@dataclass(frozen=True)
class Material:
    """PEM texts: the server's side, the CA's key, and a client's side for the controller."""

    ca_cert: str
    ca_key: str
    server_cert: str
    server_key: str
    client_cert: str
    client_key: str


def issue(pki: Pki, host: str, address: str) -> Material:
    """A CA, a server certificate for the host's name and address, and a client certificate."""
    ca_key = _key(pki.ca_key)
    ca_name = _name(f"lab CA of {host}")
    ca = (
        _builder(ca_name, ca_name, ca_key, pki.ca_days)
        .add_extension(x509.BasicConstraints(ca=True, path_length=0), critical=True)
        .add_extension(_usage(sign_certificates=True), critical=True)
        .add_extension(
            x509.SubjectKeyIdentifier.from_public_key(ca_key.public_key()), critical=False
        )
        .sign(ca_key, hashes.SHA256())
    )
    server_key, client_key = _key(pki.key), _key("ec-p256")
    names = (host, address)
    server = _leaf(ca, ca_key, host, server_key, pki.days, server=True).add_extension(
        x509.SubjectAlternativeName(
            [x509.DNSName(host), x509.IPAddress(ipaddress.ip_address(address))]
        ),
        critical=False,
    )
    client = _leaf(ca, ca_key, "lab controller", client_key, 90, server=False).sign(
        ca_key, hashes.SHA256()
    )
    server_pem = _pem(server.sign(ca_key, hashes.SHA256()))
    if pki.sha1:
        server_pem = _signed_with_sha1(names, server_key, _pem(ca), _key_pem(ca_key), pki.days)
    return Material(
        _pem(ca),
        _key_pem(ca_key),
        server_pem,
        _key_pem(server_key),
        _pem(client),
        _key_pem(client_key),
    )


def _key(kind: KeyKind) -> Key:
    if kind == "ec-p256":
        return ec.generate_private_key(ec.SECP256R1())
    return rsa.generate_private_key(65537, int(kind.removeprefix("rsa-")))


def _name(common: str) -> x509.Name:
    return x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, common)])


def _builder(subject: x509.Name, issuer: x509.Name, key: Key, days: int) -> x509.CertificateBuilder:
    now = datetime.datetime.now(datetime.UTC)
    return (
        x509.CertificateBuilder()
        .subject_name(subject)
        .issuer_name(issuer)
        .public_key(key.public_key())
        .serial_number(x509.random_serial_number())
        .not_valid_before(now - datetime.timedelta(hours=1))
        .not_valid_after(now + datetime.timedelta(days=days))
    )


def _leaf(
    ca: x509.Certificate, ca_key: Key, common: str, key: Key, days: int, *, server: bool
) -> x509.CertificateBuilder:
    usage = ExtendedKeyUsageOID.SERVER_AUTH if server else ExtendedKeyUsageOID.CLIENT_AUTH
    return (
        _builder(_name(common), ca.subject, key, days)
        .add_extension(x509.BasicConstraints(ca=False, path_length=None), critical=True)
        .add_extension(_usage(sign_certificates=False), critical=True)
        .add_extension(x509.ExtendedKeyUsage([usage]), critical=False)
        .add_extension(x509.SubjectKeyIdentifier.from_public_key(key.public_key()), critical=False)
        .add_extension(
            x509.AuthorityKeyIdentifier.from_issuer_public_key(ca_key.public_key()), critical=False
        )
    )


def _usage(*, sign_certificates: bool) -> x509.KeyUsage:
    return x509.KeyUsage(
        digital_signature=not sign_certificates,
        content_commitment=False,
        key_encipherment=False,
        data_encipherment=False,
        key_agreement=False,
        key_cert_sign=sign_certificates,
        crl_sign=sign_certificates,
        encipher_only=False,
        decipher_only=False,
    )


def _pem(certificate: x509.Certificate) -> str:
    return certificate.public_bytes(serialization.Encoding.PEM).decode()


def _key_pem(key: Key) -> str:
    form = serialization.PrivateFormat.PKCS8
    return key.private_bytes(
        serialization.Encoding.PEM, form, serialization.NoEncryption()
    ).decode()


def _signed_with_sha1(names: tuple[str, str], key: Key, ca: str, ca_key: str, days: int) -> str:
    host, address = names
    request = (
        x509.CertificateSigningRequestBuilder().subject_name(_name(host)).sign(key, hashes.SHA256())
    )
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        for file, text in (
            ("request.pem", request.public_bytes(serialization.Encoding.PEM).decode()),
            ("ca.pem", ca),
            ("ca-key.pem", ca_key),
            (
                "extensions",
                f"subjectAltName=DNS:{host},IP:{address}\nextendedKeyUsage=serverAuth\n",
            ),
        ):
            (folder / file).write_text(text)
        argv = ["openssl", "x509", "-req", "-sha1", "-days", str(days), "-CAcreateserial"]
        for option, file in (
            ("-in", "request.pem"),
            ("-CA", "ca.pem"),
            ("-CAkey", "ca-key.pem"),
            ("-extfile", "extensions"),
        ):
            argv += [option, str(folder / file)]
        return run(argv).stdout
