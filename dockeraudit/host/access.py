"""Who may read, change or replace what lies at a path: file metadata against limits, pure.

A mode is a set of rights, never a number to compare: 0577 is less than 0644 and lets others
write. Owners and groups are numbers. A path is judged with all that is passed on the way to it:
whoever may write in one of those folders puts another file in its place.
"""

import posixpath
import stat
from collections.abc import Callable, Iterator, Mapping
from typing import Literal

from msgspec import Struct

from dockeraudit.facts import Absent, Evidence, FileFacts, HostFacts, Unread

Files = Mapping[str, FileFacts | Absent | Unread]
ROOT = frozenset({0})

_TYPES = {
    "file": stat.S_IFREG,
    "directory": stat.S_IFDIR,
    "symlink": stat.S_IFLNK,
    "socket": stat.S_IFSOCK,
    "fifo": stat.S_IFIFO,
    "device": stat.S_IFCHR,
}
_WHO = (("owner", 6), ("group", 3), ("others", 0))
_RIGHTS = (("read", 4), ("write", 2), ("execute", 1))
_SPECIAL = ((0o4000, "set-user-id"), (0o2000, "set-group-id"), (0o1000, "sticky"))


class Limit(Struct, frozen=True):
    """The most that a path may allow."""

    mode: int
    owners: frozenset[int] = ROOT
    groups: frozenset[int] | None = ROOT
    """None: any group will do."""
    kind: Literal["file", "directory", "socket"] = "file"


class Fault(Struct, frozen=True):
    """One way in which a path allows more than its limit."""

    kind: Literal["type", "owner", "group", "mode", "acl", "folder"]
    path: str
    """The file itself, or the folder or link on the way that is at fault."""
    what: str
    """A sentence without a full stop."""
    evidence: Evidence
    bits: int = 0
    """The rights too many as mode bits; those of an ACL and of a foreign group as the group's."""


class Route(Struct, frozen=True):
    """A path with what is passed on the way to it."""

    path: str
    real: str
    """Where it leads when all links are followed."""
    seen: FileFacts | Absent | Unread
    folders: dict[str, FileFacts]
    """Every folder that has a say in it: above the path, and above what its links lead to."""
    links: dict[str, FileFacts]
    unread: tuple[Unread, ...]
    """What could not be seen on the way."""


def excess(mode: int, limit: int) -> int:
    """The rights in a mode that a limit does not hold.

    >>> oct(excess(0o577, 0o644)), oct(excess(0o400, 0o644))
    ('0o133', '0o0')
    """
    return mode & ~limit & 0o7777


def words(bits: int) -> str:
    """Mode bits as a person says them.

    >>> words(0o4024)
    'group write, others read, set-user-id'
    """
    said = [
        f"{who} {right}" for who, shift in _WHO for right, bit in _RIGHTS if bits >> shift & bit
    ]
    return ", ".join(said + [name for bit, name in _SPECIAL if bits & bit])


def describe(seen: FileFacts) -> str:
    """Type, mode twice, owner and ACL on one line: `-rw-r--r-- 0644 0:0`."""
    text = f"{stat.filemode(_TYPES[seen.kind] | seen.mode)} {seen.mode:04o} {seen.uid}:{seen.gid}"
    if isinstance(seen.acl, Unread) or not seen.acl:
        return text
    return f"{text} acl {' '.join(seen.acl)}"


def evidence(path: str, seen: FileFacts) -> Evidence:
    """What stat says of a path."""
    return Evidence(f"stat {path}", describe(seen))


def route(files: Files, path: str) -> Route:
    """The way to a path, link by link and folder by folder."""
    folders: dict[str, FileFacts] = {}
    links: dict[str, FileFacts] = {}
    unread: dict[str, Unread] = {}
    at = "/"
    _pass(files, at, folders, unread)
    parts = [part for part in path.split("/") if part]
    if not parts or "." in parts or ".." in parts:
        parts = [part for part in posixpath.normpath(path).split("/") if part]
    for number, part in enumerate(parts, 1):
        at = f"{at}/{part}" if at != "/" else f"/{part}"
        seen = files.get(at)
        if isinstance(seen, FileFacts) and seen.kind == "symlink":
            links[at] = seen
            if seen.target is None:
                gone = Unread(f"where {at} leads was not read")
                return Route(path, at, gone, folders, links, (*unread.values(), gone))
            at = posixpath.normpath(seen.target)
            for above in _above(at):
                _pass(files, above, folders, unread)
            seen = files.get(at)
        if number == len(parts):
            break
        if isinstance(seen, FileFacts) and seen.kind == "directory":
            folders[at] = seen
        elif seen is not None and not isinstance(seen, Unread):
            return Route(path, at, Absent(), folders, links, tuple(unread.values()))
        else:
            _pass(files, at, folders, unread)
    return Route(path, at, _end(files, at, path), folders, links, tuple(unread.values()))


