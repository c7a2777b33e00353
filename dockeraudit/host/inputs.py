"""From facts to the input of the decision procedure: what a start of this daemon would find."""

import posixpath
from collections.abc import Iterable, Mapping
from functools import lru_cache

from msgspec import Struct
from msgspec.structs import replace

from dockeraudit.effective.model import DaemonInput, FileInput, TlsSettings
from dockeraudit.effective.model import Machine as Surroundings
from dockeraudit.facts import Absent, FileFacts, HostFacts, Key, Pem, Process, Unread
from dockeraudit.host.startup import Start

_FILE = FileInput()
_FOLDER = FileInput(kind="directory")


class Place(Struct, frozen=True):
    """What every daemon of a host finds there."""

    files: Mapping[str, FileInput]
    machine: Surroundings


def place(facts: HostFacts) -> Place:
    """The files and the surroundings, made once for all starts on a host."""
    return Place(files(facts), surroundings(facts))


def of_start(
    there: Place, start: Start, version: str, home: str, *, rootless: bool = False
) -> DaemonInput:
    """The next start of a daemon, as its unit or script would do it."""
    return DaemonInput(
        engine=version,
        argv=tuple(argument.text for argument in start.arguments),
        argv_origins=tuple(argument.origin for argument in start.arguments),
        files=there.files,
        env={name: given.value for name, given in start.environment.items()},
        cwd=start.working_directory.replace("~", home, 1) or "/",
        socket_units=tuple(socket.value for socket in start.sockets),
        machine=there.machine,
        home=home,
        rootless=rootless,
    )


def of_process(
    there: Place,
    process: Process,
    start: Start | None,
    sockets: tuple[str, ...],
    version: str,
    home: str,
    *,
    rootless: bool = False,
    without: str = "",
) -> DaemonInput | Unread:
    """The start that a running daemon made, from its own arguments and environment.

    `without` names a file to leave out: one that was written after the start.
    """
    if isinstance(process.argv, Unread):
        return Unread(f"/proc/{process.pid}/cmdline: {process.argv.reason}")
    environment = {} if isinstance(process.environment, Unread) else process.environment.values
    known = there.files
    if without:
        known = {path: file for path, file in known.items() if path != without}
    return DaemonInput(
        engine=version,
        argv=process.argv[1:],
        argv_origins=_origins(process, process.argv[1:], start),
        files=known,
        env={name: value for name, value in environment.items() if value is not None},
        cwd="/" if isinstance(process.cwd, Unread) or not process.cwd else process.cwd,
        socket_units=sockets,
        machine=there.machine,
        home=environment.get("HOME") or home,
        rootless=rootless,
    )


def with_loaded(given: DaemonInput, tls: TlsSettings) -> DaemonInput:
    """The same start with TLS files that it could load, whatever lies there now."""
    settings = {"ca": tls.ca, "server-cert": tls.cert, "server-key": tls.key}
    sound = {
        posixpath.join(given.cwd, str(setting.value)): FileInput(role=role)
        for role, setting in settings.items()
        if setting.value
    }
    return replace(given, files={**given.files, **sound})


def _origins(process: Process, argv: tuple[str, ...], start: Start | None) -> tuple[str, ...]:
    """Where each argument was written, where the process is what its unit or script starts."""
    seen = f"/proc/{process.pid}/cmdline"
    planned = start.arguments if start is not None else ()
    if tuple(argument.text for argument in planned) == argv:
        return tuple(f"{seen}, from {argument.origin}" for argument in planned)
    return (seen,) * len(argv)


def surroundings(facts: HostFacts) -> Surroundings:
    """The machine's names, addresses and groups; other names may still resolve by DNS."""
    addresses = None
    if not isinstance(facts.interfaces, Unread):
        addresses = tuple(interface.address for interface in facts.interfaces)
    names: dict[str, tuple[str, ...]] = {"localhost": ("127.0.0.1", "::1"), **facts.names}
    return Surroundings(
        names=names,
        names_complete=False,
        addresses=addresses,
        groups=tuple(group.name for group in facts.groups) or None,
    )


def files(facts: HostFacts) -> Mapping[str, FileInput]:
    """What lies at each path that a daemon may read; a path that is missing does not exist."""
    known: dict[str, FileInput] = {}
    for path, seen in facts.files.items():
        if isinstance(seen, FileFacts) and seen.target is None:
            known[path] = _FOLDER if seen.kind == "directory" else _FILE
        elif isinstance(behind := _behind(facts, seen), FileFacts):
            known[path] = _FOLDER if behind.kind == "directory" else _FILE
        elif not isinstance(behind, Absent):
            known[path] = _FILE
    for path, content in facts.texts.items():
        if path not in known and path in facts.files:
            continue
        known[path] = _FILE if isinstance(content, Unread) else FileInput(content=content)
    for path, pem in facts.pems.items():
        if path not in known and path in facts.files:
            continue
        known[path] = _FILE if isinstance(pem, Unread) else _of_pem(pem)
    return known


def _behind(facts: HostFacts, seen: FileFacts | Absent | Unread) -> FileFacts | Absent | Unread:
    """What a path leads to, through a symlink where it is one."""
    if isinstance(seen, FileFacts) and seen.target is not None:
        return facts.files.get(seen.target, Unread("where the link leads was not read"))
    return seen


def _of_pem(pem: Pem) -> FileInput:
    content = pem.certificates.encode()
    if not pem.keys:
        return FileInput(content=content)
    key = pem.keys[0]
    if key.encrypted:
        return FileInput(content=content, problem="it has a passphrase")
    if isinstance(key.public, Unread):
        return FileInput(content=None)
    return FileInput(content=content, public_key=spki(key))


def spki(key: Key) -> bytes | None:
    """The public half as DER SubjectPublicKeyInfo; None if it can't be had."""
    return None if isinstance(key.public, Unread) else _der(key.public)


@lru_cache(maxsize=1024)
def _der(pem: str) -> bytes | None:
    import base64
    import binascii

    body = "".join(line for line in pem.splitlines() if not line.startswith("-----"))
    try:
        return base64.b64decode(body, validate=True) or None
    except (binascii.Error, ValueError):
        return None


def newest(facts: HostFacts, paths: Iterable[str]) -> int:
    """The latest change of any of these files, in seconds since the epoch; 0 if none is known."""
    times = [0]
    for path in paths:
        seen = facts.files.get(path)
        if isinstance(seen, FileFacts):
            target = facts.files.get(seen.target) if seen.target else None
            times += (seen.mtime, seen.ctime)
            if isinstance(target, FileFacts):
                times += (target.mtime, target.ctime)
    return max(times)
