"""Certificates and private keys that engines and their clients use, each with its role.

A certificate is parsed once per process, whatever number of hosts share it. The parser is guarded:
what it can't take becomes a `BrokenCertificate`, whatever it raises. `cryptography` is imported
with the first certificate only, since that costs as much as all the rest of the start.
"""

from __future__ import annotations

import base64
import binascii
import hashlib
import re
import warnings
from collections.abc import Iterator
from functools import lru_cache
from typing import TYPE_CHECKING, Literal

from msgspec import Struct

from dockeraudit.facts import Absent, Account, Key, Pem, Unread, Wire
from dockeraudit.host.model import Engine, Listener

if TYPE_CHECKING:
    from cryptography import x509

    from dockeraudit.effective.model import Outcome
    from dockeraudit.host.host import Host

Role = Literal[
    "daemon",
    "daemon-ca",
    "client",
    "client-ca",
    "registry-client",
    "registry-ca",
    "swarm-node",
    "swarm-ca",
    "served",
    "other",
]
"""`daemon`: what tlscert names, the leaf and the intermediates it serves. `served`: what a
connection got where that is not in the file. `other`: keys of which no role is known."""

SERVER_AUTH = "1.3.6.1.5.5.7.3.1"
CLIENT_AUTH = "1.3.6.1.5.5.7.3.2"
ANY_USAGE = "2.5.29.37.0"

MOST_CERTIFICATES = 500
"""Of one file; the rest is reported as unread."""

MOST_BYTES = 65536
"""Of one certificate; parsed ones are kept, and a host must not fill memory with them."""

_BLOCK = re.compile(
    r"-----BEGIN CERTIFICATE-----(.*?)-----END CERTIFICATE-----",
    re.DOTALL,
)
_CLIENT_FILE = re.compile(r"(.*)/\.docker/(?:contexts/tls/[^/]+/docker/)?(ca|cert|key)\.pem")
_REGISTRY_FILE = re.compile(r".*/certs\.d/[^/]+/[^/]+\.(crt|cert|key)")
_SWARM_FILE = re.compile(r".*/swarm/certificates/swarm-(?:node\.(crt|key)|root-(ca)\.crt)")
_SIGNATURES = {
    "1.2.840.113549.1.1.2": "md2",
    "1.2.840.113549.1.1.3": "md4",
    "1.2.840.113549.1.1.4": "md5",
    "1.2.840.113549.1.1.5": "sha1",
    "1.3.14.3.2.29": "sha1",
    "1.2.840.10040.4.3": "sha1",
    "1.2.840.10045.4.1": "sha1",
}


class PublicKey(Struct, frozen=True):
    """A certificate's public key."""

    kind: Literal["RSA", "EC", "Ed25519", "Ed448", "DSA", "unknown"]
    bits: int = 0
    curve: str = ""
    """As OpenSSL names it: `secp256r1`."""
    spki: bytes = b""
    """DER SubjectPublicKeyInfo in one fixed form; empty where the kind is unknown."""
    problem: str = ""
    """Why the kind is unknown."""

    def __str__(self) -> str:
        if self.kind in ("RSA", "DSA"):
            return f"{self.bits}-bit {self.kind} key"
        if self.kind == "EC":
            return f"EC key on the curve {self.curve}"
        return f"{self.kind} key"


