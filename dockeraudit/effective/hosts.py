"""Hosts: what `-H` and `hosts` say, and which sockets that makes (opts/hosts.go, listeners/)."""

from __future__ import annotations

from functools import lru_cache

from dockeraudit.effective.gotext import (
    UrlError,
    atoi,
    join_host_port,
    parse_url,
    split_host_port,
    url_host_port,
)
from dockeraudit.effective.version import Version

DEFAULT_UNIX = "/var/run/docker.sock"
DEFAULT_TLS = "tcp://localhost:2376"
_DEFAULT_PORT = "2375"
_UNIX_PATH_MAX = 107


class HostError(Exception):
    """A host that the daemon does not understand."""


def strict_ipv4(version: Version) -> bool:
    """Whether the release's Go (1.17 and newer) refuses leading zeros in IPv4 addresses."""
    return version >= (20, 10, 15)


def _strict_brackets(version: Version) -> bool:
    """Whether the release's Go (1.24.8 and newer) wants an IPv6 address between brackets."""
    return version >= (28, 5, 1)


def _strict_colons(version: Version) -> bool:
    """Whether the release's Go (1.26, as go.mod asks) refuses `::1` without brackets."""
    return version >= STRICT_COLONS


STRICT_COLONS: Version = (29, 7, 0)


@lru_cache(maxsize=64)
def parse_host(text: str, version: Version) -> str:
    """parseDaemonHost: a trimmed, non-empty host as PROTO://ADDRESS."""
    proto, separator, addr = text.partition("://")
    if not separator:
        proto, addr = "tcp", text
    if proto == "tcp":
        return _parse_tcp_2010(addr) if version < (23, 0, 0) else _parse_tcp(text, version)
    if proto in ("unix", "npipe"):
        if version < (23, 0, 0):
            addr = addr.removeprefix(f"{proto}://")
        if "://" in addr:
            raise HostError(f"no {proto} address")
        return f"{proto}://{addr or (DEFAULT_UNIX if proto == 'unix' else './pipe/docker_engine')}"
    if proto == "fd":
        return text
    raise HostError(f"the scheme {proto!r} is not supported")


def _parse_tcp_2010(text: str) -> str:
    """ParseTCPAddr before 23.0, which also lets a path through, to fail later."""
    addr = text.removeprefix("tcp://")
    if not addr:
        return "tcp://localhost:2375"
    if "://" in addr:
        raise HostError("no tcp address")
    if addr.endswith("]:"):
        addr += _DEFAULT_PORT
    try:
        _, url_host, path = parse_url(f"tcp://{addr}")
    except UrlError as error:
        raise HostError(str(error)) from None
    pair = split_host_port(url_host)
    if pair is None:
        pair = split_host_port(join_host_port(url_host, _DEFAULT_PORT))
    if pair is None:
        raise HostError("the address is not understood")
    port = pair[1] or _DEFAULT_PORT
    if atoi(port) is None and not port.isdigit():
        raise HostError(f"{port!r} is no port")
    return f"tcp://{join_host_port(pair[0] or 'localhost', port)}{path}"


def _parse_tcp(text: str, version: Version) -> str:
    """ParseTCPAddr since 23.0."""
    if "://" not in text:
        text = f"tcp://{text}"
    try:
        scheme, url_host, path = parse_url(text, strict_brackets=_strict_brackets(version))
    except UrlError as error:
        raise HostError(str(error)) from None
    if scheme != "tcp":
        raise HostError(f"the scheme {scheme!r} is not supported")
    if path:
        raise HostError("a path follows the address")
    host, port = url_host_port(url_host)
    if ":" in host and not url_host.startswith("[") and _strict_colons(version):
        raise HostError("an IPv6 address needs brackets")
    if port and not atoi(port):
        raise HostError(f"{port!r} is no port")
    return f"tcp://{join_host_port(host or 'localhost', port or _DEFAULT_PORT)}"


def unix_path_problem(path: str) -> str | None:
    """Why no socket can be bound there, as far as the path itself tells."""
    if "\0" in path:
        return "the path holds a NUL"
    if path.startswith("@"):
        return "changing the owner of an abstract socket fails"
    if len(path.encode("utf-8", "surrogateescape")) > _UNIX_PATH_MAX:
        return "the path is too long for a socket"
    return "the path is a directory" if path.endswith("/") else None
