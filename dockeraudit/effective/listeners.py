"""The sockets that the hosts come to: daemon/listeners, go-connections/sockets, Go's net.Listen."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from posixpath import dirname

from dockeraudit.effective.files import FileError, Files
from dockeraudit.effective.gotext import atoi, join_host_port, parse_ip, split_host_port
from dockeraudit.effective.hosts import strict_ipv4, unix_path_problem
from dockeraudit.effective.model import (
    DaemonInput,
    DoesNotStart,
    Endpoint,
    Machine,
    Mode,
    Origin,
    Reach,
    Setting,
)
from dockeraudit.effective.version import Version

_WILD = ("0.0.0.0", "::")
_DUAL = "*"
_PORT_MAX = 65535
_FIRST_FD = 3
_REACHES: tuple[Reach, ...] = ("LOCAL", "LOOPBACK", "BRIDGE", "ADDR", "ANY")


def reach_of(address: str, bridges: Iterable[str] = ()) -> Reach:
    """From where an address is reached; `bridges`: the addresses that containers see.

    >>> reach_of("127.0.0.1:2375"), reach_of("[::]:2375"), reach_of("/run/docker.sock")
    ('LOOPBACK', 'ANY', 'LOCAL')
    """
    pair = split_host_port(address)
    ip = parse_ip(pair[0].partition("%")[0]) if pair else None
    if ip is None:
        return "LOCAL" if pair is None or "/" in address else "ADDR"
    if ip in _WILD:
        return "ANY"
    if ip.startswith("127.") or ip == "::1":
        return "LOOPBACK"
    return "BRIDGE" if ip in {parse_ip(each.partition("/")[0]) for each in bridges} else "ADDR"


def widest(reaches: Iterable[Reach]) -> Reach:
    """The farthest of them."""
    return max(reaches, key=_REACHES.index, default="LOCAL")


def resolve(host: str, version: Version, names: Mapping[str, tuple[str, ...]] | None) -> list[str]:
    """The addresses of a host, IPv4 first, as net.Listen prefers them; empty: not resolved."""
    bare, percent, zone = host.partition("%")
    literal = parse_ip(bare, not strict_ipv4(version))
    if literal is not None and (not percent or (zone and ":" in bare)):
        return [literal]
    known = names if names is not None else {"localhost": ("127.0.0.1", "::1")}
    wanted = host.lower()
    for name, addresses in known.items():
        if wanted and name.lower() == wanted:
            parsed = [ip for ip in (parse_ip(each) for each in addresses) if ip is not None]
            return sorted(parsed, key=lambda ip: ":" in ip)
    return []


def may_resolve(host: str, machine: Machine) -> bool:
    """Whether a name that is not among the machine's may resolve all the same.

    A last label of digits is in no DNS: ICANN delegates none (RFC 3696, section 2).
    """
    if machine.names is None:
        return True
    top = host.removesuffix(".").rpartition(".")[2]
    plain = host.replace("-", "").replace("_", "").replace(".", "")
    return not machine.names_complete and plain.isalnum() and not top.isdigit()


def on_machine(ip: str, machine: Machine) -> bool:
    """Whether the machine can bind the address; true where its addresses are unknown."""
    if machine.addresses is None or ip in _WILD:
        return True
    for each in machine.addresses:
        own = parse_ip(each.partition("/")[0])
        if own == ip or (own == "127.0.0.1" and ip.startswith("127.")):
            return True
    return False


class Listeners:
    """The sockets of one start, made one after another."""

    def __init__(
        self, given: DaemonInput, version: Version, files: Files, group: Setting | None, mode: Mode
    ) -> None:
        self._given = given
        self._version = version
        self._files = files
        self._group = group
        self._mode: Mode = mode
        self._allocated: set[tuple[str, int]] = set()
        self._bound: list[tuple[str, int]] = []
        self._fds_taken = False
        self.made_directories: tuple[str, ...] = ()
        self.endpoints: list[Endpoint] = []
        self.unresolved: str | None = None
        for unit in given.socket_units:
            ip, port = _unit_address(unit)
            if ip is not None:
                self._bound.append((ip, port))

    def listen(self, host: str, origin: Origin) -> None:
        """listeners.Init for one PROTO://ADDRESS."""
        proto, _, address = host.partition("://")
        if proto == "tcp":
            self._tcp(address, origin)
        elif proto == "unix":
            self._unix(address, origin)
        elif proto == "fd":
            self._fd(address, origin)
        else:
            raise DoesNotStart(f"{origin}: {proto}:// is not supported on Linux")

    def _fail(self, origin: Origin, address: str, what: str) -> DoesNotStart:
        return DoesNotStart(f"host {address} (from {origin}): {what}")

    def _tcp(self, address: str, origin: Origin) -> None:
        pair = split_host_port(address)
        port = atoi(pair[1]) if pair is not None else None
        if pair is None or port is None or not 0 <= port <= _PORT_MAX:
            raise self._fail(origin, address, "the port is not valid")
        host = pair[0]
        found = resolve(host, self._version, self._given.machine.names)
        if not found:
            if may_resolve(host, self._given.machine):
                self.unresolved = f"what the name {host} (from {origin}) resolves to is not known"
                self._add(address, "ADDR", origin)
                return
            raise self._fail(origin, address, f"the name {host} does not resolve")
        for ip in found:
            if port and (ip, port) in self._allocated:
                raise self._fail(origin, address, "the port is taken by an earlier host")
            self._allocated.add((ip, port))
        self.bind(found[0], port, f"host {address} (from {origin})", zone="%" in host)
        shown = join_host_port("::" if found[0] in _WILD else found[0], str(port))
        self._add(shown, reach_of(shown), origin)

    def _add(self, address: str, reach: Reach, origin: Origin) -> None:
        self.endpoints.append(Endpoint(address, "tcp", self._mode, reach, origin))

    def bind(self, ip: str, port: int, what: str, *, zone: bool = False) -> None:
        """bind(2): raises where the address is not the machine's, or taken by another socket."""
        if not on_machine(ip, self._given.machine):
            raise DoesNotStart(f"{what}: the address is not on this machine")
        if ip.startswith("fe80:") and not zone:
            raise DoesNotStart(f"{what}: a link-local address needs a zone")
        mine = _DUAL if ip in _WILD else ip
        if port and any(port == other and _overlap(mine, each) for each, other in self._bound):
            raise DoesNotStart(f"{what}: the address is already in use")
        self._bound.append((mine, port))

    def _unix(self, path: str, origin: Origin) -> None:
        self._check_group()
        problem = unix_path_problem(path) or self._place_problem(path)
        if problem is not None:
            raise self._fail(origin, f"unix://{path}", problem)
        self.endpoints.append(Endpoint(path, "unix", "PLAIN", "LOCAL", origin))

    def _check_group(self) -> None:
        groups = self._given.machine.groups
        name = self._group.value if self._group is not None else ""
        if self._group is None or groups is None or not isinstance(name, str):
            return
        if name not in ("", "docker") and name not in groups and atoi(name) is None:
            raise DoesNotStart(f"group (from {self._group.origin}): there is no group {name!r}")

    def _place_problem(self, path: str) -> str | None:
        try:
            folder = self._files.real(dirname(path) or ".")
            there = self._files.real(path)
            if self._files.is_directory(path):
                return "the path is a directory"
        except FileError as error:
            return str(error)
        directories = self._given.machine.directories
        if directories is not None and there in directories:
            return "the path is a directory"
        if directories is None or folder in directories or self._files.is_directory(folder):
            return None
        made = tuple(each.rstrip("/") + "/" for each in self.made_directories)
        if any(each.startswith(folder.rstrip("/") + "/") for each in made):
            return None
        return f"there is no directory {folder}"

    def _fd(self, address: str, origin: Origin) -> None:
        units = () if self._fds_taken else self._given.socket_units
        self._fds_taken = True
        if not units:
            raise self._fail(origin, f"fd://{address}", "systemd passes no sockets")
        chosen: Iterable[str] = units
        if address not in ("", "*"):
            number = atoi(address)
            if number is None or not _FIRST_FD <= number < _FIRST_FD + len(units):
                raise self._fail(origin, f"fd://{address}", "systemd passes no such descriptor")
            chosen = [units[number - _FIRST_FD]]
        for unit in chosen:
            self._activated(unit)

    def _activated(self, unit: str) -> None:
        origin = Origin("docker.socket ListenStream")
        ip, port = _unit_address(unit)
        if ip is None:
            self.endpoints.append(Endpoint(unit, "unix", "PLAIN", "LOCAL", origin))
            return
        shown = join_host_port("::" if ip == _DUAL else ip, str(port))
        self._add(shown, reach_of(shown), origin)


def _unit_address(unit: str) -> tuple[str | None, int]:
    """What systemd binds for a ListenStream: an address and a port, or None for a unix socket."""
    if unit.startswith(("/", "@", "%")):
        return None, 0
    if unit.isdigit():
        return _DUAL, int(unit)
    pair = split_host_port(unit)
    ip = parse_ip(pair[0].partition("%")[0]) if pair is not None else None
    if pair is None or ip is None:
        return None, 0
    return (_DUAL if ip == "::" else ip), atoi(pair[1].partition("%")[0]) or 0


def _overlap(mine: str, other: str) -> bool:
    if mine == other or _DUAL in (mine, other):
        return True
    return "0.0.0.0" in (mine, other) and ":" not in mine + other
