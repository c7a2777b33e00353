"""One process with bounds: a deadline, a limit on what it says, and nothing left behind."""

from __future__ import annotations

import contextlib
import os
import selectors
import signal
import subprocess
import threading
from collections.abc import Callable, Iterator, Mapping, Sequence
from time import monotonic

from . import Answer, Limits, TransportError
from .failures import too_late, too_much

CHUNK = 64 * 1024
GRACE = 0.1
"""Seconds to wait for the end of a pipe that something else keeps open after the process ended."""
LINGER = 5.0
"""Seconds that a process may live on after it closed both its outputs."""


class Cancelled(Exception):
    """The run was ended from here, by `Cancel.set`."""


class Cancel:
    """Ends runs from another thread: those under way at once, later ones before they start."""

    def __init__(self) -> None:
        self._lock = threading.RLock()  # a signal's handler may interrupt its own thread
        self._set = False
        self._groups: set[int] = set()
        self._ends: set[Callable[[], object]] = set()

    def is_set(self) -> bool:
        return self._set

    def set(self) -> None:
        with self._lock:
            self._set = True
            for group in self._groups:
                _kill(group)
            for end in self._ends:
                end()

    @contextlib.contextmanager
    def ending(self, end: Callable[[], object]) -> Iterator[None]:
        """While entered, `set` calls `end`, which must neither wait nor raise.

        It may be called in a signal's handler, and is called at once if `set` was before.
        """
        with self._lock:
            self._ends.add(end)
            if self._set:
                end()
        try:
            yield
        finally:
            with self._lock:
                self._ends.discard(end)

    def _enter(self, group: int) -> None:
        with self._lock:
            self._groups.add(group)
            if self._set:
                _kill(group)

    def _leave(self, group: int) -> None:
        """To be called before the process is reaped: from then on its number may be another's."""
        with self._lock:
            self._groups.discard(group)


def run(
    argv: Sequence[str],
    stdin: bytes,
    limits: Limits,
    *,
    name: str,
    environment: Mapping[str, str] | None = None,
    cancel: Cancel | None = None,
) -> Answer:
    """Run a program of this machine; `name` is what error messages call the other side."""
    start = monotonic()
    cancel = cancel or Cancel()
    if cancel.is_set():
        raise Cancelled
    try:
        process = subprocess.Popen(
            list(argv),
            bufsize=0,
            stdin=subprocess.PIPE if stdin else subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            env=environment,
            # A group of its own, so that all of it can be ended; and no terminal, so that
            # nothing can ask a question there or get a ^C before we do.
            start_new_session=True,
        )
    except (FileNotFoundError, PermissionError) as error:
        raise TransportError(
            "command-missing",
            f"{name}: can't run {argv[0]} here: {error.strerror}",
            f"install {argv[0]} on this machine, or put it on the PATH",
        ) from None
    except (OSError, ValueError) as error:
        raise TransportError(
            "protocol",
            f"{name}: can't start {argv[0]} here: {getattr(error, 'strerror', None) or error}",
            "the command may be too long, or this machine out of processes or files",
        ) from None
    with _Run(process, stdin, limits, start=start, name=name, cancel=cancel) as running:
        running.exchange()
        if cancel.is_set():
            raise Cancelled
    return Answer(
        bytes(running.stdout), running.stderr.kept(), process.returncode, monotonic() - start
    )