class Certificate(Struct, frozen=True):
    """What a certificate says, wherever it lies. Times are seconds since the epoch."""

    x509: x509.Certificate
    fingerprint: str
    """SHA-256 of the DER, in hex."""
    version: int
    subject: str
    issuer: str
    serial: int
    not_before: int
    not_after: int
    key: PublicKey
    signature: str
    """The hash that was signed: `sha256`, `sha1`, `md5`; empty where the scheme has none."""
    names: tuple[str, ...]
    """DNS names among the subject's alternative names."""
    addresses: tuple[str, ...]
    """IP addresses among them."""
    usages: frozenset[str] | None
    """Extended key usages, dotted; None: the extension is absent, so every use is allowed."""
    ca: bool | None
    """What basicConstraints say; None: absent."""
    constraints_critical: bool
    signs_certificates: bool | None
    """Whether keyUsage has keyCertSign; None: absent, so it is not restricted."""
    self_signed: bool
    signs_handshakes: bool | None = None
    """Whether keyUsage has digitalSignature; None: absent, so it is not restricted."""

    @property
    def days(self) -> float:
        """Its lifetime."""
        return (self.not_after - self.not_before) / 86400

    def allows(self, usage: str) -> bool:
        """Whether a peer that looks at extended key usages would take it for this use."""
        return self.usages is None or usage in self.usages or ANY_USAGE in self.usages


class HeldCertificate(Struct, frozen=True):
    """A certificate in its place."""

    path: str
    """As configured; for `served`: the address it came from."""
    index: int
    """Its position among the file's certificates, from 1."""
    role: Role
    certificate: Certificate
    engine: str = ""
    owner: str = ""
    """The account in whose home it lies."""

    @property
    def resource(self) -> str:
        """The path, with `#2` … for those that are not the file's first."""
        return self.path if self.index == 1 else f"{self.path}#{self.index}"

    @property
    def leaf(self) -> bool:
        """Whether it is shown as somebody's own, not to vouch for others."""
        return self.index == 1 and self.role in _LEAF_ROLES


_LEAF_ROLES = ("daemon", "served", "client", "registry-client", "swarm-node")


class HeldKey(Struct, frozen=True):
    """A private key in its place, without its secret."""

    path: str
    index: int
    role: Role
    label: str
    encrypted: bool
    public: str | Unread
    engine: str = ""
    owner: str = ""

    @property
    def spki(self) -> bytes | Unread:
        """The public half in the form of `PublicKey.spki`; unread where the host could not say."""
        if isinstance(self.public, Unread):
            return self.public
        return _spki_of_pem(self.public) or Unread(f"the public half of {self.path} is malformed")


class BrokenCertificate(Struct, frozen=True):
    """A CERTIFICATE block that can't be parsed. A daemon's own parser may think otherwise."""

    path: str
    index: int
    role: Role
    reason: str
    engine: str = ""


class UnreadFile(Struct, frozen=True):
    """A file that should hold a certificate or key, and could not be looked into."""

    path: str
    role: Role
    holds: Literal["certificate", "key"]
    reason: str
    engine: str = ""


class Material(Struct, frozen=True):
    """Everything of the kind on one host."""

    certificates: tuple[HeldCertificate, ...]
    keys: tuple[HeldKey, ...]
    broken: tuple[BrokenCertificate, ...]
    unread: tuple[UnreadFile, ...]

    def leaf_of(self, engine: Engine) -> HeldCertificate | None:
        """The engine's own certificate, from its file, else as it was served."""
        for role in ("daemon", "served"):
            for held in self.certificates:
                if (held.role, held.index, held.engine) == (role, 1, engine.name):
                    return held
        return None


class TlsPaths(Struct, frozen=True):
    """The files of an engine that has TLS on, as absolute paths."""

    verify: bool
    ca: str
    """Empty: none is configured."""
    cert: str
    key: str
    origin: str
    """What names the certificate file."""


def gather(host: Host) -> Material:
    """The host's certificates and keys, and what of them could not be read."""
    return _Gathering(host).material()


def tls_of(engine: Engine) -> TlsPaths | Unread | None:
    """The TLS files the engine uses; None: TLS is off, or nothing would start the engine."""
    outcome = engine.running if engine.process is not None else engine.configured
    return _paths(engine, outcome)


