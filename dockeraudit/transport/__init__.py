"""How a script reaches a host, and its answer comes back: bounded, and with errors told apart."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Literal, Protocol

from msgspec import Struct

if TYPE_CHECKING:
    from dockeraudit.targets import Target

    from .process import Cancel

Kind = Literal[
    "dns",
    "refused",
    "timeout",
    "unreachable",
    "host-key-unknown",
    "host-key-changed",
    "auth",
    "no-shell",
    "output-limit",
    "died",
    "sudo",
    "become-password",
    "command-missing",
    "protocol",
]


class Limits(Struct, frozen=True):
    """What one answer may cost."""

    timeout: float = 60.0
    """Seconds for the whole run, from the start of the process to its end."""
    connect_timeout: float = 10.0
    """Seconds for ssh to connect and to agree on keys; rounded up to whole ones."""
    output: int = 16 * 1024 * 1024
    """Bytes of standard output; one more ends the run."""
    errors: int = 64 * 1024
    """Bytes of standard error that are kept: its beginning and its end."""


class Answer(Struct, frozen=True):
    """What came back."""

    stdout: bytes
    stderr: bytes
    exit_status: int
    """The command's own; minus the signal's number if one ended the process here."""
    duration: float


class TransportOptions(Struct, frozen=True):
    """How the user wants hosts to be reached."""

    ssh_config: str | None = None
    ssh_options: tuple[str, ...] = ()
    become: bool = False
    client: Literal["openssh", "asyncssh"] = "openssh"
    """The system's ssh, a process for each run; or the library, for big fleets."""


class TransportError(Exception):
    """No answer, and why; both texts are one printable line."""

    def __init__(self, kind: Kind, message: str, hint: str, *, jump: bool = False) -> None:
        super().__init__(kind, message, hint)
        self.kind: Kind = kind
        self.message = message
        self.hint = hint
        self.jump = jump
        """Whether it is the jump host's own failure, so that nothing is known of the host."""

    def __str__(self) -> str:
        return self.message


class Transport(Protocol):
    """A way to one host."""

    def run(self, argv: Sequence[str], stdin: bytes, limits: Limits) -> Answer:
        """Run a command on the host, with `stdin` as its standard input."""
        ...


def open_transport(
    target: Target, options: TransportOptions, cancel: Cancel | None = None
) -> Transport:
    """The way to a target; nothing is started before its `run`.

    Setting `cancel` ends each run of the transport at once, from any thread.
    """
    if target.kind == "ssh":
        return open_ssh(target.host, target.user, target.port, options, cancel)
    if target.kind == "local":
        from .local import LocalTransport

        return LocalTransport(options.become, cancel)
    if target.kind == "testinfra":
        from .foreign import open_foreign

        return open_foreign(target, options, cancel)
    raise ValueError(f"{target.kind} is judged where it lies: there is no host to reach")


def open_ssh(
    host: str,
    user: str | None,
    port: int | None,
    options: TransportOptions,
    cancel: Cancel | None,
) -> Transport:
    """The way to a host of SSH, by the client that the user wants."""
    if options.client == "openssh":
        from .ssh import SshTransport

        return SshTransport(host, user, port, options, cancel)
    if (missing := client_missing(options.client)) is not None:
        raise TransportError("command-missing", f"{host}: {missing}", "or use --ssh-client openssh")
    from .asyncssh_client import AsyncsshTransport

    return AsyncsshTransport(host, user, port, options, cancel)


def client_missing(client: str) -> str | None:
    """What to install for a client of SSH that is a package; None: nothing."""
    from importlib.util import find_spec

    if client == "openssh" or find_spec("asyncssh") is not None:
        return None
    return "asyncssh is not installed: pip install 'dockeraudit[asyncssh]'"
