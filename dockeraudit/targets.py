"""What the user named: this machine, a host over SSH, a testinfra URI, or a facts file."""

from __future__ import annotations

import os
from collections.abc import Callable
from typing import Literal

from msgspec import Struct

FACTS_ENDINGS = (".facts.json", ".facts.json.gz", ".facts.out", ".facts.out.gz")
"""What `collect` writes, and what the stand-alone collector prints."""

STORES = ("abfs", "abfss", "az", "file", "gcs", "gs", "hdfs", "memory", "s3", "s3a")
"""fsspec's schemes of places that keep facts files."""

OURS = {"local": "local", "ssh": "ssh", "safe-ssh": "ssh", "paramiko": "ssh"}
"""testinfra's schemes that our own transports serve."""

FOREIGN = (
    "ansible",
    "chroot",
    "docker",
    "kubectl",
    "lxc",
    "openshift",
    "podman",
    "salt",
    "winrm",
)
"""testinfra's schemes that go through testinfra."""

MISTAKEN = {
    "tcp": "an address of the Docker API is not a target: name the host, `HOST`",
    "unix": "a socket of the Docker API is not a target: use `local`",
    "fd": "a socket of the Docker API is not a target: use `local`",
    "npipe": "a pipe of the Docker API is not a target: name the host, `HOST`",
    "http": "a target is a host, not a page: `HOST`",
    "https": "a target is a host, not a page: `HOST`",
}


class Target(Struct, frozen=True):
    """A thing to scan, as far as its name tells."""

    spec: str
    """As the user wrote it; it holds no password, because one is refused."""
    kind: Literal["local", "ssh", "testinfra", "facts"]
    host: str = ""
    """ssh: a name, an alias of ssh_config, or an address without brackets."""
    user: str | None = None
    port: int | None = None
    """None leaves the port to ssh and its configuration."""
    path: str | None = None
    """facts: the file or the folder, or a URL of either."""
    uri: str | None = None
    """testinfra: what testinfra's `get_backend` takes."""
    groups: tuple[str, ...] = ()
    """Those of an inventory, all that it is in."""
    labels: tuple[tuple[str, str], ...] = ()
    become: bool | None = None
    """What the inventory says; None: it says nothing."""

    @property
    def way(self) -> tuple[object, ...]:
        """What two names of one thing have in common."""
        if self.kind == "local":
            return (self.kind,)
        if self.kind == "ssh":
            return (self.kind, self.host.lower(), self.user, self.port)
        return (self.kind, self.path, self.uri)


class TargetError(ValueError):
    """A target that names nothing we can scan; the text is one line."""


def parse(spec: str, holds_facts: Callable[[str], bool] = lambda path: False) -> Target:
    """The target that a word of the command line names.

    `holds_facts` says whether a path is a folder with facts files in it. A folder wins over a
    host of the same name, which `ssh://NAME` still reaches.
    """
    if not spec.strip():
        raise TargetError("an empty target: name a HOST, USER@HOST, a URI, or use `local`")
    scheme, separator, rest = spec.partition("://")
    if separator:
        return _uri(spec, scheme, rest)
    if spec.endswith(FACTS_ENDINGS) or (_is_path(spec) and holds_facts(spec)):
        if not _is_path(spec):
            raise TargetError(f"{_shown(spec)} can't be the path of a file")
        return Target(spec, "facts", path=spec)
    if spec == "local":
        return Target(spec, "local")
    if "/" in spec:
        raise TargetError(
            f"no facts at {_shown(spec)}: a facts file ends in .facts.json, .facts.json.gz or "
            ".facts.out, and a folder holds such files"
        )
    return _ssh(spec, spec)


def reached(name: str, host: str, user: str | None = None, port: int | None = None) -> Target:
    """A host over SSH that a source calls by a name, and reaches at an address.

    It goes by that name, unless the name would mean something else on a command line.
    """
    shown = name if name == host else f"{name} at {host}"
    if not _is_ipv6(host):
        _check_host(shown, host)
    if user is not None:
        _check_user(user, user)
    if port is not None and not 0 < port < 65536:
        raise TargetError(f"the port {port} of {_shown(name)} is not one from 1 to 65535")
    try:
        plain = parse(name) == Target(name, "ssh", host=name)
    except TargetError:
        plain = False
    if not plain:
        address = f"[{host}]" if ":" in host else host
        start = f"{user}@" if user else ""
        name = f"ssh://{start}{address}{f':{port}' if port else ''}"
    return Target(name, "ssh", host=host, user=user or None, port=port)


