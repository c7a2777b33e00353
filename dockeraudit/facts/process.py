"""Processes, the sockets they hold, and what those sockets answer."""

from typing import Literal

from msgspec import Struct

from dockeraudit.facts.evidence import Document, Names, Unread
from dockeraudit.facts.inventory import Inventory


class Process(Struct, frozen=True):
    """A process that matters to the engine, as /proc describes it."""

    pid: int
    role: Literal["dockerd", "containerd", "docker-proxy", "rootlesskit", "log-shipper", "other"]
    """By executable, never by name alone. `log-shipper`: a program known to send logs on, in a
    container too. `other`: holds a listening TCP socket, or its arguments name an engine socket
    or a log shipper that runs in Ruby or Java."""
    argv: tuple[str, ...] | Unread
    """With argv[0]. Credentials in URLs and token-like options are masked on the host."""
    exe: str | Unread
    """The link's text without ` (deleted)`."""
    exe_deleted: bool = False
    environment: Names | Unread = Names({})
    """Every name; a value only for names that steer the daemon."""
    cwd: str | Unread = ""
    root: str | Unread = "/"
    uid: int | None = None
    parent: int | None = None
    started: int | None = None
    """Seconds since the epoch: systemd's word, else counted from boot by the clock as it is now."""
    cgroup: str | Unread = ""
    """The cgroup path of the systemd or unified hierarchy."""
    in_host_pid_namespace: bool | None = None
    """Whether it shares the scan's pid namespace (no container's daemon); None: unreadable."""


class Socket(Struct, frozen=True):
    """A listening socket as the kernel lists it in a process's network namespace."""

    transport: Literal["tcp", "tcp6", "unix"]
    address: str
    """An IP address in its usual text form, or the unix path as bound (`@` for abstract)."""
    port: int
    """0 for unix."""
    inode: int
    pids: tuple[int, ...] = ()
    """Those that hold it, as far as they may be seen."""
    namespace: int = 0
    """The pid whose /proc/PID/net listed it where that is not the host's namespace, else 0."""


class SocketPeer(Struct, frozen=True):
    """A process connected to an engine's unix socket (`ss -xp`)."""

    path: str
    pid: int
    name: str


class ApiFacts(Struct, frozen=True):
    """What the engine's own API said on a unix socket of the host."""

    socket: str
    version: Document | Unread
    """`GET /version`."""
    info: Document | Unread
    """`GET /info`, credentials in proxy URLs masked."""
    inventory: Inventory | Unread = Unread("it was not asked for")


class Wire(Struct, frozen=True):
    """What one connection to an address got, without and with TLS, and no client certificate."""

    vantage: Literal["host", "scanner"]
    address: str
    port: int
    plain: Literal["api", "tls-server", "other", "silent", "refused", "filtered"] | Unread
    """`tls-server`: Go's answer to plain HTTP on a TLS port."""
    tls: Literal["api", "client-certificate-required", "other", "failed", "silent"] | Unread | None
    """None: not tried, since plain already answered as the API."""
    certificates: str = ""
    """The served chain as PEM, leaf first."""
    protocol: str = ""
    """The TLS version agreed on, for example `TLSv1.3`."""
    client_ca_names: tuple[str, ...] | None = None
    """Names in the server's certificate request; None: not seen."""
    weak_cipher: str | None = None
    """The suite that the server took where only CBC, 3DES and RSA key exchange were offered; empty:
    it took none. None: not tried."""