def _paths(engine: Engine, outcome: Outcome | Unread | None) -> TlsPaths | Unread | None:
    if outcome is None or isinstance(outcome, Unread):
        return outcome
    tls = outcome.tls
    if tls is None:
        return Unread(outcome.undecided) if outcome.starts is None and outcome.undecided else None
    if not tls.enabled.value:
        return None

    def absolute(value: object) -> str:
        text = value if isinstance(value, str) else ""
        return engine.absolute(text) if text else ""

    return TlsPaths(
        verify=bool(tls.verify.value),
        ca=absolute(tls.ca.value),
        cert=absolute(tls.cert.value),
        key=absolute(tls.key.value),
        origin=str(tls.cert.origin),
    )


def tls_listeners(engine: Engine) -> tuple[Listener, ...]:
    """The engine's TCP listeners that speak TLS; also of unknown mode, unless TLS is off."""
    maybe = tls_of(engine) is not None
    return tuple(
        each
        for each in engine.exposures
        if each.transport == "tcp"
        and (maybe if isinstance(each.mode, Unread) else each.mode != "PLAIN")
    )


def _is_without_tls(engine: Engine) -> bool:
    """Whether the engine's listeners were seen, and none of them speaks TLS."""
    return bool(engine.exposures) and all(
        each.transport == "unix" or each.mode == "PLAIN" for each in engine.exposures
    )


def wires_of(host: Host, listener: Listener) -> tuple[Wire, ...]:
    """The connections that were made to a listener, from wherever.

    The scanner may have come through a forwarded address that is not among the host's own: then
    the port decides.
    """
    own = {listener.ip}
    if not isinstance(host.facts.interfaces, Unread):
        own |= {each.address.partition("/")[0] for each in host.facts.interfaces}
    return tuple(
        wire
        for wire in host.facts.wires
        if wire.port == listener.port
        and (
            wire.address == listener.ip
            or listener.reach == "ANY"
            or (wire.vantage == "scanner" and wire.address not in own)
        )
    )


def issued_by(child: Certificate, parent: Certificate) -> bool | None:
    """Whether one certificate's key signed the other; None: the signature can't be checked."""
    if child.issuer != parent.subject or child.x509.issuer != parent.x509.subject:
        return False
    return _signed(child.x509, parent.x509)


def certificates_in(text: str) -> Iterator[Certificate | str]:
    """The certificates of a PEM text in order; for one that can't be parsed, the reason."""
    for number, block in enumerate(_BLOCK.finditer(text), 1):
        if number > MOST_CERTIFICATES:
            yield f"more than {MOST_CERTIFICATES} certificates in one file"
            return
        body = block[1].partition("\n\n")[2] if ":" in block[1] else block[1]
        try:
            der = base64.b64decode("".join(body.split()), validate=True)
        except (binascii.Error, ValueError) as error:
            yield f"not base64: {error}"
            continue
        yield parse(der)


@lru_cache(maxsize=2048)
def parse(der: bytes) -> Certificate | str:
    """A certificate, or why it can't be parsed."""
    if len(der) > MOST_BYTES:
        return f"{len(der)} bytes, more than {MOST_BYTES}"
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            return _parse(der)
    except Exception as error:
        return _reason(error)
    except BaseException as error:
        if not _panicked(error):
            raise
        return _reason(error)


def _panicked(error: BaseException) -> bool:
    """Whether a Rust parser panicked: that exception derives from BaseException and has no name
    that could be imported."""
    return type(error).__name__ == "PanicException"


def _reason(error: BaseException) -> str:
    words = " ".join(str(error).split())[:200]
    return words or type(error).__name__


