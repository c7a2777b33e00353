"""Files: their metadata, and what a PEM file holds without its secrets."""

from typing import Literal

from msgspec import Struct

from dockeraudit.facts.evidence import Unread

AclEntries = tuple[str, ...] | Unread
"""Extended POSIX ACL entries as `getfacl -n` prints them (`user:1000:rw-`, `default:…`);
empty: there are none."""

Kind = Literal["file", "directory", "symlink", "socket", "fifo", "device"]


class FileFacts(Struct, frozen=True, tag="present", tag_field="is"):
    """One path as lstat(2) describes it; a symlink also names its real target."""

    kind: Kind
    mode: int
    """Permission bits, set-id and sticky included (`st_mode & 0o7777`)."""
    uid: int
    gid: int
    size: int
    mtime: int
    """Seconds since the epoch."""
    ctime: int
    device: int
    inode: int
    target: str | None = None
    """For a symlink: the path it finally leads to, whether that exists or not."""
    acl: AclEntries = ()


class Key(Struct, frozen=True):
    """A private key without its secret: what the host could say of it."""

    label: str
    """The PEM label, for example `RSA PRIVATE KEY`."""
    encrypted: bool
    public: str | Unread
    """The public half as a SubjectPublicKeyInfo PEM, computed on the host."""


class Pem(Struct, frozen=True, tag="pem", tag_field="is"):
    """What a PEM file holds: labels in order, certificates word for word, keys' public halves."""

    labels: tuple[str, ...]
    certificates: str
    """The CERTIFICATE blocks, concatenated; other text of the file is left out."""
    keys: tuple[Key, ...] = ()
