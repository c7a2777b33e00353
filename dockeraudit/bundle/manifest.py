"""What a bundle says of itself, and the sums that its signature is over."""

import hashlib
import re
from collections.abc import Iterable
from functools import cache
from importlib.resources import files
from importlib.resources.abc import Traversable

import msgspec
from msgspec import Struct

from dockeraudit.report import Tool

SCHEMA = "1"
MANIFEST = "manifest.json"
SUMS = "SHA256SUMS"
SIGNATURE = "SHA256SUMS.sig"
README = "README.txt"

_LINE = re.compile(r"([0-9a-f]{64})  ([ -~]+)")


class Package(Struct, frozen=True):
    """The checks that are installed where the bundle was made."""

    name: str
    version: str
    sha256: str
    """Over the names and contents of all its modules."""


class Policy(Struct, frozen=True):
    """By what the results were judged."""

    profiles: tuple[str, ...]
    fail_on: tuple[str, ...]
    checks: tuple[str, ...]
    """Ids of the results, whoever wrote them."""
    package: Package


class Judged(Struct, frozen=True):
    """Both, the original and the redacted facts, judged by all built-in checks."""

    hosts: int
    different: dict[str, dict[str, int]]
    """By check that says otherwise of the redacted facts: what, and on how many hosts."""


class Redaction(Struct, frozen=True):
    """What was replaced, and what was not."""

    kinds: tuple[str, ...]
    key: str
    """Where the pseudonyms' key is from; never the key."""
    certificates: str
    judged: Judged
    left: tuple[str, ...]
    """What stays in the bundle."""


class BundledResult(Struct, frozen=True):
    """A saved result."""

    file: str
    tool: Tool
    """What made it."""
    finished: str
    profile: str
    hosts: int


class BundledFacts(Struct, frozen=True):
    """A host's facts."""

    file: str
    target: str
    collected_at: str


class File(Struct, frozen=True):
    """A member."""

    path: str
    size: int
    sha256: str


class Manifest(Struct, frozen=True):
    """manifest.json."""

    schema: str
    tool: Tool
    created: str
    """The newest time of what is in it, unless SOURCE_DATE_EPOCH says another."""
    policy: Policy
    redaction: Redaction | None
    results: tuple[BundledResult, ...]
    facts: tuple[BundledFacts, ...]
    files: tuple[File, ...]
    """All members but this one, the sums and their signature."""


def encode(manifest: Manifest) -> bytes:
    """As JSON that people read."""
    return (
        msgspec.json.format(msgspec.json.encode(manifest, order="deterministic"), indent=2) + b"\n"
    )


def decode(data: bytes) -> Manifest:
    """From JSON.

    Raises:
        ValueError: what is wrong and where, in one line.
    """
    return msgspec.json.decode(data, type=Manifest)


def file_of(path: str, content: bytes) -> File:
    """A member's entry."""
    return File(path, len(content), hashlib.sha256(content).hexdigest())


def sums(entries: Iterable[File]) -> bytes:
    """As `sha256sum` prints them."""
    return "".join(f"{each.sha256}  {each.path}\n" for each in entries).encode("ascii")


def read_sums(data: bytes) -> dict[str, str]:
    """Sums by path.

    Raises:
        ValueError: a line is none, or a path stands twice.
    """
    found: dict[str, str] = {}
    for number, line in enumerate(data.decode("ascii", "replace").splitlines(), 1):
        match = _LINE.fullmatch(line)
        if match is None or match[2] in found:
            raise ValueError(f"line {number} is no sum, or names a file twice")
        found[match[2]] = match[1]
    return found


@cache
def package_sum() -> str:
    """One sum over the installed checks' modules and tables."""
    digest = hashlib.sha256()
    for path, content in sorted(_sources(files("dockeraudit.checks"), "")):
        digest.update(f"{path}\0{len(content)}\0".encode() + content)
    return digest.hexdigest()


def _sources(folder: Traversable, below: str) -> Iterable[tuple[str, bytes]]:
    for entry in folder.iterdir():
        if entry.is_dir():
            if entry.name != "__pycache__":
                yield from _sources(entry, f"{below}{entry.name}/")
        elif entry.name.endswith((".py", ".json")):
            yield f"{below}{entry.name}", entry.read_bytes()


def readme(*, signed: bool) -> bytes:
    """How to check the bundle with what is on every machine."""
    who = _SIGNED if signed else "It is not signed: the sums show accidents, not intent.\n"
    return f"{_TEXT}{who}".encode("ascii")


_TEXT = """\
Evidence of a scan by dockeraudit: results/ as JSON, facts/ they rest on, reports/ to read.
manifest.json says what made it, by which checks it was judged, and what was replaced in it.
With dockeraudit:  dockeraudit bundle verify FILE.tar.gz [--signers allowed_signers]
Without, in the unpacked folder; what SHA256SUMS does not name is not part of the bundle:
  sha256sum --strict -c SHA256SUMS
"""
_SIGNED = """\
  ssh-keygen -Y verify -f allowed_signers -I NAME -n dockeraudit-bundle \\
    -s SHA256SUMS.sig < SHA256SUMS
allowed_signers is a file with the line `NAME ssh-ed25519 AAAA...`: the sender's public key, which
you have from them by another way. Without it this shows only that nothing was changed since:
  ssh-keygen -Y check-novalidate -n dockeraudit-bundle -s SHA256SUMS.sig < SHA256SUMS
"""
