"""Results on disk: a line for each host as soon as it is known, read again one host at a time.

A folder holds `run.json`, what was asked for, and `results.jsonl`. Lines are only ever added, each
with one write, and a later line about the same target wins. A process that is killed loses none;
what a power cut takes is at the end, and is asked again.
"""

import errno
import fcntl
import os
import time
from array import array
from collections.abc import Iterable, Iterator, Sequence, Set
from contextlib import suppress
from itertools import pairwise
from typing import TYPE_CHECKING, Self

import msgspec
from msgspec import Struct

from dockeraudit.lazily import Lazily
from dockeraudit.output import PRIVATE, OutputError, failure, write
from dockeraudit.report import FailOnName, HostError, HostReport, Time, Tool
from dockeraudit.result_lines import ENTRY, SEEN, Heads
from dockeraudit.targets import Target

if TYPE_CHECKING:
    from dockeraudit.fleet import Added, HostShown
    from dockeraudit.repeated import Identity

VERSION = "1"
RUN = "run.json"
RESULTS = "results.jsonl"

_FLAGS = os.O_CLOEXEC | os.O_NOFOLLOW | os.O_NONBLOCK
_FULL = (errno.ENOSPC, errno.EDQUOT, errno.EFBIG)


class Looked(Struct, frozen=True):
    """A target's report, and what its host has to compare with others."""

    report: HostReport
    shown: "HostShown | None" = None
    identity: "Identity | None" = None
    """None: unknown, or there is no other host to confuse it with."""


class Run(Struct, frozen=True):
    """What a folder of results was made for."""

    tool: Tool
    started: Time
    arguments: tuple[str, ...]
    """The words after `scan`, as they were given."""
    targets: tuple[Target, ...]
    profile: str
    fail_on: FailOnName
    schema_version: str = VERSION


class ResultsError(Exception):
    """A folder whose results can't be used; the text is one line."""


