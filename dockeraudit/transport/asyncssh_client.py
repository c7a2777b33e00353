"""SSH by the asyncssh library: no process for each host, one event loop for all of them.

Settings are those of the user's ssh (`ssh_settings`), host keys are checked by the same rule
(`asyncssh_peer`), and failures are told in ssh's own words, so that both clients' read the same.
"""

from __future__ import annotations

import asyncio
import contextlib
import errno
import os
import re
import shlex
import socket
import threading
from collections.abc import Callable, Coroutine, Iterator, Sequence
from concurrent.futures import CancelledError
from time import monotonic
from typing import Any, TypeVar

import asyncssh

from . import Answer, Limits, TransportError, TransportOptions, process
from .asyncssh_keys import Identities, supported
from .asyncssh_peer import FAILED, REVOKED, Peer
from .become import as_root
from .failures import DIED, of_command, of_ssh, one_line, too_late, too_much
from .process import Cancelled, Ends
from .ssh_settings import Configuration, Settings, configuration, refused

T = TypeVar("T")

JUMP = re.compile(
    r"(?:ssh://)?(?:(?P<user>[^@]+)@)?(?P<host>\[[^]]+\]|[^:\[\]]+)(?::(?P<port>\d+))?"
)
MAX_JUMPS = 8
OPEN_FAILURES = {
    asyncssh.OPEN_ADMINISTRATIVELY_PROHIBITED: "administratively prohibited",
    asyncssh.OPEN_CONNECT_FAILED: "connect failed",
}
BEHIND_A_JUMP_HOST = "\nConnection closed by UNKNOWN port 65535"
"""ssh's last line where a jump host failed."""
CLOSING = 2.0
"""Seconds for a connection to be closed here; nothing is waited for from the host."""


class AsyncsshTransport:
    """Runs commands on a host by one connection each; any thread may call `run`."""

    def __init__(
        self,
        host: str,
        user: str | None = None,
        port: int | None = None,
        options: TransportOptions | None = None,
        cancel: process.Cancel | None = None,
    ) -> None:
        if not host or host.startswith("-") or (user is not None and user.startswith("-")):
            raise ValueError(f"no host or user of SSH: {host!r}, {user!r}")
        self._host = host
        self._user = user
        self._port = port
        self._options = options or TransportOptions()
        self._cancel = cancel or process.Cancel()

    def run(self, argv: Sequence[str], stdin: bytes, limits: Limits) -> Answer:
        start = monotonic()
        if self._cancel.is_set():
            raise Cancelled
        become = self._options.become
        command = shlex.join(as_root(argv) if become else argv)
        exchange = _Exchange(self._host, self._way(), command, stdin, limits, start)
        answer = _in_loop(exchange.run, self._cancel)
        error = of_command(answer, self._host, argv, become=become)
        if error is not None:
            raise error
        return answer

    def _way(self) -> list[Settings]:
        """The jump hosts, and the host."""
        config, options = self._options.ssh_config, self._options.ssh_options
        given = configuration(config, options)
        target = given.of(self._host, self._user, self._port, supported(), self._cancel)
        if not target.jump:
            return [target]
        # As for ssh, options of the command line are for the target, not for jump hosts.
        return [*self._jumps(target.jump, configuration(config, ()), 1), target]

    def _jumps(self, jumps: Sequence[str], given: Configuration, depth: int) -> Iterator[Settings]:
        """Of several the first may have jump hosts of its own; the others are reached by them."""
        if depth > MAX_JUMPS:
            raise refused(self._host, f"ProxyJump through more than {MAX_JUMPS} hosts")
        for number, jump in enumerate(jumps):
            parts = JUMP.fullmatch(jump)
            if parts is None or parts["host"].startswith("-"):
                raise refused(self._host, f"ProxyJump {jump}")
            settings = given.of(
                parts["host"].strip("[]"),
                parts["user"],
                int(parts["port"]) if parts["port"] else None,
                supported(),
                self._cancel,
            )
            if number == 0 and settings.jump:
                yield from self._jumps(settings.jump, given, depth + 1)
            yield settings


