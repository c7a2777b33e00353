"""The hosts of a run, each asked once, whichever of the run's processes asks first.

What a host said lies in a folder of the run. Whoever wants it takes the host's lock, and finds it
there or asks the host; a process that ends gives its locks back. So under pytest-xdist each host
sees one connection, and only hosts of which something was selected see any.
"""

from __future__ import annotations

import fcntl
import os
import time
from collections.abc import Iterable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from hashlib import sha256
from pathlib import Path
from typing import TypeVar

import msgspec

from dockeraudit.facts import HostFacts, decode, encode
from dockeraudit.facts_files import FactsFileError
from dockeraudit.host import Host
from dockeraudit.report import HostError, HostReport
from dockeraudit.scan import gather, report_host
from dockeraudit.targets import Target
from dockeraudit.transport import TransportError
from dockeraudit.transport.process import Cancel, Cancelled

from .asked import Asked

CONCURRENCY = 8
_KEPT = 16
"""Hosts whose report and facts stay in memory; items come host by host."""
_POLL = 0.02
T = TypeVar("T")


class Unreached(Exception):
    """A host gave no facts."""

    def __init__(self, error: HostError) -> None:
        super().__init__(error.message)
        self.error = error

    @property
    def text(self) -> str:
        """Kind, message and hint, in two lines."""
        return f"{self.error.kind}: {self.error.message}\nhint: {self.error.hint}"


class Hosts:
    """Facts and reports of targets."""

    def __init__(self, folder: str, asked: Asked) -> None:
        self._folder = Path(folder)
        self._asked = asked
        self._cancel = Cancel()
        self._facts: dict[Target, HostFacts] = {}
        self._reports: dict[Target, HostReport] = {}

    def reach(self, targets: Iterable[Target]) -> dict[Target, HostError]:
        """Ask the targets, several at a time; the errors of those that gave no facts."""
        targets = tuple(dict.fromkeys(targets))
        with ThreadPoolExecutor(CONCURRENCY, thread_name_prefix="dockeraudit") as pool:
            try:
                answers = zip(targets, pool.map(self._ask, targets), strict=True)
                return {target: error for target, error in answers if error is not None}
            except BaseException:
                self._cancel.set()
                raise

    def facts(self, target: Target) -> HostFacts:
        """What a target said.

        Raises:
            Unreached: it said nothing.
        """
        if target not in self._facts:
            _keep(self._facts, target, self._read(target))
        return self._facts[target]

    def report(self, target: Target) -> HostReport:
        """What the checks say of a target, waivers laid over.

        Raises:
            Unreached: it gave no facts.
        """
        if target not in self._reports:
            named = "" if target.kind == "facts" else target.spec
            report = report_host(Host(self.facts(target)), self._asked.plan, named)
            _keep(self._reports, target, self._asked.waive(report))
        return self._reports[target]

    def _ask(self, target: Target) -> HostError | None:
        try:
            self._read(target)
        except Unreached as error:
            return error.error
        return None

    def _read(self, target: Target) -> HostFacts:
        if target.kind == "facts":
            return self._gather(target)
        self._folder.mkdir(mode=0o700, exist_ok=True)
        name = sha256(target.spec.encode("utf-8", "surrogatepass")).hexdigest()
        facts, failed = self._folder / f"{name}.facts.json", self._folder / f"{name}.error.json"
        with _locked(self._folder / f"{name}.lock", self._cancel):
            if facts.exists():
                return decode(facts.read_bytes())
            if failed.exists():
                raise Unreached(msgspec.json.decode(failed.read_bytes(), type=HostError))
            try:
                found = self._gather(target)
            except Unreached as error:
                _put(failed, msgspec.json.encode(error.error))
                raise
            _put(facts, encode(found))
            return found

    def _gather(self, target: Target) -> HostFacts:
        try:
            return gather(target, self._asked.plan, self._cancel).facts
        except TransportError as error:
            raise Unreached(HostError(error.kind, error.message, error.hint)) from error
        except FactsFileError as error:
            raise Unreached(HostError("facts", str(error), error.hint)) from error
        except Cancelled:
            raise
        except Exception as error:  # a mistake of ours over one host costs that host alone
            message = f"dockeraudit itself failed: {type(error).__name__}: {error}"
            hint = "report it, with what `dockeraudit collect` says of this host"
            raise Unreached(HostError("internal", message, hint)) from error


def _keep(kept: dict[Target, T], target: Target, value: T) -> None:
    while len(kept) >= _KEPT:
        del kept[next(iter(kept))]
    kept[target] = value


def _put(path: Path, data: bytes) -> None:
    """A whole file or none: a worker may be killed at any time."""
    beside = path.with_suffix(".tmp")
    beside.write_bytes(data)
    beside.replace(path)


@contextmanager
def _locked(path: Path, cancel: Cancel) -> Iterator[None]:
    file = os.open(path, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)
    try:
        while True:
            if cancel.is_set():
                raise Cancelled
            try:
                fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
            except BlockingIOError:
                time.sleep(_POLL)
            else:
                break
        yield
    finally:
        os.close(file)