def _parse(der: bytes) -> Certificate:
    from cryptography import x509

    certificate = x509.load_der_x509_certificate(der)
    extensions = certificate.extensions
    names: list[str] = []
    addresses: list[str] = []
    usages: frozenset[str] | None = None
    ca: bool | None = None
    critical = False
    signs: bool | None = None
    handshakes: bool | None = None
    for extension in extensions:
        value = extension.value
        if isinstance(value, x509.SubjectAlternativeName):
            names += value.get_values_for_type(x509.DNSName)
            addresses += map(str, value.get_values_for_type(x509.IPAddress))
        elif isinstance(value, x509.ExtendedKeyUsage):
            usages = frozenset(each.dotted_string for each in value)
        elif isinstance(value, x509.BasicConstraints):
            ca, critical = value.ca, extension.critical
        elif isinstance(value, x509.KeyUsage):
            signs, handshakes = value.key_cert_sign, value.digital_signature
    subject, issuer = certificate.subject, certificate.issuer
    return Certificate(
        x509=certificate,
        fingerprint=hashlib.sha256(der).hexdigest(),
        version=certificate.version.value + 1,
        subject=_short(subject.rfc4514_string()),
        issuer=_short(issuer.rfc4514_string()),
        serial=certificate.serial_number,
        not_before=int(certificate.not_valid_before_utc.timestamp()),
        not_after=int(certificate.not_valid_after_utc.timestamp()),
        key=_key_of(certificate),
        signature=_signature_of(certificate),
        names=tuple(names),
        addresses=tuple(addresses),
        usages=usages,
        ca=ca,
        constraints_critical=critical,
        signs_certificates=signs,
        self_signed=subject == issuer and _signed(certificate, certificate) is True,
        signs_handshakes=handshakes,
    )


def _short(name: str) -> str:
    """A name fit for a message; nothing limits the length of those in certificates."""
    return name if len(name) <= 200 else f"{name[:200]}…"


def _signature_of(certificate: x509.Certificate) -> str:
    known = _SIGNATURES.get(certificate.signature_algorithm_oid.dotted_string)
    if known is not None:
        return known
    try:
        algorithm = certificate.signature_hash_algorithm
    except Exception:
        return ""
    return algorithm.name if algorithm else ""


def _key_of(certificate: x509.Certificate) -> PublicKey:
    try:
        return _described(certificate.public_key())
    except Exception as error:
        return PublicKey("unknown", problem=_reason(error))
    except BaseException as error:
        if not _panicked(error):
            raise
        return PublicKey("unknown", problem=_reason(error))


def _described(key: object) -> PublicKey:
    from cryptography.hazmat.primitives.asymmetric import dsa, ec, ed448, ed25519, rsa
    from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat

    form = Encoding.DER, PublicFormat.SubjectPublicKeyInfo
    if isinstance(key, ec.EllipticCurvePublicKey):
        return PublicKey("EC", key.key_size, key.curve.name, key.public_bytes(*form))
    if isinstance(key, rsa.RSAPublicKey):
        return PublicKey("RSA", key.key_size, spki=key.public_bytes(*form))
    if isinstance(key, ed25519.Ed25519PublicKey):
        return PublicKey("Ed25519", 256, spki=key.public_bytes(*form))
    if isinstance(key, ed448.Ed448PublicKey):
        return PublicKey("Ed448", 456, spki=key.public_bytes(*form))
    if isinstance(key, dsa.DSAPublicKey):
        return PublicKey("DSA", key.key_size, spki=key.public_bytes(*form))
    return PublicKey("unknown", problem=f"a kind of key that is not for TLS ({type(key).__name__})")


@lru_cache(maxsize=4096)
def _spki_of_pem(pem: str) -> bytes:
    """The public half of a key in the same form as a certificate's; empty if it is malformed."""
    from cryptography.hazmat.primitives.serialization import load_pem_public_key

    try:
        return _described(load_pem_public_key(pem.encode())).spki
    except Exception:
        return b""
    except BaseException as error:
        if not _panicked(error):
            raise
        return b""


@lru_cache(maxsize=4096)
def _signed(child: x509.Certificate, parent: x509.Certificate) -> bool | None:
    """Whether the parent's key made the child's signature; the names are the caller's business.

    Not the library's policy, which refuses what Docker's own recipe makes; and it no longer
    checks signatures over MD5 and SHA-1, which is no proof that they are wrong.
    """
    from cryptography.exceptions import InvalidSignature

    try:
        if _signature_of(child) in ("md5", "sha1"):
            return _signed_over_weak_hash(child, parent)
        child.verify_directly_issued_by(parent)
    except InvalidSignature:
        return False
    except (TypeError, ValueError) as error:
        return None if "nsupported" in str(error) else False
    except Exception:
        return None
    except BaseException as error:
        if not _panicked(error):
            raise
        return None
    return True


