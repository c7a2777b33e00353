"""One .tar.gz of plain files: the same bytes from the same members, and a reader that trusts none.

The reader never writes to a disk, keeps no more of a member than it is asked to, and knows nothing
but plain files and folders: links, long-name records and sparse files are told, not followed.
"""

import hashlib
import re
import tarfile
import zlib
from collections.abc import Iterable, Iterator
from typing import BinaryIO

from msgspec import Struct

FOLDER = "dockeraudit-bundle"
"""All members lie in it: unpacking makes one folder and nothing beside it."""

MAX_MEMBERS = 100_000
MAX_MEMBER = 1 << 30
MAX_TOTAL = 4 << 30
"""Bytes, unpacked; what is larger is no bundle of ours."""

_BLOCK = 512
_READ = 1 << 16
_GZIP = 31
"""zlib's number for a gzip stream; it writes no time and no name into its head."""


class ArchiveError(Exception):
    """What a file is not; one line."""


class Member(Struct, frozen=True):
    """A member as it was found."""

    name: str
    """Below the folder; as it stands in the archive where it isn't there."""
    size: int
    sha256: str
    """Empty: it is no plain file."""
    problem: str = ""
    """Why it can't be a bundle's."""
    content: bytes | None = None
    """Kept only where it was asked for."""


def packed(content: bytes) -> bytes:
    """Compressed, the same every time."""
    engine = zlib.compressobj(9, zlib.DEFLATED, _GZIP)
    return engine.compress(content) + engine.flush()


def archive(members: Iterable[tuple[str, bytes]], time: int) -> Iterator[bytes]:
    """The bundle's bytes: members in the order of names, of one time and of nobody.

    Raises:
        ArchiveError: it would be larger than a reader takes.
    """
    engine = zlib.compressobj(9, zlib.DEFLATED, _GZIP)
    total = 0
    for name, content in sorted(members):
        info = tarfile.TarInfo(f"{FOLDER}/{name}")
        info.size, info.mtime, info.mode = len(content), time, 0o600
        total += len(content)
        if len(content) > MAX_MEMBER or total > MAX_TOTAL:
            raise ArchiveError("the bundle would be too large: make several of fewer hosts")
        yield engine.compress(info.tobuf(tarfile.USTAR_FORMAT, "ascii", "strict"))
        yield engine.compress(content)
        yield engine.compress(b"\0" * (-len(content) % _BLOCK))
    yield engine.compress(b"\0" * (2 * _BLOCK))
    yield engine.flush()


def is_bundle(head: bytes) -> bool:
    """Whether a file that begins so is a bundle."""
    try:
        return zlib.decompressobj(_GZIP).decompress(head, _BLOCK).startswith(FOLDER.encode())
    except zlib.error:
        return False


def members(file: BinaryIO, keep: dict[str, int]) -> Iterator[Member]:
    """What an archive holds, in its order; of the names in `keep` so many bytes are kept.

    Raises:
        ArchiveError: it is no archive, is damaged so that nothing more can be read, or too large.
    """
    stream = _Stream(file)
    count = 0
    while True:
        header = stream.take(_BLOCK)
        if header == b"\0" * _BLOCK:
            break
        count += 1
        if count > MAX_MEMBERS:
            raise ArchiveError(f"more than {MAX_MEMBERS:,} members")
        yield _member(stream, header, keep)
    if problem := stream.rest():
        yield Member("", 0, "", problem)


def _member(stream: "_Stream", header: bytes, keep: dict[str, int]) -> Member:
    name, size, kind = _head(header)
    below = name.removeprefix(f"{FOLDER}/")
    problem = _problem(name, kind)
    wanted = keep.get(below, 0) if not problem else 0
    if size > MAX_MEMBER:
        raise ArchiveError(f"a member of {size:,} bytes")
    digest = hashlib.sha256()
    kept = bytearray()
    left = size
    while left:
        block = stream.take(min(left, _READ))
        digest.update(block)
        if len(kept) < wanted:
            kept += block
        left -= len(block)
    stream.take(-size % _BLOCK)
    if wanted and size > wanted:
        problem = f"larger than {wanted:,} bytes"
    if problem:
        return Member(name if below == name else below, size, "", problem)
    if kind == b"5":
        return Member("", 0, "")
    return Member(below, size, digest.hexdigest(), content=bytes(kept) if wanted else None)


def _head(header: bytes) -> tuple[str, int, bytes]:
    if header[257:262] != b"ustar":
        raise ArchiveError("no tar archive, or a damaged one")
    told, size = _number(header[148:156]), _number(header[124:136])
    if told != sum(header[:148]) + 8 * 32 + sum(header[156:]):
        raise ArchiveError("a damaged tar archive: a checksum is wrong")
    name = header[:100].split(b"\0")[0]
    prefix = header[345:500].split(b"\0")[0]
    if prefix and header[262:263] == b"\0":
        name = prefix + b"/" + name
    return name.decode("utf-8", "surrogateescape"), size, header[156:157]


def _number(field: bytes) -> int:
    """Octal digits and nothing else: what another tar might read otherwise is not read at all."""
    match = _OCTAL.fullmatch(field)
    if match is None:
        raise ArchiveError("a damaged tar archive: a number in it is none")
    return int(match[1], 8)


_OCTAL = re.compile(rb"([0-7]{1,12})[\0 ]*")
_KINDS = {b"1": "a hard link", b"2": "a symbolic link", b"3": "a device", b"4": "a device"}
_KINDS |= {b"6": "a pipe"}


def _problem(name: str, kind: bytes) -> str:
    """Why a member can't be a bundle's; empty where it may."""
    if kind == b"5" and name.rstrip("/").partition("/")[0] == FOLDER and ".." not in name:
        return ""
    if kind not in (b"0", b"\0"):
        return f"{_KINDS.get(kind, 'no plain file')}; a bundle holds plain files only"
    parts = name.split("/")
    if parts[0] != FOLDER or len(parts) < 2:
        return f"outside of the folder {FOLDER}"
    if not name.isascii() or not name.isprintable() or {"", ".", ".."} & set(parts):
        return "a name that no bundle has"
    return ""


class _Stream:
    """Unpacked bytes of a gzip stream, a few at a time however much they were compressed."""

    def __init__(self, file: BinaryIO) -> None:
        self._file = file
        self._engine = zlib.decompressobj(_GZIP)
        self._ready = bytearray()
        self._total = 0

    def take(self, size: int) -> bytes:
        """Exactly so many bytes."""
        while len(self._ready) < size:
            if not self._more():
                raise ArchiveError("cut off before its end")
        block = bytes(self._ready[:size])
        del self._ready[:size]
        return block

    def rest(self) -> str:
        """What follows an archive's end, where anything but its padding does."""
        while True:
            if self._ready.strip(b"\0"):
                return "more follows after the archive's end"
            self._ready.clear()
            if not self._more():
                break
        if self._engine.unused_data or self._file.read(1):
            return "more follows after the compressed file's end"
        return ""

    def _more(self) -> bool:
        if self._engine.eof:
            return False
        data = self._engine.unconsumed_tail or self._file.read(_READ)
        try:
            block = self._engine.decompress(data, _READ)
        except zlib.error as error:
            raise ArchiveError(f"no gzip file, or a damaged one ({error})") from error
        if not block and not data and not self._engine.eof:
            raise ArchiveError("cut off before its end")
        self._total += len(block)
        if self._total > MAX_TOTAL:
            raise ArchiveError(f"larger than {MAX_TOTAL >> 30} GiB unpacked")
        self._ready += block
        return True
