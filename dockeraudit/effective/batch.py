"""`dockeraudit effective --batch`: rows of JSON Lines in, an outcome a line out."""

from __future__ import annotations

from base64 import b64decode
from binascii import Error as Base64Error
from collections.abc import Iterable, Iterator, Mapping
from posixpath import dirname

import msgspec
from msgspec import Struct

from dockeraudit.effective.decide import decide
from dockeraudit.effective.model import DaemonInput, FileInput, Machine, Outcome

_CONFIG = "/etc/docker/daemon.json"
_LOCALHOST = {"localhost": ["127.0.0.1", "::1"]}
_DIRECTORIES = frozenset(
    [
        "/",
        "/bin",
        "/boot",
        "/dev",
        "/dev/shm",
        "/etc",
        "/etc/docker",
        "/home",
        "/lib",
        "/media",
        "/mnt",
        "/opt",
        "/proc",
        "/root",
        "/run",
        "/run/docker",
        "/run/lock",
        "/run/systemd",
        "/sbin",
        "/srv",
        "/sys",
        "/tmp",
        "/usr",
        "/usr/bin",
        "/usr/lib",
        "/usr/local",
        "/usr/sbin",
        "/usr/share",
        "/var",
        "/var/cache",
        "/var/lib",
        "/var/lib/docker",
        "/var/log",
        "/var/opt",
        "/var/run",
        "/var/run/docker",
        "/var/spool",
        "/var/tmp",
    ]
)


class Content(Struct, frozen=True, forbid_unknown_fields=True):
    """A file given with its content."""

    text: str | None = None
    base64: str | None = None
    mode: str | None = None
    kind: str | None = None


class MachineRow(Struct, frozen=True):
    """The machine of a row: a closed world, in which what is not named does not exist."""

    names: dict[str, list[str]] | None = None
    addresses: list[str] | None = None
    groups: list[str] | None = None
    directories: list[str] = []
    plugins: list[str] = []


class Row(Struct, frozen=True):
    """A run to judge, in the shape of the table of real runs."""

    engine: str = ""
    argv: list[str] = []
    daemon_json: str | None = None
    daemon_json_base64: str | None = None
    env: dict[str, str] = {}
    files: dict[str, str | Content] = {}
    other_files: dict[str, str | Content] = {}
    links: dict[str, str] = {}
    cwd: str = "/"
    socket_units: list[str] = []
    machine: MachineRow = MachineRow()
    home: str = "/root"
    rootless: bool = False


class Listed(Struct, frozen=True):
    """An endpoint of an answer."""

    address: str
    transport: str
    mode: str


class Answer(Struct, frozen=True):
    """The answer to a row, in the order of its public form."""

    id: msgspec.Raw
    starts: bool | None
    error: str | None
    endpoints: tuple[Listed, ...]
    reach: str

    def line(self) -> bytes:
        """The answer as a line of JSON."""
        return _ENCODER.encode(self) + b"\n"


class _Named(Struct, frozen=True):
    id: msgspec.Raw = msgspec.Raw(b"null")


_ENCODER = msgspec.json.Encoder()
_ROW = msgspec.json.Decoder(Row)
_NAME = msgspec.json.Decoder(_Named)


class BadRow(ValueError):
    """A row that can't be read."""


def read_row(line: bytes) -> DaemonInput:
    """The input that a line describes; BadRow where it is none."""
    try:
        row = _ROW.decode(line)
        files = {path: _file(path, each) for path, each in row.files.items()}
        files.update({path: _other(path, each) for path, each in row.other_files.items()})
        if row.daemon_json_base64 is not None:
            files[_CONFIG] = FileInput(_unbase64(_CONFIG, row.daemon_json_base64))
        elif row.daemon_json is not None:
            files[_CONFIG] = FileInput(row.daemon_json.encode("utf-8", "surrogatepass"))
    except (msgspec.MsgspecError, UnicodeError, RecursionError) as error:
        raise BadRow(str(error)) from None
    return DaemonInput(
        engine=row.engine,
        argv=tuple(row.argv),
        files=files,
        links=row.links,
        env=row.env,
        cwd=row.cwd,
        socket_units=tuple(row.socket_units),
        machine=_machine(row, files),
        home=row.home,
        rootless=row.rootless,
    )


def _machine(row: Row, files: Mapping[str, FileInput]) -> Machine:
    own = row.machine
    parents = set(own.directories) | {row.cwd, row.home}
    for path in (*files, *row.links, *row.links.values(), *row.socket_units):
        while path.startswith("/") and path != "/":
            path = dirname(path)  # noqa: PLW2901
            parents.add(path)
    names = _LOCALHOST if own.names is None else own.names
    return Machine(
        names={name: tuple(addresses) for name, addresses in names.items()},
        addresses=None if own.addresses is None else tuple(own.addresses),
        groups=None if own.groups is None else tuple(own.groups),
        directories=_DIRECTORIES | parents,
        plugins=tuple(own.plugins),
    )


def _unbase64(path: str, text: str) -> bytes:
    try:
        return b64decode(text, validate=True)
    except (Base64Error, ValueError):
        raise BadRow(f"the base64 of {path} is broken") from None


def _file(path: str, given: str | Content) -> FileInput:
    if not isinstance(given, str):
        return _other(path, given)
    role, _, rest = given.partition(";")
    mode = rest.strip().removeprefix("mode ") or None
    if role.strip() == "directory":
        return FileInput(kind="directory", mode=mode)
    return FileInput(role=role.strip(), mode=mode)


def _other(path: str, given: str | Content) -> FileInput:
    if isinstance(given, str):
        return FileInput(given.encode("utf-8", "surrogatepass"))
    if given.kind == "directory":
        return FileInput(kind="directory", mode=given.mode)
    if given.base64 is not None:
        return FileInput(_unbase64(path, given.base64), mode=given.mode)
    if given.text is None:
        raise BadRow(f"the file {path} has neither text nor base64")
    return FileInput(given.text.encode("utf-8", "surrogatepass"), mode=given.mode)


class Batch:
    """Answers in the order of the rows, one at a time; `bad` counts the rows that were none."""

    def __init__(self, lines: Iterable[bytes]) -> None:
        self._lines = lines
        self.bad = 0

    def __iter__(self) -> Iterator[Answer]:
        for number, line in enumerate(self._lines, 1):
            if line.strip():
                yield self._answer(number, line)

    def _answer(self, number: int, line: bytes) -> Answer:
        try:
            given = read_row(line)
        except BadRow as error:
            self.bad += 1
            return Answer(_id_of(line), None, f"line {number}: {error}", (), "LOCAL")
        return answer(_id_of(line), decide(given))


def batch(lines: Iterable[bytes]) -> Batch:
    """The answers to the rows; a broken row gives an answer that says so, and counts as bad.

    >>> [answer.error for answer in batch([b"{"])]
    ['line 1: Input data was truncated']
    """
    return Batch(lines)


def answer(name: msgspec.Raw, outcome: Outcome) -> Answer:
    """An outcome in the public form."""
    endpoints = tuple(Listed(e.address, e.transport, e.mode) for e in outcome.endpoints)
    error = outcome.error or outcome.undecided
    return Answer(name, outcome.starts, error, endpoints, outcome.reach)


def _id_of(line: bytes) -> msgspec.Raw:
    try:
        return _NAME.decode(line).id
    except (msgspec.MsgspecError, RecursionError):
        return msgspec.Raw(b"null")