def _end(files: Files, real: str, path: str) -> FileFacts | Absent | Unread:
    """What lies at the end of a route; a file that was seen under its other name is the same."""
    seen = files.get(real)
    if seen is None:
        seen = files.get(path)
    if seen is None or (isinstance(seen, FileFacts) and seen.kind == "symlink"):
        return Unread(f"{real} was not looked at")
    return Unread(f"{path}: {seen.reason}") if isinstance(seen, Unread) else seen


def _above(path: str) -> Iterator[str]:
    """The folders above a path, outermost first."""
    yield "/"
    parts = path.strip("/").split("/")
    for end in range(1, len(parts)):
        yield "/" + "/".join(parts[:end])


def _pass(
    files: Files, path: str, folders: dict[str, FileFacts], unread: dict[str, Unread]
) -> None:
    if path in folders or path in unread:
        return
    seen = files.get(path)
    if isinstance(seen, FileFacts):
        folders[path] = seen
    elif not isinstance(seen, Absent):
        reason = seen.reason if seen else "it was not looked at"
        unread[path] = Unread(f"who may write in {path}: {reason}")


class Named(Struct, frozen=True):
    """What an ACL gives one named user or group."""

    entry: str
    kind: Literal["user", "group"]
    id: int
    """-1 where the entry has no number."""
    rights: int
    """Effective ones, 0 to 7: what the mask lets through."""
    inherited: bool
    """A `default:` entry: of files that are made in this folder later."""


def named(seen: FileFacts) -> Iterator[Named]:
    """The named entries of an ACL. With an ACL, the mode's group bits are its mask."""
    entries = () if isinstance(seen.acl, Unread) else seen.acl
    later = next((_rights(each) for each in entries if each.startswith("default:mask:")), 7)
    for entry in entries:
        inherited = entry.startswith("default:")
        kind, _, rest = entry.removeprefix("default:").partition(":")
        name, _, _ = rest.partition(":")
        if not name or kind not in ("user", "group"):
            continue
        mask = later if inherited else seen.mode >> 3 & 7
        yield Named(
            entry=entry,
            kind="group" if kind == "group" else "user",
            id=int(name) if name.isdecimal() else -1,
            rights=_rights(entry) & mask,
            inherited=inherited,
        )


def _rights(entry: str) -> int:
    """The permissions of an ACL entry, 0 to 7; `getfacl` may say what is effective behind them."""
    letters = entry.split(maxsplit=1)[0].rpartition(":")[2]
    return sum(bit for letter, bit in zip("rwx", (4, 2, 1), strict=True) if letter in letters)


def effective_mode(seen: FileFacts) -> int:
    """The mode with the owning group's own rights in the group's place, where an ACL says them."""
    entries = () if isinstance(seen.acl, Unread) else seen.acl
    for entry in entries:
        if entry.startswith("group::"):
            return seen.mode & ~0o070 | (seen.mode & (_rights(entry) << 3))
    return seen.mode


def acl_matters(seen: FileFacts, limit: Limit) -> bool:
    """Whether an ACL that could not be read might allow more than the limit.

    With an ACL the mode's group bits are its mask, and no named entry gets a right that the mask
    lacks. A named user or group may have what others may have. So an unread ACL can only break
    the limit by a right that the group bits hold and the limit denies to others: 0640 under 0640
    and 0660 under 0660 can hide one, 0644 under 0644 and 0400 under 0400 can't, whatever it says.
    """
    return isinstance(seen.acl, Unread) and bool(seen.mode >> 3 & 7 & ~limit.mode)


def alone(facts: HostFacts, gid: int, owners: frozenset[int]) -> bool:
    """Whether a group is known and has nobody in it but who may own the file anyway."""
    uids = {account.name: account.uid for account in facts.accounts}
    named = [group.members for group in facts.groups if group.gid == gid]
    members = {uids.get(name) for each in named for name in each}
    members |= {account.uid for account in facts.accounts if account.gid == gid}
    return bool(named) and members <= owners


