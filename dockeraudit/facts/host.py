"""A host: everything one round trip brought back, and the envelope of a facts file."""

from typing import Literal

import msgspec
from msgspec import Struct

from dockeraudit.facts.evidence import Absent, Unread
from dockeraudit.facts.files import FileFacts, Pem
from dockeraudit.facts.kernel import Audit, Filters, MountPoint, Package
from dockeraudit.facts.process import ApiFacts, Process, Socket, SocketPeer, Wire
from dockeraudit.facts.units import Boot, Unit

FACTS_VERSION = "1"
"""MAJOR.MINOR, and `1` is `1.0`. A minor one adds fields that have a default; all else is major."""


class Machine(Struct, frozen=True):
    """The machine and its operating system."""

    hostname: str
    kernel: str
    architecture: str
    os: dict[str, str]
    """/etc/os-release: ID, VERSION_ID, PRETTY_NAME …"""
    clock: int
    """The host's clock at collection, seconds since the epoch."""
    container: str = ""
    """What `systemd-detect-virt -c` or the usual marks say; empty on a real or virtual machine."""
    machine_id: str = ""
    bind_v6_only: bool | None = None
    """/proc/sys/net/ipv6/bindv6only; None: no IPv6."""


class Interface(Struct, frozen=True):
    """One address of one network interface."""

    name: str
    address: str
    """With prefix length: `172.17.0.1/16`."""


class Account(Struct, frozen=True):
    """A line of the user database, without the password field."""

    name: str
    uid: int
    gid: int
    home: str
    shell: str = ""


class Group(Struct, frozen=True):
    """A line of the group database."""

    name: str
    gid: int
    members: tuple[str, ...] = ()


class Privilege(Struct, frozen=True):
    """With which rights the collector ran."""

    uid: int
    user: str
    become: Literal["root", "sudo", "none"]
    """`root`: it was root already; `sudo`: became it; `none`: neither."""
    sees: bool = True
    """Whether it could look into process 1: without CAP_SYS_PTRACE not even root can."""


class HostFacts(Struct, frozen=True):
    """All that was seen on one host, parsed; what a facts file holds."""

    facts_version: str
    target: str
    """What the user named."""
    collected_at: int
    """The scanner's clock, seconds since the epoch."""
    duration: float
    """Seconds from the start of the connection to the last byte."""
    machine: Machine
    privilege: Privilege
    tools: dict[str, bool]
    """Which of the optional tools the host has: docker, curl, openssl, getfacl, systemctl …"""
    boot: Boot
    units: tuple[Unit, ...] = ()
    processes: tuple[Process, ...] | Unread = ()
    sockets: tuple[Socket, ...] | Unread = ()
    peers: tuple[SocketPeer, ...] | Unread = ()
    apis: tuple[ApiFacts, ...] = ()
    wires: tuple[Wire, ...] = ()
    files: dict[str, FileFacts | Absent | Unread] = {}
    texts: dict[str, bytes | Unread] = {}
    """Contents of configuration files, secrets masked on the host."""
    pems: dict[str, Pem | Unread] = {}
    listings: dict[str, tuple[str, ...] | Unread] = {}
    """Names in folders that matter: `/etc/docker/certs.d` and what lies below (full paths)."""
    relay_lines: dict[str, tuple[str, ...]] = {}
    """Lines `NUMBER:TEXT` of proxy configurations that name an engine socket, by file."""
    engine_version: str | Unread = Unread("dockerd not found in PATH")
    """`dockerd --version` of the installed binary, for engines whose API did not answer."""
    client_lines: dict[str, tuple[str, ...]] = {}
    """Lines `NUMBER:TEXT` that set DOCKER_… variables for clients, by file: login files,
    /etc/environment, crontabs, and `/proc/PID/environ` of processes (NUMBER 0)."""
    mounts: tuple[MountPoint, ...] | Unread = Unread("not looked at")
    parameters: dict[str, str] = {}
    """Kernel parameters that could be read: `net.ipv4.ip_forward`, …; `lsm` is the list of
    security modules, `apparmor` and `selinux` say `1` where they are enabled and enforce."""
    filters: Filters | Unread = Unread("not looked at")
    audit: Audit | Unread = Unread("not looked at")
    packages: tuple[Package, ...] | Unread = Unread("not looked at")
    """Those of docker, containerd and runc."""
    programs: dict[str, str] = {}
    """The first line of `docker --version`; in older facts those of containerd and runc too."""
    interfaces: tuple[Interface, ...] | Unread = ()
    names: dict[str, tuple[str, ...]] = {}
    """/etc/hosts: name to addresses."""
    accounts: tuple[Account, ...] = ()
    groups: tuple[Group, ...] = ()
    notes: tuple[str, ...] = ()
    """What the collector could not do, for the whole host, one line each."""


class FactsError(Exception):
    """A facts file that is not one, or is of a version this program doesn't know."""


class _Versioned(Struct):
    """Of any facts file, whatever else it holds."""

    facts_version: str


_decoder = msgspec.json.Decoder(HostFacts)
_version_decoder = msgspec.json.Decoder(_Versioned)


def encode(facts: HostFacts) -> bytes:
    """The facts as JSON, one line."""
    return msgspec.json.encode(facts)


def decode(data: bytes) -> HostFacts:
    """Facts from JSON, of any minor version of this major one.

    A minor version only adds what no older check asks about. So an older file loads, with what it
    lacks as never looked at; and a newer one loads without what is not known here, and a note.

    Raises:
        FactsError: what is wrong and where, in one line; RecursionError: it is nested deeply.
    """
    try:
        facts = _decoder.decode(data)
    except (msgspec.DecodeError, msgspec.ValidationError, UnicodeDecodeError) as error:
        if _known_version(data) > _number(FACTS_VERSION):
            raise FactsError(
                f"written by a newer version, and not readable by this one: {error}; "
                "use a newer dockeraudit"
            ) from error
        raise FactsError(f"not a facts file: {error}") from error
    given = _checked(facts.facts_version)
    if given > _number(FACTS_VERSION):
        note = f"facts version {facts.facts_version}: what {FACTS_VERSION} has not was left out"
        return msgspec.structs.replace(facts, notes=(*facts.notes, note))
    return facts


def _known_version(data: bytes) -> tuple[int, int]:
    """The version of facts that can't be read otherwise; (0, 0) where it can't be told."""
    try:
        version = _version_decoder.decode(data).facts_version
    except (msgspec.DecodeError, msgspec.ValidationError, UnicodeDecodeError):
        return 0, 0
    return _checked(version)


def _checked(version: str) -> tuple[int, int]:
    """A version of this major one, as numbers."""
    major, minor = _number(version)
    if major != _number(FACTS_VERSION)[0]:
        raise FactsError(
            f"facts version {version[:20]!r} is not known to this program "
            f"(it reads {FACTS_VERSION}); use a newer dockeraudit"
        )
    return major, minor


def _number(version: str) -> tuple[int, int]:
    """`1` is `1.0`; (-1, 0) for what is no version."""
    major, _, minor = version.partition(".")
    if all(part.isascii() and part.isdigit() and len(part) < 7 for part in (major, minor or "0")):
        return int(major), int(minor or "0")
    return -1, 0
