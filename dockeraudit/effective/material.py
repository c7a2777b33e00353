"""Certificates, keys and CA files, as Go's crypto/tls and crypto/x509 load them.

tls.X509KeyPair and CertPool.AppendCertsFromPEM, called by tlsconfig.Server of
github.com/docker/go-connections. Nothing here looks at dates, names, usages, modes or strength:
neither does the daemon when it starts.
"""

from __future__ import annotations

import binascii
from functools import lru_cache

from msgspec import Struct

from dockeraudit.effective.model import CannotTell, DoesNotStart, FileInput

_BEGIN = b"-----BEGIN "
_END = b"\n-----END "
_DASHES = b"-----"
_CURVES = frozenset({"secp224r1", "secp256r1", "secp384r1", "secp521r1"})
_ALIASES = {"eku": "eku-clientauth-only"}
_KEY_KINDS = ("ec", "ed25519", "rsa512", "rsa1024")


class PemBlock(Struct, frozen=True):
    """A block that encoding/pem found."""

    kind: str
    data: bytes
    headers: tuple[bytes, ...] = ()


@lru_cache(maxsize=8)
def pem_blocks(content: bytes) -> tuple[PemBlock, ...]:
    """Every block that repeated pem.Decode finds; broken ones are passed over.

    It is remembered for the next start of the same daemon, which has the same files.
    """
    blocks = []
    at = 0
    while (end := content.find(_END, at)) >= 0:
        behind = end + len(_END)
        begin = content.rfind(_BEGIN, at, end + 1)
        if begin < 0 or (begin > at and content[begin - 1 : begin] != b"\n"):
            at = behind
            continue
        block, at = _pem_block(content, begin + len(_BEGIN), behind)
        if block is not None:
            blocks.append(block)
    return tuple(blocks)


def _line(content: bytes, at: int) -> tuple[bytes, int]:
    """The line that starts here, without blanks at its end, and where the next one starts."""
    stop = content.find(b"\n", at)
    if stop < 0:
        return content[at:].rstrip(b" \t"), len(content)
    return content[at:stop].removesuffix(b"\r").rstrip(b" \t"), stop + 1


def _pem_block(content: bytes, at: int, behind: int) -> tuple[PemBlock | None, int]:
    """The block whose type stands here, and where to search on."""
    kind, at = _line(content, at)
    if not kind.endswith(_DASHES):
        return None, behind
    headers = []
    while b":" in (line := _line(content, at))[0]:
        headers.append(line[0])
        at = line[1]
    # an END line may follow at once: the line feed before it is the one just passed
    end = content.find(_END, at - 1 if not headers else at)
    if end < 0:
        return None, behind
    trailer, following = _line(content, end + len(_END))
    if trailer != kind:
        return None, end + len(_END)
    text = content[at:end].translate(None, b" \t\r\n") if end >= at else b""
    try:
        data = binascii.a2b_base64(text, strict_mode=True) if text else b""
    except binascii.Error:
        return None, end + len(_END)
    name = kind.removesuffix(_DASHES).decode("latin-1")
    return PemBlock(name, data, tuple(headers)), following


def check_ca(path: str, file: FileInput) -> None:
    """certPool: raises unless the file holds a certificate."""
    if _role(file) is not None:
        holds = not _role_is(file, "garbage", "empty-file", "server-key", "client-key", "key")
    elif file.content is None:
        raise CannotTell(f"what lies in the CA file {path} is not known")
    else:
        holds = any(
            block.kind == "CERTIFICATE" and not block.headers and _certificate(block.data)
            for block in pem_blocks(file.content)
        )
    if not holds:
        raise DoesNotStart(f"the CA file {path} holds no certificate")


def check_pair(cert_path: str, cert: FileInput, key_path: str, key: FileInput) -> None:
    """tls.LoadX509KeyPair: raises unless both load and belong together."""
    if _role(cert) is not None or _role(key) is not None:
        _check_roles(cert_path, cert, key_path, key)
        return
    if cert.content is None:
        raise CannotTell(f"what lies in the certificate file {cert_path} is not known")
    leaf = next((b for b in pem_blocks(cert.content) if b.kind == "CERTIFICATE"), None)
    if leaf is None:
        raise DoesNotStart(f"the certificate file {cert_path} holds no PEM certificate")
    private = _key_der(key_path, key)
    certificate = _certificate(leaf.data)
    if certificate is None:
        raise DoesNotStart(f"the certificate in {cert_path} can't be parsed")
    wanted = _public_of_certificate(certificate)
    if wanted is None:
        raise DoesNotStart(f"the certificate in {cert_path} has a key of an unknown kind")
    if private is None:
        if key.public_key is None:
            raise CannotTell(f"what lies in the key file {key_path} is not known")
        found: bytes | None = key.public_key
    else:
        found = _public_of_key(private)
    if found is None:
        raise DoesNotStart(f"the key in {key_path} can't be parsed")
    if found != wanted:
        raise DoesNotStart(f"the key in {key_path} does not belong to the one in {cert_path}")