def facts_folder(path: str) -> bool:
    """Whether a path is a folder that holds facts files; the one look at the disk in here."""
    try:
        with os.scandir(path) as entries:
            return any(entry.name.endswith(FACTS_ENDINGS) for entry in entries)
    except (OSError, ValueError):
        return False


def is_url(place: str) -> bool:
    """Whether facts are at a URL, not at a path."""
    scheme, separator, _ = place.partition("://")
    return bool(separator) and scheme in STORES


def _stored(spec: str, scheme: str, rest: str) -> Target:
    if not rest.strip("/"):
        raise TargetError(f"no place in {_shown(spec)}: write {scheme}://PLACE/FOLDER")
    if not spec.isprintable() or "::" in rest:
        raise TargetError(f"{_shown(spec)} is no plain URL: write {scheme}://PLACE/FOLDER")
    if ":" in rest.partition("/")[0].rpartition("@")[0]:
        raise TargetError(
            f"{_shown(spec)} holds a password: leave it out, and let the store's own "
            "configuration prove who you are"
        )
    return Target(spec, "facts", path=spec)


def _uri(spec: str, scheme: str, rest: str) -> Target:
    if scheme in STORES:
        return _stored(spec, scheme, rest)
    if scheme in OURS:
        return _own_uri(spec, scheme, rest)
    if scheme in FOREIGN:
        return _foreign_uri(spec, scheme, rest)
    if scheme.lower() in OURS or scheme.lower() in FOREIGN:
        raise TargetError(f"unknown scheme in {_shown(spec)}: write it as {scheme.lower()}://")
    hint = MISTAKEN.get(scheme.lower())
    if hint is None:
        known = ", ".join(sorted({"local", "ssh", *FOREIGN, *STORES}))
        hint = f"known are {known}; for a host write ssh://USER@HOST:PORT"
    raise TargetError(f"unknown scheme in {_shown(spec)}: {hint}")


def _own_uri(spec: str, scheme: str, rest: str) -> Target:
    place, _, query = rest.partition("?")
    if query:
        raise TargetError(
            f"{_shown(spec)} has options behind `?`: use --become, --ssh-config, --ssh-option"
        )
    place = place.removesuffix("/")
    if OURS[scheme] == "local":
        if place not in ("", "local", "localhost"):
            raise TargetError(
                f"{_shown(spec)} names a host, but local:// is this machine: write ssh://HOST"
            )
        return Target(spec, "local")
    if "/" in place:
        raise TargetError(f"{_shown(spec)} has a path: write ssh://USER@HOST:PORT")
    return _ssh(spec, place)


def _foreign_uri(spec: str, scheme: str, rest: str) -> Target:
    place, _, query = rest.partition("?")
    if not spec.isprintable():
        raise TargetError(f"{_shown(spec)} holds control characters: write {scheme}://NAME")
    if any(char in " \\'\"`$;&<>|(){}" for char in place):
        raise TargetError(f"{_shown(spec)} holds a blank or a shell's sign: write {scheme}://NAME")
    user, at, name = place.rpartition("@")
    if ":" in user:
        raise TargetError(
            f"{_shown(spec)} holds a password: leave it out, and let a key, an agent or the "
            f"tool's own configuration prove who you are: {scheme}://USER@NAME"
        )
    if at and not user:
        raise TargetError(f"no user before the @ in {_shown(spec)}: write {scheme}://NAME")
    if scheme == "chroot":
        if not name.startswith("/") or at:
            raise TargetError(f"{_shown(spec)} names no folder: write chroot:///PATH")
        return Target(spec, "testinfra", uri=spec)
    if not name.removesuffix("/"):
        raise TargetError(f"no name in {_shown(spec)}: write {scheme}://NAME")
    if name.startswith("-") or user.startswith("-"):
        raise TargetError(f"a name in {_shown(spec)} begins with -: write {scheme}://NAME")
    if "/" in name.removesuffix("/"):
        raise TargetError(f"{_shown(spec)} has a path: write {scheme}://NAME")
    if "#" in query or "#" in name:
        raise TargetError(f"{_shown(spec)} holds a #: write {scheme}://NAME")
    return Target(spec, "testinfra", uri=spec)