class _Exchange:
    """One run: the connections, a session, and its answer."""

    def __init__(
        self,
        name: str,
        way: Sequence[Settings],
        command: str,
        stdin: bytes,
        limits: Limits,
        start: float,
    ) -> None:
        self._name = name
        self._way = way
        self._command = command
        self._stdin = stdin
        self._limits = limits
        self._start = start
        self._open: list[asyncssh.SSHClientConnection] = []

    async def run(self) -> Answer:
        session = _Session(self._name, self._limits)
        left = self._limits.timeout - (monotonic() - self._start)
        try:
            async with asyncio.timeout(left):
                await self._talk(session)
        except TimeoutError:
            raise too_late(self._name, self._limits, len(session.stdout)) from None
        finally:
            await self._close()
        return session.answer(monotonic() - self._start)

    async def _talk(self, session: _Session) -> None:
        connection = None
        for settings in self._way:
            connection = await self._connect(settings, connection)
            self._open.append(connection)
        assert connection is not None
        try:
            channel, _ = await connection.create_session(
                lambda: session,
                self._command,
                env=dict(self._way[-1].environment),
                request_pty=False,
                encoding=None,
            )
        except asyncssh.ChannelOpenError:
            raise self._told("exec request failed on channel 0") from None
        except Exception:
            raise self._told(f"Connection to {self._name} closed by remote host.") from None
        # A script that was not taken whole is no error of its own.
        with contextlib.suppress(OSError):
            if self._stdin:
                channel.write(self._stdin)
            channel.write_eof()
        await session.ended

    async def _connect(
        self, settings: Settings, through: asyncssh.SSHClientConnection | None
    ) -> asyncssh.SSHClientConnection:
        limits = self._limits
        patience = settings.connect_timeout or min(limits.connect_timeout, limits.timeout)
        peer = Peer(settings, direct=through is None)
        if (problem := peer.unfit()) is not None:
            raise refused(self._name, problem)
        opened: socket.socket | None = None
        try:
            async with asyncio.timeout(patience) as peer.handshake:
                if through is None:
                    opened = await _connected(settings)
                async with Identities(settings) as identities:
                    return await asyncssh.connect(
                        settings.hostname,
                        settings.port,
                        sock=opened,
                        tunnel=through or (),
                        client_keys=identities.keys or None,
                        **peer.options(),
                    )
        # What a host sends may end in any exception of the library's.
        except Exception as error:
            if opened is not None:
                opened.close()
            raise self._why(error, settings, peer, started=bool(opened or through)) from None
        except BaseException:
            if opened is not None:
                opened.close()
            raise

    def _why(
        self, error: Exception, settings: Settings, peer: Peer, *, started: bool
    ) -> TransportError:
        """The failure of a connection."""
        place = f"{settings.hostname} port {settings.port}"
        said = str(error).strip()
        if isinstance(error, socket.gaierror):
            line = f"ssh: Could not resolve hostname {settings.hostname}: {error.strerror}"
        elif isinstance(error, TimeoutError) and started:
            line = "Connection timed out during banner exchange"
        elif isinstance(error, OSError) and not started:
            number = errno.ETIMEDOUT if isinstance(error, TimeoutError) else error.errno
            line = f"ssh: connect to host {place}: {os.strerror(number or errno.EIO)}"
        elif peer.problem is not None:
            line = peer.problem
        elif isinstance(error, asyncssh.HostKeyNotVerifiable):
            line = REVOKED if "revoked" in said else FAILED
        elif isinstance(error, asyncssh.ChannelOpenError):
            code = OPEN_FAILURES.get(error.code, "open failed")
            line = f"channel 0: open failed: {code}: {said}"
        elif isinstance(error, asyncssh.PermissionDenied):
            line = f"{settings.user}@{settings.hostname}: Permission denied (publickey)."
        elif isinstance(error, asyncssh.KeyExchangeFailed):
            line = f"Unable to negotiate with {place}: {said}"
        elif "Too many authentication failures" in said:
            line = f"Received disconnect from {place}: Too many authentication failures"
        elif isinstance(error, (asyncssh.ConnectionLost, OSError)):
            line = peer.lost(place)
        else:
            what = said if isinstance(error, asyncssh.Error) else f"{type(error).__name__} {said}"
            line = f"ssh_dispatch_run_fatal: Connection to {place}: {what}"
        if settings is not self._way[-1]:
            line += BEHIND_A_JUMP_HOST
        return self._told(line)

    def _told(self, line: str) -> TransportError:
        """The error that ssh's own line would be."""
        line = "\n".join(one_line(part) for part in line.split("\n"))
        return of_ssh(Answer(b"", line.encode(), 255, 0.0), self._name) or TransportError(
            "protocol", one_line(f"{self._name}: {line}"), "try --ssh-client openssh"
        )

    async def _close(self) -> None:
        """Close every connection without a word to the host, and see the descriptors closed."""
        for connection in reversed(self._open):
            connection.abort()
        with contextlib.suppress(TimeoutError):
            async with asyncio.timeout(CLOSING):
                for connection in self._open:
                    await connection.wait_closed()