def _key_der(path: str, key: FileInput) -> bytes | None:
    """The first private key of the file; None if the key stayed on its host."""
    if key.problem is not None:
        raise DoesNotStart(f"the key file {path}: {key.problem}")
    if key.public_key is not None or key.content is None:
        return None
    for block in pem_blocks(key.content):
        if block.kind == "PRIVATE KEY" or block.kind.endswith(" PRIVATE KEY"):
            if block.kind.startswith("ENCRYPTED") or b"ENCRYPTED" in b"".join(block.headers):
                raise DoesNotStart(f"the key in {path} has a passphrase")
            return block.data
    raise DoesNotStart(f"the key file {path} holds no PEM private key")


@lru_cache(maxsize=512)
def _certificate(der: bytes) -> object | None:
    from cryptography import x509  # 50 ms, and only needed with TLS

    try:
        certificate = x509.load_der_x509_certificate(der)
        certificate.extensions  # noqa: B018  # parsed late otherwise; Go parses all at once
        return certificate
    except Exception:
        return None


@lru_cache(maxsize=512)
def _public_of_certificate(certificate: object) -> bytes | None:
    """The public key, DER; None for a kind that crypto/tls does not know."""
    from cryptography import x509

    if not isinstance(certificate, x509.Certificate):
        return None
    try:
        return _public_der(certificate.public_key())
    except Exception:
        return None


def _public_der(public: object) -> bytes | None:
    from cryptography.hazmat.primitives.asymmetric import ec, ed25519, rsa
    from cryptography.hazmat.primitives.serialization import (
        Encoding,
        PublicFormat,
    )

    if isinstance(public, ec.EllipticCurvePublicKey) and public.curve.name not in _CURVES:
        return None
    known = (rsa.RSAPublicKey, ec.EllipticCurvePublicKey, ed25519.Ed25519PublicKey)
    if not isinstance(public, known):
        return None
    return public.public_bytes(Encoding.DER, PublicFormat.SubjectPublicKeyInfo)


def _public_of_key(der: bytes) -> bytes | None:
    """The public half of a PKCS #1, PKCS #8 or SEC 1 key, DER; None if Go can't parse it."""
    from cryptography.hazmat.primitives.asymmetric import ec, ed25519, rsa
    from cryptography.hazmat.primitives.serialization import load_der_private_key

    try:
        key = load_der_private_key(der, password=None)
    except Exception:
        return None
    known = (rsa.RSAPrivateKey, ec.EllipticCurvePrivateKey, ed25519.Ed25519PrivateKey)
    return _public_der(key.public_key()) if isinstance(key, known) else None


def _role(file: FileInput) -> str | None:
    return None if file.role is None else file.role.partition(";")[0].strip()


def _role_is(file: FileInput, *words: str) -> bool:
    role = _role(file) or ""
    return any(role == word or role.startswith(f"{word}-") for word in words)


def _check_roles(cert_path: str, cert: FileInput, key_path: str, key: FileInput) -> None:
    """The same, for files of which only the role is known."""
    if _role_is(cert, "garbage", "empty-file", "server-key", "client-key"):
        raise DoesNotStart(f"the certificate file {cert_path} holds no PEM certificate")
    role = _role(key) or ""
    if "passphrase" in role or "encrypted" in role:
        raise DoesNotStart(f"the key in {key_path} can't be parsed: it has a passphrase")
    if not _role_is(key, "server-key", "client-key") or "-der" in role:
        raise DoesNotStart(f"the key file {key_path} holds no PEM private key")
    name, owner = role.partition("-key")[::2]
    kind = (_role(cert) or "").partition("-cert")
    if kind[0] != name or not _belongs(kind[2].lstrip("-"), owner.lstrip("-")):
        raise DoesNotStart(f"the key in {key_path} does not belong to the one in {cert_path}")


def _belongs(cert: str, key: str) -> bool:
    if cert == key or _ALIASES.get(key) == cert:
        return True
    return not key and not cert.startswith(_KEY_KINDS)
