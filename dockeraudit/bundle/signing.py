"""Signatures by ssh-keygen, so that whoever has OpenSSH can check them: `ssh-keygen -Y`."""

import base64
import binascii
import hashlib
import os
import re
import subprocess
from collections.abc import Iterator
from contextlib import contextmanager

from msgspec import Struct

NAMESPACE = "dockeraudit-bundle"
"""A signature is for one purpose: one over a commit or a mail is none over a bundle."""

_PSEUDONYMS = "dockeraudit-bundle-pseudonyms"
_REPEATABLE = ("ssh-ed25519", "ssh-rsa")
"""Kinds of keys that sign the same with the same bytes; ECDSA and security keys do not."""

_PRINCIPAL = re.compile(r"[^\s\"]+")


class SigningError(Exception):
    """What ssh-keygen could not do, and why; one line."""


class NoKeygenError(SigningError):
    """There is no ssh-keygen."""

    def __init__(self) -> None:
        super().__init__("there is no ssh-keygen: install OpenSSH's client")


class Signer(Struct, frozen=True):
    """The key that made a signature."""

    kind: str
    fingerprint: str
    """`SHA256:…`, as ssh-keygen -l prints it."""

    @property
    def repeatable(self) -> bool:
        """Whether it signs the same bytes the same every time."""
        return self.kind in _REPEATABLE


class Checked(Struct, frozen=True):
    """What a signature is worth."""

    good: bool
    principals: tuple[str, ...] = ()
    """As whom the list of signers knows the key; empty: no list was used, or it isn't in it."""
    reason: str = ""


def sign(key: str, data: bytes, namespace: str = NAMESPACE) -> bytes:
    """An armoured signature by a private key, or by the agent's for a public one.

    Raises:
        SigningError: there is no such key, or ssh-keygen, or it was not unlocked.
    """
    done = _keygen(["-Y", "sign", "-f", key, "-n", namespace], data)
    if done.returncode or not done.stdout.startswith(b"-----BEGIN SSH SIGNATURE-----"):
        raise SigningError(f"{key} can't sign: {_said(done)}")
    return done.stdout


def pseudonym_key(key: str) -> bytes:
    """A secret that only who has the key can make, and makes the same every time.

    It is a hash of a signature that is never shown, over a fixed text in a namespace of its own.

    Raises:
        SigningError: as `sign`, or the key signs differently every time.
    """
    signature = sign(key, b"pseudonyms of dockeraudit's bundles, 1\n", _PSEUDONYMS)
    kind = signer(signature).kind
    if kind not in _REPEATABLE:
        raise SigningError(f"a key of the kind {kind} signs differently every time")
    return hashlib.sha256(_blob(signature)).digest()


def signer(signature: bytes) -> Signer:
    """The key of an armoured signature.

    Raises:
        SigningError: it is none.
    """
    blob = _blob(signature)
    if blob[:6] != b"SSHSIG" or blob[6:10] != b"\0\0\0\1":
        raise SigningError("no SSH signature")
    public, _ = _field(blob[10:])
    kind, _ = _field(public)
    digest = base64.b64encode(hashlib.sha256(public).digest()).decode().rstrip("=")
    return Signer(kind.decode("ascii", "replace"), f"SHA256:{digest}")


def check(data: bytes, signature: bytes, signers: str | None) -> Checked:
    """Whether a signature is of these bytes, and by one of `signers` (an allowed_signers file).

    Without signers anybody's signature is good: it shows that nothing was changed since.

    Raises:
        NoKeygenError: there is no ssh-keygen.
    """
    with _as_file(signature) as (path, file):
        done = _keygen(["-Y", "check-novalidate", "-n", NAMESPACE, "-s", path], data, file)
    if done.returncode:
        return Checked(False, reason=_said(done))
    if signers is None:
        return Checked(True)
    with _as_file(signature) as (path, file):
        found = _keygen(["-Y", "find-principals", "-f", signers, "-s", path], b"", file)
    reason = _said(found) or "the key is not among the signers"
    known = []
    for name in _PRINCIPAL.findall(found.stdout.decode("utf-8", "replace")):
        for principal in name.split(","):
            with _as_file(signature) as (path, file):
                arguments = ["-Y", "verify", "-f", signers, "-I", principal, "-n", NAMESPACE]
                done = _keygen([*arguments, "-s", path], data, file)
            if done.returncode:
                reason = _said(done)
            else:
                known.append(principal)
    return Checked(bool(known), tuple(known), "" if known else reason)


@contextmanager
def _as_file(signature: bytes) -> Iterator[tuple[str, int]]:
    """A name under which another program reads the bytes, though no disk has them."""
    reading, writing = os.pipe()
    try:
        os.set_blocking(writing, False)
        os.write(writing, signature[: 1 << 15])
        os.close(writing)
        writing = -1
        yield f"/dev/fd/{reading}", reading
    finally:
        os.close(reading)
        if writing >= 0:
            os.close(writing)


def _keygen(
    arguments: list[str], data: bytes, file: int | None = None
) -> subprocess.CompletedProcess[bytes]:
    try:
        return subprocess.run(
            ["ssh-keygen", *arguments],
            input=data,
            capture_output=True,
            check=False,
            pass_fds=() if file is None else (file,),
        )
    except FileNotFoundError as error:
        raise NoKeygenError from error


def _said(done: subprocess.CompletedProcess[bytes]) -> str:
    lines = (done.stderr or done.stdout).decode("utf-8", "replace").replace("\r", "").split("\n")
    return "; ".join(line.strip() for line in lines if line.strip())[:400]


def _blob(signature: bytes) -> bytes:
    match = re.fullmatch(
        rb"-----BEGIN SSH SIGNATURE-----\s+([A-Za-z0-9+/=\s]+)-----END SSH SIGNATURE-----\s*",
        signature,
    )
    try:
        return base64.b64decode(b"".join(match[1].split()) if match else b"", validate=True)
    except binascii.Error as error:
        raise SigningError("no SSH signature") from error


def _field(data: bytes) -> tuple[bytes, bytes]:
    size = int.from_bytes(data[:4], "big")
    if len(data) < 4 + size:
        raise SigningError("no SSH signature")
    return data[4 : 4 + size], data[4 + size :]
