"""Files: stat(1), links, ACLs, PEM contents."""

import re
from collections.abc import Iterable, Iterator
from stat import S_IFMT, S_IMODE

from dockeraudit.facts import Absent, AclEntries, FileFacts, Key, Pem, Unread
from dockeraudit.facts.files import Kind

from .frames import text, unescape
from .machine import number
from .proc import DENIED

_KINDS: dict[int, Kind] = {
    0o010000: "fifo",
    0o020000: "device",
    0o040000: "directory",
    0o060000: "device",
    0o100000: "file",
    0o120000: "symlink",
    0o140000: "socket",
}
_OCTAL = re.compile(rb"\\([0-3][0-7]{2})")
_BASE = ("user::", "group::", "other::")
NO_GETFACL = Unread("getfacl not installed")


def metadata(line: bytes) -> tuple[str, FileFacts]:
    """`stat -c '%f %u %g %s %Y %Z %d %i %n'`."""
    mode_, uid, gid, size, mtime, ctime, device, inode, path = text(line).split(" ", 8)
    mode = int(mode_, 16)
    return path, FileFacts(
        kind=_KINDS[S_IFMT(mode)],
        mode=S_IMODE(mode),
        uid=number(uid),
        gid=number(gid),
        size=number(size),
        mtime=number(mtime.partition(".")[0]),
        ctime=number(ctime.partition(".")[0]),
        device=number(device),
        inode=number(inode),
    )


def links(lines: tuple[bytes, ...]) -> dict[str, str]:
    """Pairs of lines: a link, and where it leads (readlink -f)."""
    return {
        text(link): text(unescape(target))
        for link, target in zip(lines[::2], lines[1::2], strict=False)
    }


def acls(lines: Iterable[bytes]) -> dict[str, tuple[str, ...]]:
    """`getfacl -snpP`: blocks of `# file: PATH` and entries; the three of the mode are left out."""
    found: dict[str, list[str]] = {}
    entries: list[str] = []
    for line in lines:
        if line.startswith(b"# file: "):
            path = _OCTAL.sub(lambda match: bytes([int(match[1], 8)]), line[len(b"# file: ") :])
            entries = found.setdefault(text(path), [])
        elif line and not line.startswith(b"#"):
            entry = text(line).partition("\t")[0].strip()
            if not entry.startswith(_BASE):
                entries.append(entry)
    return {path: tuple(entries) for path, entries in found.items()}


def missing(
    paths: Iterable[str], closed: set[str], present: dict[str, FileFacts]
) -> Iterator[tuple[str, Absent | Unread]]:
    """Absent only where the nearest folder that exists could be searched."""
    for path in paths:
        folder = path
        while folder not in present and folder not in ("", "/"):
            folder = folder.rpartition("/")[0]
        yield path, DENIED if (folder or "/") in closed else Absent()


def acl_of(
    path: str,
    facts: FileFacts,
    found: dict[str, tuple[str, ...]],
    marks: set[str] | None,
    unread: Unread | None,
) -> AclEntries:
    """The entries of one path; a link has none."""
    if facts.kind == "symlink":
        return ()
    if unread is not None:
        return unread
    if marks is not None:
        return NO_GETFACL if path in marks else ()
    return found.get(path, ())


def pem(lines: Iterable[bytes], public: str | Unread) -> Pem:
    """`l LABEL`, `e` (the block before is encrypted), `c LINE` of a certificate."""
    labels: list[str] = []
    certificates: list[str] = []
    encrypted: set[int] = set()
    for line in lines:
        row = text(line)
        if row.startswith("l "):
            labels.append(row[2:])
        elif row == "e" and labels:
            encrypted.add(len(labels) - 1)
        elif row.startswith("c "):
            certificates.append(row[2:] + "\n")
    return Pem(tuple(labels), "".join(certificates), tuple(_keys(labels, encrypted, public)))


def _keys(labels: list[str], encrypted: set[int], public: str | Unread) -> Iterator[Key]:
    """openssl reads a file's first key only."""
    first = True
    for place, label in enumerate(labels):
        if not label.endswith("PRIVATE KEY"):
            continue
        secret = label.startswith("ENCRYPTED") or place in encrypted
        if secret:
            half: str | Unread = Unread("the key is encrypted")
        else:
            half = public if first else Unread("only the first key of a file is read")
        first = False
        yield Key(label, secret, half)