class _Session(asyncssh.SSHClientSession[bytes]):
    """What a command says, bounded."""

    def __init__(self, name: str, limits: Limits) -> None:
        self.stdout = bytearray()
        self.stderr = Ends(limits.errors)
        self.ended: asyncio.Future[None] = asyncio.get_running_loop().create_future()
        self._name = name
        self._limits = limits
        self._status: int | None = None
        self._signal = ""

    def data_received(self, data: bytes, datatype: int | None) -> None:
        if self.ended.done():
            return
        if datatype is not None:
            self.stderr.add(data)
            return
        if len(self.stdout) + len(data) > self._limits.output:
            self.ended.set_exception(too_much(self._name, self._limits))
            return
        self.stdout += data

    def exit_status_received(self, status: int) -> None:
        self._status = status

    def exit_signal_received(self, signal: str, core_dumped: bool, msg: str, lang: str) -> None:
        self._signal = signal

    def connection_lost(self, exc: Exception | None) -> None:
        if not self.ended.done():
            self.ended.set_result(None)

    def answer(self, duration: float) -> Answer:
        """The whole answer.

        Raises:
            TransportError: the session ended without a status of its command.
        """
        if self._status is None:
            how = (
                f"the command was ended by signal {self._signal}"
                if self._signal
                else f"Connection to {self._name} closed by remote host."
            )
            raise TransportError(
                "died",
                one_line(f"{self._name}: {how}"),
                DIED,
            )
        return Answer(bytes(self.stdout), self.stderr.kept(), self._status, duration)


async def _connected(settings: Settings) -> socket.socket:
    """A socket connected to the first of a host's addresses that takes it."""
    loop = asyncio.get_running_loop()
    family = {"inet": socket.AF_INET, "inet6": socket.AF_INET6}.get(
        settings.family, socket.AF_UNSPEC
    )
    problem: OSError | None = None
    for found in await _addresses(settings.hostname, settings.port, family):
        opened = socket.socket(found[0], socket.SOCK_STREAM)
        try:
            opened.setblocking(False)
            if settings.bind_address:
                opened.bind((settings.bind_address, 0))
            await loop.sock_connect(opened, found[4])
        except OSError as error:
            opened.close()
            problem = problem or error
        except BaseException:
            opened.close()
            raise
        else:
            return opened
    raise problem or OSError(errno.EADDRNOTAVAIL, os.strerror(errno.EADDRNOTAVAIL))


async def _addresses(host: str, port: int, family: int) -> list[Any]:
    """getaddrinfo in a thread that nobody has to wait for: a resolver may take half a minute."""

    def ask(flags: int = 0) -> list[Any]:
        return socket.getaddrinfo(host, port, family, socket.SOCK_STREAM, flags=flags)

    with contextlib.suppress(socket.gaierror):
        return ask(socket.AI_NUMERICHOST)
    loop = asyncio.get_running_loop()
    answer: asyncio.Future[list[Any]] = loop.create_future()

    def give(found: list[Any] | OSError | UnicodeError) -> None:
        if answer.done():
            return
        if isinstance(found, list):
            answer.set_result(found)
        else:
            answer.set_exception(found)

    def work() -> None:
        try:
            found: list[Any] | OSError = ask()
        except OSError as error:
            found = error
        except UnicodeError as error:
            found = socket.gaierror(socket.EAI_NONAME, str(error))
        with contextlib.suppress(RuntimeError):  # the loop has ended with the process
            loop.call_soon_threadsafe(give, found)

    threading.Thread(target=work, name="resolve", daemon=True).start()
    return await answer


_loops: dict[int, asyncio.AbstractEventLoop] = {}
"""The loop of this process, by its number: a forked one needs a loop of its own."""
_starting = threading.Lock()


def _loop() -> asyncio.AbstractEventLoop:
    with _starting:
        loop = _loops.get(os.getpid())
        if loop is None:
            loop = asyncio.new_event_loop()
            # What a host does to a connection is told by its run, and by nothing else.
            loop.set_exception_handler(lambda _loop, _context: None)
            threading.Thread(target=loop.run_forever, name="asyncssh", daemon=True).start()
            _loops[os.getpid()] = loop
        return loop


def _in_loop(work: Callable[[], Coroutine[Any, Any, T]], cancel: process.Cancel) -> T:
    """Do the work in the loop, and wait for it; setting `cancel` ends it at once.

    Raises:
        Cancelled: it was ended so.
    """
    loop = _loop()
    tasks: list[asyncio.Task[Any]] = []
    stopped = threading.Event()

    async def followed() -> T:
        task = asyncio.current_task()
        assert task is not None
        tasks.append(task)
        if stopped.is_set():
            raise asyncio.CancelledError
        return await work()

    def stop() -> None:
        for task in tasks:
            task.cancel()

    def end() -> None:
        stopped.set()
        loop.call_soon_threadsafe(stop)

    future = asyncio.run_coroutine_threadsafe(followed(), loop)
    with cancel.ending(end):
        try:
            return future.result()
        except CancelledError:
            if cancel.is_set():
                raise Cancelled from None
            raise TransportError("died", "asyncssh gave up without a word", DIED) from None
        finally:
            if not future.done():
                end()