def _ssh(spec: str, place: str) -> Target:
    user, at, address = place.rpartition("@")
    if ":" in user:
        raise TargetError(
            f"{_shown(spec)} holds a password: leave it out, and use a key or an agent: USER@HOST"
        )
    if at:
        _check_user(spec, user)
    host, port = _address(spec, address)
    return Target(spec, "ssh", host=host, user=user or None, port=port)


def _address(spec: str, address: str) -> tuple[str, int | None]:
    if address.startswith("["):
        host, closed, tail = address[1:].partition("]")
        if not closed or not (tail == "" or tail.startswith(":")):
            raise TargetError(f"{_shown(spec)} has no whole [IPv6]: write [ADDRESS]:PORT")
        if not _is_ipv6(host):
            raise TargetError(
                f"{_shown(spec)} has no IPv6 address in its brackets: write HOST:PORT without them"
            )
        return host, _port(spec, tail[1:]) if tail else None
    if _is_ipv6(address):
        return address, None
    host, colon, tail = address.partition(":")
    if ":" in tail:
        raise TargetError(
            f"{_shown(spec)} has more than one colon and is no IPv6 address: "
            "write HOST:PORT or [ADDRESS]:PORT"
        )
    _check_host(spec, host)
    return host, _port(spec, tail) if colon else None


def _check_host(spec: str, host: str) -> None:
    """An allow-list: ssh hands the name to the shell of a ProxyCommand or a `Match exec`."""
    if not host:
        raise TargetError(f"no host in {_shown(spec)}: write HOST, USER@HOST or HOST:PORT")
    if host.startswith("-"):
        raise TargetError(
            f"the host in {_shown(spec)} begins with -, as an option does: write HOST"
        )
    for char in host:
        if not (char.isalnum() or char in "._-+"):
            raise TargetError(
                f"the host in {_shown(spec)} holds {_shown(char)}: "
                "write HOST with letters, digits and . _ - + only"
            )


def _check_user(spec: str, user: str) -> None:
    if not user:
        raise TargetError(f"no user before the @ in {_shown(spec)}: write HOST or USER@HOST")
    if user.startswith("-"):
        raise TargetError(f"the user in {_shown(spec)} begins with -: write USER@HOST")
    for char in user:
        # Directory services have CORP\alice and alice@corp.example.
        if not (char.isalnum() or char in "._-+@\\"):
            raise TargetError(
                f"the user in {_shown(spec)} holds {_shown(char)}: "
                "write USER with letters, digits and . _ - + only"
            )
    if user.endswith("\\"):
        raise TargetError(f"the user in {_shown(spec)} ends in a backslash: write USER@HOST")


def _port(spec: str, digits: str) -> int:
    if digits.isascii() and digits.isdigit() and len(digits) <= 5 and 0 < int(digits) < 65536:
        return int(digits)
    raise TargetError(f"no port from 1 to 65535 in {_shown(spec)}: write HOST:PORT")


def _is_ipv6(address: str) -> bool:
    if address.count(":") < 2:
        return False
    from ipaddress import IPv6Address

    plain, percent, zone = address.partition("%")
    if percent and not (
        zone and zone.isascii() and all(char.isalnum() or char in "._-" for char in zone)
    ):
        return False
    try:
        IPv6Address(plain)
    except ValueError:
        return False
    return True


def _is_path(spec: str) -> bool:
    return "\0" not in spec


def _shown(spec: str) -> str:
    """A spec for an error message: one printable line, without what may be a password."""
    scheme, separator, rest = spec.rpartition("://")
    user, at, place = rest.rpartition("@")
    if at and ":" in user:
        spec = f"{scheme}{separator}{user.partition(':')[0]}:…@{place}"
    shown = "".join(char if char.isprintable() else "\ufffd" for char in spec)
    return f"'{shown if len(shown) <= 80 else shown[:79] + '…'}'"
