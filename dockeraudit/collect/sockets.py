"""Listening sockets, from /proc/net (proc(5)), and who holds them."""

import re
from collections.abc import Iterable, Iterator
from typing import Literal, cast

from dockeraudit.facts import Socket, SocketPeer

from .frames import text
from .machine import ntop, number

_ENGINE = re.compile(r"docker|containerd")
_USER = re.compile(r'\("((?:[^"\\]|\\.)*)",pid=(\d{1,10}),')
_BIG_ENDIAN = ("s390", "ppc64", "ppc", "sparc", "m68k")


def address(digits: str, architecture: str) -> str:
    """The kernel's hex form, each 32-bit word in the host's byte order, as text."""
    raw = bytes.fromhex(digits)
    if len(raw) not in (4, 16):
        raise ValueError(f"no address: {digits[:40]!r}")
    big = architecture.startswith(_BIG_ENDIAN) and architecture != "ppc64le"
    words = (raw[i : i + 4] for i in range(0, len(raw), 4))
    return ntop(b"".join(word if big else word[::-1] for word in words))


def endpoint(word: str, architecture: str) -> tuple[str, int]:
    """`0100007F:0947` as address and port."""
    digits, _, port = word.partition(":")
    value = int(port, 16)
    if not 0 <= value <= 65535:
        raise ValueError(f"no port: {port[:20]!r}")
    return address(digits, architecture), value


def socket(line: bytes, namespace: int, architecture: str, holders: dict[int, list[int]]) -> Socket:
    """One line of /proc/net/{tcp,tcp6,unix}, with its table's name before it."""
    row = text(line)
    kind, _, rest = row.partition(" ")
    if kind == "unix":
        words = rest.split(None, 7)
        inode = number(words[6])
        path = words[7] if len(words) > 7 else ""
        return Socket("unix", path, 0, inode, tuple(holders.get(inode, ())), namespace)
    if kind not in ("tcp", "tcp6"):
        raise ValueError(f"unknown table {kind[:20]!r}")
    words = rest.split()
    where, port = endpoint(words[1], architecture)
    inode = number(words[9])
    transport = cast(Literal["tcp", "tcp6"], kind)
    return Socket(transport, where, port, inode, tuple(holders.get(inode, ())), namespace)


def matters(socket: Socket, daemons: set[int]) -> bool:
    """TCP always; unix when its name is like an engine's or an engine holds it."""
    return (
        socket.transport != "unix"
        or _ENGINE.search(socket.address) is not None
        or not daemons.isdisjoint(socket.pids)
    )


def inode(line: bytes) -> tuple[int, list[str]]:
    """`INODE /proc/PID/…` as stat(1) printed it; the path in its parts."""
    word, _, path = text(line).partition(" ")
    parts = path.split("/")
    if len(parts) != 5 or parts[1] != "proc":
        raise ValueError(f"no path of a process: {path[:40]!r}")
    return number(word), parts


def holders(rows: Iterable[tuple[int, list[str]]]) -> dict[int, list[int]]:
    """`/proc/PID/fd/N` by the socket's inode: inode to pids."""
    found: dict[int, list[int]] = {}
    for inode, parts in rows:
        pids = found.setdefault(inode, [])
        if parts[2].isdecimal() and int(parts[2]) not in pids:
            pids.append(int(parts[2]))
    return found


def spaces(rows: Iterable[tuple[int, list[str]]]) -> dict[str, int]:
    """`/proc/PID/ns/KIND`: `PID/KIND` to the namespace's number."""
    return {f"{parts[2]}/{parts[4]}": inode for inode, parts in rows}


def peers(lines: Iterable[bytes]) -> Iterator[SocketPeer]:
    """`PATH users:(("name",pid=1,fd=2),…)` lines, from `ss -xp`."""
    seen: set[tuple[str, int]] = set()
    for line in lines:
        path, _, users = text(line).partition(" users:")
        for match in _USER.finditer(users):
            pid = number(match[2])
            if (path, pid) not in seen:
                seen.add((path, pid))
                yield SocketPeer(path, pid, match[1])