def owner_faults(way: Route, limit: Limit) -> Iterator[Fault]:
    """Foreign owners and groups: of what lies at the end, and of the folders on the way."""
    seen = way.seen
    if not isinstance(seen, FileFacts):
        return
    if seen.uid not in limit.owners:
        what = f"{way.real} belongs to user {seen.uid}, not to {_ids(limit.owners)}"
        yield Fault("owner", way.real, what, evidence(way.real, seen))
    if limit.groups is not None and seen.gid not in limit.groups:
        mode = effective_mode(seen)
        gained = (mode >> 3 & 7) & ~mode & 7
        what = f"{way.real} belongs to group {seen.gid}, not to {_ids(limit.groups)}"
        yield Fault("group", way.real, what, evidence(way.real, seen), gained << 3)
    for path, folder in way.folders.items():
        if folder.uid and folder.uid not in limit.owners:
            what = f"{path} belongs to user {folder.uid}, who can replace {way.path}"
            yield Fault("folder", path, what, evidence(path, folder))
    yield from _link_owners(way, limit)


def _link_owners(way: Route, limit: Limit) -> Iterator[Fault]:
    """A link's owner can change it only in a sticky folder that all may write in."""
    for path, link in way.links.items():
        folder = way.folders.get(posixpath.dirname(path))
        shared = folder is not None and folder.mode & 0o1000 and folder.mode & 0o022
        if shared and link.uid not in limit.owners | ROOT:
            what = f"the link {path} belongs to user {link.uid}, who can point it elsewhere"
            yield Fault("folder", path, what, evidence(path, link))


def mode_faults(
    way: Route, limit: Limit, empty: Callable[[int], bool] = lambda gid: False
) -> Iterator[Fault]:
    """Wrong type, too many rights in mode and ACL, and folders in which others may write.

    `empty` says of a group whether certainly nobody is in it.
    """
    seen = way.seen
    if not isinstance(seen, FileFacts):
        return
    real = way.real
    if seen.kind != limit.kind:
        what = f"{real} is a {seen.kind}, not a {limit.kind}"
        yield Fault("type", real, what, evidence(real, seen))
        return
    extra = excess(effective_mode(seen), limit.mode)
    if seen.kind == "directory":
        extra &= ~0o1000  # sticky: a right less
    if extra:
        what = f"{real} has mode {seen.mode:04o}, at most {limit.mode:04o}: {words(extra)}"
        yield Fault("mode", real, what, evidence(real, seen), extra)
    for entry in named(seen) if seen.acl else ():
        gained = entry.rights & ~_allowed(entry, limit) & 7
        if gained:
            what = f"the ACL of {real} has {entry.entry}, at most {limit.mode:04o}"
            yield Fault("acl", real, what, evidence(real, seen), gained << 3)
    for path, folder in way.folders.items():
        if folder.mode & 0o022 and not folder.mode & 0o1000:
            yield from _folder_faults(way, path, folder, limit, empty)


def _allowed(entry: Named, limit: Limit) -> int:
    """The rights, 0 to 7, that a limit leaves to a named user or group."""
    if entry.kind == "user" and entry.id in limit.owners | ROOT:
        return 7
    if entry.kind == "group" and (limit.groups is None or entry.id in limit.groups):
        return limit.mode >> 3 & 7
    return limit.mode & 7


def _folder_faults(
    way: Route, path: str, folder: FileFacts, limit: Limit, empty: Callable[[int], bool]
) -> Iterator[Fault]:
    """Who may write in a folder that somebody but its owner may write in.

    Where neither group nor others may, no ACL lets anybody: the group's bits are its mask. A
    sticky folder is safe: only owners take out what is theirs.
    """
    # The socket may be the docker group's; the folder around it may not.
    trusted = ROOT if limit.owners == ROOT or limit.groups is None else ROOT | limit.groups
    mode = effective_mode(folder)
    writers = [f"group {folder.gid}"] if mode & 0o020 and folder.gid not in trusted else []
    if writers and empty(folder.gid):
        writers = []
    if mode & 0o002:
        writers.append("everybody")
    writers += [
        f"{each.kind} {each.id}"
        for each in named(folder)
        if each.rights & 2
        and not each.inherited
        and each.id not in (limit.owners | ROOT if each.kind == "user" else trusted)
    ]
    if writers:
        what = f"{path} ({folder.mode:04o}) may be written by {' and '.join(writers)}"
        what += f", who can replace {way.path}"
        yield Fault("folder", path, what, evidence(path, folder), mode & 0o022)


def unread_acls(way: Route, limit: Limit) -> Iterator[Unread]:
    """The ACLs on a route that could not be read and might break the limit."""
    seen = way.seen
    if isinstance(seen, FileFacts) and isinstance(seen.acl, Unread) and acl_matters(seen, limit):
        yield Unread(f"ACL of {way.real}: {seen.acl.reason}")
    for path, folder in way.folders.items():
        if folder.mode & 0o020 and not folder.mode & 0o1000 and isinstance(folder.acl, Unread):
            yield Unread(f"ACL of {path}: {folder.acl.reason}")


def _ids(allowed: frozenset[int]) -> str:
    return " or ".join(str(number) for number in sorted(allowed))