class _Run:
    """The exchange with a process that was just started; leaving it ends and reaps the process."""

    def __init__(
        self,
        process: subprocess.Popen[bytes],
        stdin: bytes,
        limits: Limits,
        *,
        start: float,
        name: str,
        cancel: Cancel,
    ) -> None:
        self.stdout = bytearray()
        self.stderr = Ends(limits.errors)
        self._process = process
        self._input = memoryview(stdin)
        self._limits = limits
        self._deadline = start + limits.timeout
        self._name = name
        self._cancel = cancel
        self._selector: selectors.BaseSelector = selectors.DefaultSelector()
        self._outputs = 2
        self._ended = False
        self._whole = False
        self._end: int | None = None

    def __enter__(self) -> _Run:
        try:
            self._cancel._enter(self._process.pid)
            for stream, event in (
                (self._process.stdout, selectors.EVENT_READ),
                (self._process.stderr, selectors.EVENT_READ),
                (self._process.stdin, selectors.EVENT_WRITE),
            ):
                if stream is not None:
                    os.set_blocking(stream.fileno(), False)
                    self._selector.register(stream.fileno(), event, stream)
            self._end = _end_of(self._process)
            self._selector.register(self._end, selectors.EVENT_READ)
        except BaseException:
            self._close()
            raise
        return self

    def __exit__(self, *error: object) -> None:
        self._close()

    def exchange(self) -> None:
        deadline, grace = self._deadline, None
        while self._outputs or not self._ended:
            if self._ended and grace is None:
                grace = deadline = min(self._deadline, monotonic() + GRACE)
            elif not self._outputs and grace is None:
                grace = deadline = min(self._deadline, monotonic() + LINGER)
            for key, _ in self._selector.select(max(0.0, deadline - monotonic())):
                self._serve(key)
            if monotonic() >= deadline and (self._outputs or not self._ended):
                if self._ended:
                    return
                raise self._late()
        self._whole = True

    def _serve(self, key: selectors.SelectorKey) -> None:
        if key.fd == self._end:
            self._ended = True
            self._selector.unregister(key.fd)
        elif key.data is self._process.stdin:
            try:
                sent = os.write(key.fd, self._input[: 16 * CHUNK])
            except BlockingIOError:
                return
            except BrokenPipeError:
                sent = len(self._input)
            self._input = self._input[sent:]
            if not self._input:
                self._finish(key)
        elif key.data is self._process.stdout:
            room = self._limits.output - len(self.stdout)
            chunk = self._read(key, min(CHUNK, room + 1))
            if len(chunk) > room:
                raise too_much(self._name, self._limits)
            self.stdout += chunk
        else:
            self.stderr.add(self._read(key, CHUNK))

    def _read(self, key: selectors.SelectorKey, size: int) -> bytes:
        try:
            chunk = os.read(key.fd, size)
        except BlockingIOError:
            return b""
        if not chunk:
            self._outputs -= 1
            self._finish(key)
        return chunk

    def _finish(self, key: selectors.SelectorKey) -> None:
        self._selector.unregister(key.fd)
        key.data.close()

    def _late(self) -> TransportError:
        if not self._outputs:
            return TransportError(
                "timeout",
                f"{self._name} closed its output, but did not end",
                "something on the host holds the session open",
            )
        return too_late(self._name, self._limits, len(self.stdout))

    def _close(self) -> None:
        """End what still runs, and reap it. The group's number is ours until it is reaped."""
        process = self._process
        try:
            self._cancel._leave(process.pid)
            if not self._whole and process.returncode is None:
                _kill(process.pid)
            process.wait()
        finally:
            self._selector.close()
            if self._end is not None:
                os.close(self._end)
            for stream in (process.stdin, process.stdout, process.stderr):
                if stream is not None:
                    # A script that was not taken whole is no error of its own.
                    with contextlib.suppress(OSError):
                        stream.close()


class Ends:
    """The first and the last bytes of a stream, and how many were left out between them.

    A banner or a hostile host may say much before ssh says, at the end, what went wrong.
    """

    def __init__(self, size: int) -> None:
        self._head = bytearray()
        self._tail = bytearray()
        self._half = max(0, size) // 2
        self._left_out = 0

    def add(self, chunk: bytes) -> None:
        room = self._half - len(self._head)
        self._head += chunk[:room]
        self._tail += chunk[room:]
        excess = len(self._tail) - self._half
        if excess > 0:
            self._left_out += excess
            del self._tail[:excess]

    def kept(self) -> bytes:
        if self._left_out:
            left_out = f"\n[{self._left_out} bytes left out]\n"
            return bytes(self._head + left_out.encode() + self._tail)
        return bytes(self._head + self._tail)


def _kill(group: int) -> None:
    with contextlib.suppress(ProcessLookupError, PermissionError):
        os.killpg(group, signal.SIGKILL)


def _end_of(process: subprocess.Popen[bytes]) -> int:
    """A descriptor that becomes readable when the process has ended; it stays to be reaped."""
    try:
        return os.pidfd_open(process.pid)
    except (AttributeError, OSError):
        pass
    readable, writable = os.pipe()

    def wait() -> None:
        try:
            os.waitid(os.P_PID, process.pid, os.WEXITED | os.WNOWAIT)
        except ChildProcessError:
            pass
        finally:
            os.close(writable)

    threading.Thread(target=wait, daemon=True).start()
    return readable