class Results:
    """The results of a run, by the number of their target: its position among all.

    One thread adds them. An flock keeps every other process from it.
    """

    def __init__(self, file: int, path: str, targets: tuple[Target, ...], run: Run | None) -> None:
        self._file = file
        self._path = path
        self._targets = targets
        self._run = run
        self._size = 0
        self._heads = Heads()
        self._offsets = array("Q", bytes(8 * len(targets)))
        self._lengths = self._offsets[:]
        """Of each target's last line; 0: it has none."""
        self._done: set[int] = set()
        self._finished = ""

    @classmethod
    def create(cls, folder: str, run: Run) -> Self:
        """Begin a folder of results; it must be new, or empty.

        Raises:
            OutputError: it holds something already, or can't be written.
        """
        path = os.path.join(folder, RESULTS)
        try:
            with suppress(FileExistsError):
                os.mkdir(folder, 0o700)
            # A scan that was killed before it wrote run.json left an empty file of results.
            if set(os.listdir(folder)) - {RESULTS}:
                raise _taken(folder)
            file = os.open(path, _FLAGS | os.O_RDWR | os.O_APPEND | os.O_CREAT, PRIVATE)
        except OSError as error:
            raise failure(folder, error) from error
        try:
            _begin(file, folder, run)
        except BaseException:
            os.close(file)
            raise
        return cls(file, path, run.targets, run)

    @classmethod
    def resume(cls, folder: str) -> Self:
        """Go on with a folder of results; a torn last line is cut off.

        Raises:
            ResultsError: it holds none, or they are damaged, or another process adds to them.
        """
        found = cls._open(folder, os.O_RDWR | os.O_APPEND | os.O_CREAT)
        try:
            _lock(found._file)
            found._find_lines()
            os.ftruncate(found._file, found._size)
        except BlockingIOError as error:
            found.close()
            raise ResultsError(f"{folder}: another scan is writing there") from error
        except OSError as error:
            found.close()
            raise ResultsError(f"{found._path}: {error.strerror or error}") from error
        except BaseException:
            found.close()
            raise
        return found

    @classmethod
    def read(cls, folder: str) -> Self:
        """A folder of results as it is now, to look at; a scan may be adding to it.

        Raises:
            ResultsError: it holds none, or they are damaged.
        """
        found = cls._open(folder, os.O_RDONLY)
        try:
            found._find_lines()
        except BaseException:
            found.close()
            raise
        return found

    @classmethod
    def temporary(cls, targets: tuple[Target, ...]) -> Self:
        """Results that are gone once they are closed, for a scan that nobody wants to go on with.

        Raises:
            OutputError: there is no place for them.
        """
        import tempfile

        folder = tempfile.gettempdir()
        try:
            with tempfile.TemporaryFile(buffering=0, dir=folder) as file:
                return cls(os.dup(file.fileno()), folder, targets, None)
        except OSError as error:
            raise failure(folder, error) from error

    @classmethod
    def _open(cls, folder: str, access: int) -> Self:
        run, path = _read_run(folder), os.path.join(folder, RESULTS)
        try:
            return cls(os.open(path, _FLAGS | access, PRIVATE), path, run.targets, run)
        except OSError as error:
            raise ResultsError(f"{path}: {error.strerror or error}") from error

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def close(self) -> None:
        """Let go of the file and its lock; what `hosts` gave can't be read any more."""
        if self._file >= 0:
            os.close(self._file)
            self._file = -1

    @property
    def run(self) -> Run:
        """What the folder was made for; temporary results have none."""
        assert self._run is not None
        return self._run

    @property
    def finished(self) -> Time:
        """When the last result was written."""
        return self._finished or self.run.started

    @property
    def done(self) -> Set[int]:
        """The targets that need not be asked again: those with a result that were reached."""
        return self._done

    def add(self, number: int, looked: Looked) -> None:
        """Write a target's result.

        Raises:
            OutputError: it could not be written; the results before it are whole.
        """
        known, now = len(self._heads), _now()
        try:
            line = self._heads.line(number, now, looked.report, looked.shown, looked.identity)
            left = memoryview(line)
            while left:
                left = left[os.write(self._file, left) :]
        except BaseException as error:
            self._heads.forget(known)
            # Where even that fails, `resume` cuts the torn line off.
            with suppress(OSError):
                os.ftruncate(self._file, self._size)
            if isinstance(error, OSError):
                raise self._unwritten(error) from error
            raise
        self._enter(number, now, looked.report.state, len(line))

    def hosts(self) -> Sequence[HostReport]:
        """The reports in the order of the targets, each read when it is asked for.

        What several hosts together show is in them, and of a host that was named twice only one
        report has results. A target that has no result yet is reported as interrupted.
        """
        return Lazily(len(self._targets), _Hosts(self).report)

    def _enter(self, number: int, at: Time, state: str, length: int) -> None:
        self._offsets[number], self._lengths[number] = self._size, length
        self._size += length
        self._finished = at
        if state == "unreachable":
            self._done.discard(number)
        else:
            self._done.add(number)

    def _find_lines(self) -> None:
        with open(os.dup(self._file), "rb") as lines:
            for place, line in enumerate(lines, 1):
                if not line.endswith(b"\n"):
                    return
                try:
                    entry = ENTRY.decode(line)
                    if not 0 <= entry.number < len(self._targets):
                        raise ValueError(f"no target has the number {entry.number}")
                except ValueError as error:
                    raise ResultsError(
                        f"{self._path}, line {place} is damaged: {error}; cut the file before "
                        "that line, and what is missing then is asked again"
                    ) from error
                self._heads.learn(entry.heads)
                self._enter(entry.number, entry.at, entry.report.state, len(line))

    def _unwritten(self, error: OSError) -> OutputError:
        found = failure(self._path, error)
        if self._run is None or error.errno not in _FULL:
            return found
        hint = f"make room there, then go on with --resume {os.path.dirname(self._path)}"
        return OutputError(self._path, found.reason, hint)


