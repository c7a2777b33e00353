"""The machine, its addresses, its accounts."""

import re
from collections.abc import Iterable, Iterator

from dockeraudit.facts import Account, Group, Interface, Machine, Privilege

from .frames import text

_ID = re.compile(r"uid=(\d{1,10})(?:\(([^)]*)\))?")
_LARGEST = 2**63 - 1


def number(word: str) -> int:
    """A decimal number that a facts file can carry; ValueError otherwise."""
    value = int(word)
    if not -_LARGEST <= value <= _LARGEST:
        raise ValueError(f"number out of range: {word[:30]!r}")
    return value


def pairs(lines: Iterable[bytes]) -> dict[str, str]:
    """`key value` lines; of a repeated key the first one counts."""
    found: dict[str, str] = {}
    for line in lines:
        key, _, value = text(line).partition(" ")
        found.setdefault(key, value)
    return found


def machine(values: dict[str, str], os_release: dict[str, str]) -> Machine:
    """From the `machine` frame: uname(1) -snrm, date, /etc/machine-id, marks of containers."""
    system = values.get("uname", "").split()
    _, hostname, kernel, architecture = system if len(system) == 4 else ("", "", "", "")
    only = values.get("bindv6only")
    return Machine(
        hostname=hostname,
        kernel=kernel,
        architecture=architecture,
        os=os_release,
        clock=number(values.get("clock") or "0"),
        container=values.get("container", ""),
        machine_id=values.get("machine-id", ""),
        bind_v6_only=None if only is None else only.strip() == "1",
    )


def privilege(values: dict[str, str]) -> Privilege:
    """From id(1), and whether sudo set SUDO_UID."""
    match = _ID.match(values.get("id", ""))
    uid = number(match[1]) if match else -1
    user = (match[2] or "") if match else ""
    if uid != 0:
        return Privilege(uid, user, "none", sees=False)
    return Privilege(uid, user, "sudo" if "sudo" in values else "root", sees="init" in values)


def init(values: dict[str, str]) -> str:
    """What process 1 is; OpenRC may run on any of them, so its mark goes first."""
    name = values.get("comm", "")
    if "systemd" in values or name == "systemd":
        return "systemd"
    if name.startswith("runit"):
        return "runit"
    if "openrc" in values or name == "openrc-init":
        return "openrc"
    if values.get("init", "").rpartition("/")[2] == "busybox":
        return "busybox"
    return "sysvinit" if name == "init" and "inittab" in values else name


def os_release(lines: Iterable[bytes]) -> dict[str, str]:
    """os-release(5): NAME=value, the value perhaps in quotes."""
    values: dict[str, str] = {}
    for line in lines:
        name, equals, value = text(line).strip().partition("=")
        if equals and name.replace("_", "").isalnum():
            values[name] = value.strip("\"'")
    return values


def interfaces(lines: Iterable[bytes]) -> Iterator[Interface]:
    """`ip -o addr`: `2: eth0    inet 10.0.0.5/24 brd …`."""
    for line in lines:
        words = text(line).split()
        if len(words) > 3 and words[2] in ("inet", "inet6"):
            alone = "" if "/" in words[3] else "/32" if "." in words[3] else "/128"
            yield Interface(words[1].partition("@")[0], words[3] + alone)


def fib_trie(lines: Iterable[bytes]) -> Iterator[Interface]:
    """/proc/net/fib_trie: the kernel's own IPv4 addresses; it names no interface and no prefix."""
    address = ""
    seen: set[str] = set()
    for line in lines:
        words = text(line).split()
        if words[:1] == ["|--"] and len(words) == 2:
            address = words[1]
        elif words[:3] == ["/32", "host", "LOCAL"] and address and address not in seen:
            seen.add(address)
            yield Interface("", address + "/32")


def if_inet6(lines: Iterable[bytes]) -> Iterator[Interface]:
    """/proc/net/if_inet6: address in hex, index, prefix in hex, scope, flags, name."""
    for line in lines:
        words = text(line).split()
        if len(words) == 6 and len(words[0]) == 32:
            raw = bytes.fromhex(words[0])
            yield Interface(words[5], f"{ntop(raw)}/{int(words[2], 16)}")


def ntop(raw: bytes) -> str:
    """The usual text form of a 4 or 16 byte address."""
    from socket import AF_INET, AF_INET6, inet_ntop

    return inet_ntop(AF_INET if len(raw) == 4 else AF_INET6, raw)


def hosts(lines: Iterable[bytes]) -> dict[str, tuple[str, ...]]:
    """hosts(5), turned round: name to addresses."""
    names: dict[str, list[str]] = {}
    for line in lines:
        address, *aliases = text(line).split() or [""]
        for name in aliases:
            known = names.setdefault(name, [])
            if address not in known:
                known.append(address)
    return {name: tuple(addresses) for name, addresses in names.items()}


def account(line: bytes) -> Account:
    """`name:uid:gid:home:shell`."""
    name, uid, gid, home, shell = text(line).split(":", 4)
    return Account(name, number(uid), number(gid), home, shell)


def group(line: bytes) -> Group:
    """`name:gid:member,member`."""
    name, gid, members = text(line).split(":", 2)
    return Group(name, number(gid), tuple(filter(None, members.split(","))))