def _signed_over_weak_hash(child: x509.Certificate, parent: x509.Certificate) -> bool | None:
    from cryptography.hazmat.primitives.asymmetric import ec, padding, rsa

    key, algorithm = parent.public_key(), child.signature_hash_algorithm
    if algorithm is None:
        return None
    signature, body = child.signature, child.tbs_certificate_bytes
    if isinstance(key, rsa.RSAPublicKey):
        key.verify(signature, body, padding.PKCS1v15(), algorithm)
        return True
    if isinstance(key, ec.EllipticCurvePublicKey):
        key.verify(signature, body, ec.ECDSA(algorithm))
        return True
    return None


class _Gathering:
    """Goes through a host's files once, and gives each its role."""

    def __init__(self, host: Host) -> None:
        self.host = host
        self.certificates: list[HeldCertificate] = []
        self.keys: list[HeldKey] = []
        self.broken: list[BrokenCertificate] = []
        self.unread: list[UnreadFile] = []
        self.claimed: set[str] = set()
        """Paths whose role is known."""
        self.claimed_keys: set[str] = set()

    def material(self) -> Material:
        """Everything, the daemons' own first."""
        for engine in self.host.engines:
            self._engine(engine)
        if self.host.unseen is not None:
            self._unknown_engine(self.host.unseen.reason)
        self._others()
        self._folders()
        return Material(
            tuple(self.certificates), tuple(self.keys), tuple(self.broken), tuple(self.unread)
        )

    def _engine(self, engine: Engine) -> None:
        tls = tls_of(engine)
        if isinstance(tls, Unread):
            if not _is_without_tls(engine):
                self._unknown_engine(f"the TLS files of {engine.name}: {tls.reason}", engine.name)
            # A daemon whose files were replaced by some that it can't load: what is wrong with
            # those is still to be found.
            tls = _paths(engine, engine.configured)
        if isinstance(tls, TlsPaths):
            self._needed(tls.cert, "daemon", "certificate", engine)
            self._needed(tls.key, "daemon", "key", engine)
            if tls.ca and (tls.verify or isinstance(self._read(tls.ca), Pem)):
                self._needed(tls.ca, "daemon-ca", "certificate", engine)
        self._served(engine)

    def _unknown_engine(self, reason: str, engine: str = "") -> None:
        self._missing("", "daemon", "certificate", reason, engine)
        self._missing("", "daemon-ca", "certificate", reason, engine)
        self._missing("", "daemon", "key", reason, engine)

    def _needed(
        self, path: str, role: Role, holds: Literal["certificate", "key"], engine: Engine
    ) -> None:
        """A file that the engine can't do without."""
        if not path:
            return
        claims = self.claimed if holds == "certificate" else self.claimed_keys
        claims |= {path, self.host.resolved(path)[0]}
        pem = self._read(path)
        if pem is None:
            self._missing(path, role, holds, f"{path} does not exist", engine.name)
        elif isinstance(pem, Unread):
            self._missing(path, role, holds, pem.reason, engine.name)
        elif holds == "key":
            self._keys(path, pem, role, engine.name)
            if not pem.keys:
                reason = f"{path} holds no private key in PEM form"
                self._missing(path, role, holds, reason, engine.name)
        elif not self._texts(path, pem.certificates, role, engine.name):
            self._missing(path, role, holds, f"{path} holds no certificate", engine.name)

    def _served(self, engine: Engine) -> None:
        """What connections got that is not in the file: a renewed file, an old process."""
        seen = {each.certificate.fingerprint for each in self.certificates if each.role == "daemon"}
        for listener in tls_listeners(engine):
            for wire in wires_of(self.host, listener):
                if not wire.certificates:
                    continue
                first = next(certificates_in(wire.certificates), None)
                if isinstance(first, Certificate) and first.fingerprint not in seen:
                    seen.add(first.fingerprint)
                    path = f"{listener.address} (served)"
                    self._texts(path, wire.certificates, "served", engine.name)

    def _others(self) -> None:
        for path, pem in self.host.facts.pems.items():
            role, owner, holds = self._role_of(path)
            if isinstance(pem, Unread):
                known = path in self.claimed | self.claimed_keys
                if not known and not isinstance(self.host.file(path), Absent):
                    self._missing(path, role, holds, pem.reason)
                continue
            if path not in self.claimed and role != "other":
                self._texts(path, pem.certificates, role, owner=owner)
            if path not in self.claimed_keys:
                keys_role: Role = role if holds == "key" else "other"
                self._keys(path, pem, keys_role, owner=owner)

    def _folders(self) -> None:
        """Folders that could not be searched may hold more."""
        for account, seen in self.host.closed_homes:
            path = f"{account.home}/.docker"
            self._missing(path, "client", "certificate", seen.reason)
            self._missing(path, "client", "key", seen.reason)
        for path, names in self.host.facts.listings.items():
            if isinstance(names, Unread) and "/certs.d" in path:
                self._missing(path, "registry-client", "certificate", names.reason)
                self._missing(path, "registry-ca", "certificate", names.reason)

    def _role_of(self, path: str) -> tuple[Role, str, Literal["certificate", "key"]]:
        match = _CLIENT_FILE.fullmatch(path)
        account = match and self._account(match[1])
        if match and account:
            role: Role = "client-ca" if match[2] == "ca" else "client"
            return role, account.name, "key" if match[2] == "key" else "certificate"
        if match := _REGISTRY_FILE.fullmatch(path):
            role = "registry-ca" if match[1] == "crt" else "registry-client"
            return role, "", "key" if match[1] == "key" else "certificate"
        if match := _SWARM_FILE.fullmatch(path):
            role = "swarm-ca" if match[2] else "swarm-node"
            return role, "", "key" if match[1] == "key" else "certificate"
        return "other", "", "key"

    def _account(self, home: str) -> Account | None:
        accounts = self.host.facts.accounts
        return next((each for each in accounts if each.home.rstrip("/") == home), None)

    def _read(self, path: str) -> Pem | Unread | None:
        """What a path holds in the end; None: nothing is there."""
        where, seen = self.host.resolved(path)
        for each in (where, path):
            pem = self.host.facts.pems.get(each)
            if isinstance(pem, Pem):
                return pem
        if isinstance(seen, Absent):
            return None
        return self.host.facts.pems.get(where) or self.host.pem(path)

    def _texts(self, path: str, text: str, role: Role, engine: str = "", owner: str = "") -> bool:
        """Take a PEM text's certificates; whether there are any, broken ones included."""
        index = 0
        for index, each in enumerate(certificates_in(text), 1):
            if isinstance(each, str):
                self.broken.append(BrokenCertificate(path, index, role, each, engine))
            else:
                self.certificates.append(HeldCertificate(path, index, role, each, engine, owner))
        return index > 0

    def _keys(self, path: str, pem: Pem, role: Role, engine: str = "", owner: str = "") -> None:
        for index, key in enumerate(pem.keys, 1):
            self.keys.append(_held_key(path, index, role, key, engine, owner))

    def _missing(
        self,
        path: str,
        role: Role,
        holds: Literal["certificate", "key"],
        reason: str,
        engine: str = "",
    ) -> None:
        self.unread.append(UnreadFile(path, role, holds, reason, engine))


def _held_key(path: str, index: int, role: Role, key: Key, engine: str, owner: str) -> HeldKey:
    return HeldKey(path, index, role, key.label, key.encrypted, key.public, engine, owner)
