"""What is asked of the decision procedure, and what it answers: frozen data, no behaviour."""

from __future__ import annotations

from collections.abc import Mapping
from functools import cached_property
from typing import Literal

from msgspec import Struct

Transport = Literal["unix", "tcp"]
Mode = Literal["PLAIN", "TLS-NOAUTH", "MTLS", "MTLS-SYSROOTS"]
Reach = Literal["LOCAL", "LOOPBACK", "BRIDGE", "ADDR", "ANY"]

Value = str | bool | int | float | None | list["Value"] | dict[str, "Value"]
"""A value as JSON knows it."""


class Origin(Struct, frozen=True):
    """Where a value was set."""

    source: str
    """`flag -H`, `/etc/docker/daemon.json:3 hosts`, `environment DOCKER_CERT_PATH`, `default`."""

    def __str__(self) -> str:
        return self.source


class Setting(Struct, frozen=True):
    """An effective option of the daemon, under its name in daemon.json."""

    name: str
    value: Value
    origin: Origin


class FileInput(Struct, frozen=True):
    """A file or directory of the host, as far as it is known here."""

    content: bytes | None = None
    """Its bytes; None: it exists, but they are not known."""
    kind: Literal["file", "directory"] = "file"
    role: str | None = None
    """What lies there, in one word of the table of runs (`ca`, `server-key`), instead of bytes."""
    mode: str | None = None
    public_key: bytes | None = None
    """Of a private key that stays on its host: its public half, DER SubjectPublicKeyInfo."""
    problem: str | None = None
    """Of a private key that stays on its host: why the daemon can't load it."""


class Machine(Struct, frozen=True):
    """What the daemon finds around it. None means unknown, never "none"."""

    names: Mapping[str, tuple[str, ...]] | None = None
    """Host names that resolve, and to what."""
    names_complete: bool = True
    """Whether a name that is not among them does not resolve; false where DNS may know it."""
    addresses: tuple[str, ...] | None = None
    """The machine's own addresses, with or without prefix length."""
    groups: tuple[str, ...] | None = None
    directories: frozenset[str] | None = None
    """Directories that exist; a unix socket can be made in no other."""
    plugins: tuple[str, ...] | None = None
    """Authorization plugins that answer."""


class DaemonInput(Struct, frozen=True):
    """One start of one daemon."""

    engine: str = ""
    """Its version, `20.10.24`; empty if unknown."""
    argv: tuple[str, ...] = ()
    """The arguments after the program's name."""
    argv_origins: tuple[str, ...] = ()
    """For each argument where it was written, `/etc/default/docker:3 DOCKER_OPTS`, if known."""
    files: Mapping[str, FileInput] = {}
    """Real path to file. A path that isn't here does not exist."""
    links: Mapping[str, str] = {}
    env: Mapping[str, str] = {}
    cwd: str = "/"
    socket_units: tuple[str, ...] = ()
    """The ListenStream values whose sockets systemd passes, in order."""
    machine: Machine = Machine()
    home: str = "/root"
    rootless: bool = False
    """Runs under RootlessKit."""


class Endpoint(Struct, frozen=True):
    """A socket that the API is served on."""

    address: str
    transport: Transport
    mode: Mode
    reach: Reach
    origin: Origin


class TlsSettings(Struct, frozen=True):
    """How the API's TLS is set: each field carries its origin."""

    enabled: Setting
    verify: Setting
    ca: Setting
    cert: Setting
    key: Setting


class Outcome(Struct, frozen=True, dict=True):
    """What the daemon does with its input."""

    starts: bool | None
    """None: can't be told, for the reason in `undecided`."""
    error: str | None = None
    """Why it does not start, in one sentence that names the setting and its origin."""
    undecided: str | None = None
    endpoints: tuple[Endpoint, ...] = ()
    reach: Reach = "LOCAL"
    settings: tuple[Setting, ...] = ()
    tls: TlsSettings | None = None
    warnings: tuple[str, ...] = ()
    consulted: tuple[str, ...] = ()
    """The paths that the decision looked at, there or not: what a collector has to bring."""

    def setting(self, name: str) -> Setting | None:
        """The effective option of that name in daemon.json."""
        return self._named.get(name)

    @cached_property
    def _named(self) -> dict[str, Setting]:
        return {each.name: each for each in self.settings}


class DoesNotStart(Exception):
    """The daemon ends here; the message is the outcome's error."""


class CannotTell(Exception):
    """Something needed is not known; the message is the outcome's reason."""
