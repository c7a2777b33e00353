"""An engine and its listeners, as computed from the facts."""

import posixpath
from typing import Literal

from msgspec import Struct

from dockeraudit.effective.model import Outcome
from dockeraudit.facts import ApiFacts, Evidence, Process, Unit, Unread
from dockeraudit.host.startup import Start

Mode = Literal["PLAIN", "TLS-NOAUTH", "MTLS", "MTLS-SYSROOTS", "BROKEN"]
Reach = Literal["LOCAL", "LOOPBACK", "BRIDGE", "ADDR", "ANY"]
Witness = Literal["configured", "running", "observed"]
Manager = Literal["systemd", "snap", "openrc", "sysvinit", "runit", "busybox", "hand", "none"]


def split_address(text: str) -> tuple[str, int]:
    """The IP address and port of `192.0.2.1:2376` or `[::]:2376`."""
    address, _, port = text.rpartition(":")
    return address.strip("[]"), int(port) if port.isdigit() else 0


class Listener(Struct, frozen=True):
    """An address that answers the Docker API, or will."""

    engine: str
    transport: Literal["tcp", "unix"]
    address: str
    """`[::]:2375` (every address, IPv4 too), `127.0.0.1:2376`, `/run/docker.sock`."""
    mode: Mode | Unread
    reach: Reach
    witness: Witness
    evidence: tuple[Evidence, ...]
    """What says that it is there, and what says its mode."""

    @property
    def ip(self) -> str:
        """The IP address of a TCP listener; empty for a unix socket."""
        return split_address(self.address)[0] if self.transport == "tcp" else ""

    @property
    def port(self) -> int:
        """The port of a TCP listener; 0 for a unix socket."""
        return split_address(self.address)[1] if self.transport == "tcp" else 0

    @property
    def anonymous(self) -> bool:
        """Whether whoever connects may use the API without showing a certificate."""
        return self.transport == "tcp" and self.mode in ("PLAIN", "TLS-NOAUTH")


def _undecided(outcome: Outcome | Unread | None) -> str:
    """Why it can't be told what a start does; empty if it can."""
    if isinstance(outcome, Unread):
        return outcome.reason
    if outcome is None or outcome.starts is not None:
        return ""
    return outcome.undecided or "it can't be told"


class Engine(Struct, frozen=True):
    """A Docker daemon of the host: running, or set up to start."""

    name: str
    """`docker`, or for a further one what tells it apart: `docker (/srv/data-root)`,
    `docker (rootless alice)`. Stable from run to run."""
    version: str | Unread
    api_version: str
    rootless: bool
    managed_by: Manager
    """What started the running daemon; where none runs, what would. `none`: nothing would."""
    user: str
    home: str
    unit: Unit | None
    """The systemd service that starts it, running or not."""
    socket_unit: Unit | None
    start: Start | Unread | None
    """What starts it at boot: command line, environment, sockets. None: nothing does."""
    process: Process | None
    """None: it does not run."""
    api: ApiFacts | None
    configured: Outcome | Unread | None
    """What the next start does; None: nothing would start it."""
    running: Outcome | Unread | None
    """What this start did, from the process's own arguments and environment; None: not running."""
    listeners: tuple[Listener, ...]
    """What answers now: observed, or as running where the holders of sockets can't be seen."""
    told: tuple[Listener, ...]
    """What this start was told to open (running)."""
    upcoming: tuple[Listener, ...]
    """What the next start opens (configured); empty where it would fail or nothing starts it."""

    def absolute(self, path: str) -> str:
        """A path as the daemon takes it: from its working directory."""
        folder = self.process.cwd if self.process is not None else "/"
        return posixpath.join(folder if isinstance(folder, str) and folder else "/", path)

    @property
    def effective(self) -> Outcome | Unread:
        """What is in force: of the running daemon, else of the next start."""
        outcome = self.running if self.process is not None else self.configured
        return Unread("nothing starts this daemon") if outcome is None else outcome

    @property
    def exposed(self) -> tuple[Listener, ...] | Unread:
        """`exposures`, or why they can't be told."""
        if self.process is not None:
            reason = _undecided(self.running)
            if not self.listeners and reason:
                return Unread(f"what {self.name} listens on: {reason}")
        elif reason := _undecided(self.configured):
            return Unread(f"what {self.name} would listen on: {reason}")
        return self.exposures

    @property
    def exposures(self) -> tuple[Listener, ...]:
        """The listeners to judge: those of now, or of the next start where it does not run."""
        return self.listeners if self.process is not None else self.upcoming
