"""Which host keys known_hosts files name for a host, by the rules of OpenSSH."""

from __future__ import annotations

import binascii
import hashlib
import hmac
import os
from collections.abc import Iterable, Iterator
from functools import lru_cache

from msgspec import Struct

from .ssh_patterns import matched

MAX_FILE = 64 * 1024 * 1024
DEFAULT_PORT = 22


class Line(Struct, frozen=True):
    """One key of a file."""

    marker: str
    """`@cert-authority`, `@revoked`, or nothing."""
    patterns: tuple[str, ...]
    kind: str
    """The type of the key, as `ssh-ed25519`."""
    blob: bytes


class Keys(Struct, frozen=True):
    """What is known of one host; all keys are in the form that goes over the wire."""

    trusted: frozenset[tuple[str, bytes]] = frozenset()
    """Each key with its type."""
    authorities: frozenset[tuple[str, bytes]] = frozenset()
    revoked: frozenset[bytes] = frozenset()


class File(Struct, frozen=True):
    """One file, sorted by how a line is found."""

    plain: dict[str, list[Line]]
    wild: tuple[Line, ...]
    hashed: tuple[tuple[bytes, bytes, Line], ...]
    """Salt, hash and line: each costs an HMAC for each host."""

    def lines(self, name: str) -> Iterator[Line]:
        yield from self.plain.get(name, ())
        yield from (line for line in self.wild if matched(name, line.patterns))
        for salt, digest, line in self.hashed:
            if hmac.digest(salt, name.encode(), "sha1") == digest:
                yield line


def known(files: Iterable[str], host: str, port: int, alias: str | None) -> Keys:
    """The keys for a host; with another port than 22 that of the bare name count if no other does.

    An alias stands for the name and the port. A revoked key is one by any of the names.
    """
    read = [file for path in files if (file := _file(path)) is not None]
    if alias is not None:
        return _found(read, alias.lower())
    bare = host.lower()
    if port == DEFAULT_PORT:
        return _found(read, bare)
    found = _found(read, f"[{bare}]:{port}")
    without = _found(read, bare)
    revoked = found.revoked | without.revoked
    named = found if found.trusted or found.authorities else without
    return Keys(named.trusted, named.authorities, revoked)


def _found(files: Iterable[File], name: str) -> Keys:
    sets: dict[str, set[tuple[str, bytes]]] = {"": set(), "@cert-authority": set()}
    revoked: set[bytes] = set()
    for file in files:
        for line in file.lines(name):
            if line.marker == "@revoked":
                revoked.add(line.blob)
            else:
                sets[line.marker].add((line.kind, line.blob))
    return Keys(frozenset(sets[""]), frozenset(sets["@cert-authority"]), frozenset(revoked))


def _file(path: str) -> File | None:
    """A file as it is now; None if it can't be read, as for ssh: then nothing is known."""
    try:
        status = os.stat(path)
        return _read(path, status.st_mtime_ns, status.st_size, status.st_ino)
    except OSError:
        return None


@lru_cache(64)
def _read(path: str, _changed: int, _size: int, _number: int) -> File:
    with open(path, "rb") as opened:
        data = opened.read(MAX_FILE)
    plain: dict[str, list[Line]] = {}
    wild = []
    hashed = []
    for line in _lines(data):
        first = line.patterns[0]
        if first.startswith("|"):
            salt, digest = _unhashed(first)
            if digest:
                hashed.append((salt, digest, line))
        elif any(char in pattern for pattern in line.patterns for char in "*?!"):
            wild.append(line)
        else:
            for name in line.patterns:
                plain.setdefault(name, []).append(line)
    return File(plain, tuple(wild), tuple(hashed))


def _lines(data: bytes) -> Iterator[Line]:
    """The lines that hold a key; others are passed over, as ssh does."""
    for text in data.decode("utf-8", "replace").split("\n"):
        words = text.split()
        if not words or words[0].startswith("#"):
            continue
        marker = words.pop(0) if words[0].startswith("@") else ""
        if marker not in ("", "@cert-authority", "@revoked") or len(words) < 3:
            continue
        try:
            blob = binascii.a2b_base64(words[2].encode(), strict_mode=True)
        except ValueError:
            continue
        patterns = words[0] if words[0].startswith("|") else words[0].lower()
        yield Line(marker, tuple(patterns.split(",")), words[1], blob)


def _unhashed(pattern: str) -> tuple[bytes, bytes]:
    """Salt and SHA-1 of a hashed name; nothing if it is none."""
    try:
        _, magic, salt, digest = pattern.split("|")
        if magic != "1":
            return b"", b""
        found = binascii.a2b_base64(salt), binascii.a2b_base64(digest)
    except ValueError:
        return b"", b""
    return found if len(found[1]) == hashlib.sha1(usedforsecurity=False).digest_size else (b"", b"")