class _Hosts:
    """The reports of a run as it was when they were asked for."""

    def __init__(self, results: Results) -> None:
        self._results = results
        self._offsets = results._offsets[:]
        self._lengths = results._lengths[:]
        self._shared: dict[int, list[Added]] = {}
        self._repeated: dict[int, str] = {}
        if len(self._offsets) > 1:
            self._compare()

    def report(self, number: int) -> HostReport:
        """The report of one target."""
        line = self._line(number)
        if not line:
            return _unasked(self._results._targets[number])
        report = self._results._heads.report(line)
        if number in self._shared:
            from dockeraudit.fleet import with_shared

            report = with_shared(report, self._shared[number])
        if number in self._repeated:
            from dockeraudit.repeated import repeated

            report = repeated(report, self._repeated[number])
        return report

    def _line(self, number: int) -> bytes:
        length = self._lengths[number]
        if not length:
            return b""
        line = os.pread(self._results._file, length, self._offsets[number])
        if len(line) < length:
            raise ResultsError(f"{self._results._path} was cut while it was read")
        return line

    def _compare(self) -> None:
        """Find what hosts show together.

        First of each host only digests are held, then what is compared of those that have one in
        common: few, of most fleets.
        """
        from dockeraudit.fleet import shared
        from dockeraudit.repeated import duplicates

        common = _twice(digest for each in self._seen() for digest in each.digests)
        alike = [each for each in self._seen() if not common.isdisjoint(each.digests)]
        self._shared = shared(
            (each.number, each.target, each.shown) for each in alike if each.shown is not None
        )
        self._repeated = duplicates(
            (each.number, each.target, each.state, each.identity)
            for each in alike
            if each.identity is not None
        )

    def _seen(self) -> Iterator["_Seen"]:
        from dockeraudit.fleet import HostShown
        from dockeraudit.repeated import Identity

        shown = msgspec.json.Decoder(HostShown | None)
        identity = msgspec.json.Decoder(Identity | None)
        for number in range(len(self._offsets)):
            line = self._line(number)
            if line:
                seen = SEEN.decode(line)
                yield _Seen(
                    number,
                    seen.report.target,
                    seen.report.state,
                    shown.decode(seen.shown),
                    identity.decode(seen.identity),
                )


class _Seen(Struct, frozen=True):
    """What a line has to compare."""

    number: int
    target: str
    state: str
    shown: "HostShown | None"
    identity: "Identity | None"

    @property
    def digests(self) -> set[int]:
        """Of its marks, each once."""
        from dockeraudit import fleet, repeated

        marks = [*fleet.marks(self.shown)] if self.shown is not None else []
        if self.identity is not None:
            marks.append(repeated.mark(self.identity))
        return {hash(mark) for mark in marks}


def _twice(numbers: Iterable[int]) -> set[int]:
    """Those that are there more than once."""
    ordered = sorted(array("q", numbers))
    return {one for one, other in pairwise(ordered) if one == other}


def _unasked(target: Target) -> HostReport:
    return HostReport(
        target=target.spec,
        hostname="",
        address=target.host,
        state="unreachable",
        error=HostError("interrupted", "interrupted before it began", ""),
        groups=target.groups,
        labels=dict(target.labels),
    )


def _read_run(folder: str) -> Run:
    path = os.path.join(folder, RUN)
    try:
        with open(path, "rb") as file:
            data = file.read()
    except FileNotFoundError as error:
        raise ResultsError(f"{folder} holds no results of a scan: there is no {RUN}") from error
    except OSError as error:
        raise ResultsError(f"{path}: {error.strerror or error}") from error
    try:
        version = _VERSION.decode(data).schema_version
        if version != VERSION:
            raise ResultsError(f"{path} is of another dockeraudit: its version is {version}")
        return _RUN.decode(data)
    except ValueError as error:
        raise ResultsError(f"{path} is damaged: {error}") from error


class _Version(Struct, frozen=True):
    schema_version: str


_VERSION = msgspec.json.Decoder(_Version)
_RUN = msgspec.json.Decoder(Run)


def _now() -> Time:
    return time.strftime("%Y-%m-%dT%H:%M:%SZ", time.gmtime())


def _begin(file: int, folder: str, run: Run) -> None:
    """Take a folder for a run, unless another scan has it."""
    try:
        _lock(file)
        taken = os.fstat(file).st_size or os.path.lexists(os.path.join(folder, RUN))
    except BlockingIOError as error:
        raise _taken(folder) from error
    except OSError as error:
        raise failure(folder, error) from error
    if taken:
        raise _taken(folder)
    write(os.path.join(folder, RUN), (msgspec.json.encode(run), "\n"))


def _lock(file: int) -> None:
    fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)


def _taken(folder: str) -> OutputError:
    return OutputError(
        folder, "it holds something already", f"name a new folder, or go on with --resume {folder}"
    )
