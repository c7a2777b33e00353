"""Encryption to age and SSH recipients, by pyrage (the extra `dockeraudit[age]`)."""

import os
from collections.abc import Iterable
from importlib import import_module
from typing import Any

HEAD = b"age-encryption.org/"
"""How an encrypted file begins."""

MISSING = (
    "pyrage is not installed: `pip install 'dockeraudit[age]'`; or let the age program do it: "
)


class EncryptionError(Exception):
    """A recipient, an identity or a file that can't be used; one line."""


def recipients(given: Iterable[str]) -> list[Any]:
    """The recipients that were named: `age1…`, `ssh-ed25519 AAAA…`, or files of such lines.

    Raises:
        EncryptionError: one of them is none.
    """
    age = _pyrage("`dockeraudit bundle … -o - | age -r RECIPIENT -o FILE`")
    found = []
    for word in given:
        lines = _lines(word) if os.path.isfile(word) else [word]
        if not lines:
            raise EncryptionError(f"{word} holds no recipient")
        for line in lines:
            kind = age.ssh if line.startswith("ssh-") else age.x25519
            try:
                found.append(kind.Recipient.from_str(line))
            except age.RecipientError as error:
                raise EncryptionError(
                    f"{line[:60]!r} is no recipient (age1…, ssh-ed25519 …, ssh-rsa …, or a file "
                    f"of them): {error}"
                ) from error
    return found


def encrypted(content: bytes, to: list[Any]) -> bytes:
    """The content for these recipients; it differs every time."""
    done: bytes = import_module("pyrage").encrypt(content, to)
    return done


def decrypted(content: bytes, identity: str) -> bytes:
    """The content of an encrypted file, by the private key in a file.

    Raises:
        EncryptionError: the key can't be used, or does not open it.
    """
    age = _pyrage("`age -d -i KEY FILE | dockeraudit bundle verify -`")
    keys: list[Any] = []
    try:
        with open(identity, "rb") as file:
            text = file.read(1 << 20)
        if b"PRIVATE KEY-----" in text:
            keys = [age.ssh.Identity.from_buffer(text)]
        else:
            keys = [age.x25519.Identity.from_str(line) for line in _lines(identity)]
        done: bytes = age.decrypt(content, keys)
    except OSError as error:
        raise EncryptionError(f"{identity}: {error.strerror or error}") from error
    except (age.IdentityError, age.DecryptError, ValueError) as error:
        raise EncryptionError(f"{identity} does not open it: {error}") from error
    return done


def _lines(path: str) -> list[str]:
    try:
        with open(path, encoding="utf-8") as file:
            lines = [line.strip() for line in file.read(1 << 20).split("\n")]
    except (OSError, ValueError) as error:
        raise EncryptionError(f"{path}: {getattr(error, 'strerror', None) or error}") from error
    return [line for line in lines if line and not line.startswith("#")]


def _pyrage(otherwise: str) -> Any:
    try:
        return import_module("pyrage")
    except ImportError as error:
        raise EncryptionError(MISSING + otherwise) from error
