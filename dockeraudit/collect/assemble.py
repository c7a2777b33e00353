"""Frames to facts: a malformed record costs that record, and leaves a note."""

from collections.abc import Callable, Iterable, Iterator
from functools import partial
from typing import TypeVar

from msgspec.structs import replace

from dockeraudit.facts import (
    FACTS_VERSION,
    Absent,
    ApiFacts,
    Audit,
    Boot,
    Document,
    FileFacts,
    Filters,
    HostFacts,
    Interface,
    MountPoint,
    Package,
    Pem,
    Process,
    Socket,
    Unit,
    Unread,
    Wire,
)

from . import answers, files, inventory, kernel, machine, proc, sockets, units
from .frames import CollectError, Frame, text, unescape

T = TypeVar("T")

_REASONS = {
    "denied": "permission denied (needs root)",
    "hidden": "/proc hides those of other accounts (hidepid; needs root)",
    "directory": "is a directory",
    "special": "is no regular file",
    "size": "larger than 256 KiB",
    "size-json": "larger than 4 MiB",
    "count": "too many files of this kind; not read",
    "private-key": "holds a private key; its text stays on the host",
    "utf-16": "UTF-16 with other than ASCII characters",
}
_MALFORMED = (ValueError, LookupError, ArithmeticError, TypeError)
_NOTES = 200


class Draft:
    """The frames of one run by kind, and the notes that reading them leaves."""

    def __init__(self, frames: Iterable[Frame]) -> None:
        self.frames: dict[str, list[Frame]] = {}
        self.notes: list[str] = []
        for frame in frames:
            self.frames.setdefault(frame.kind, []).append(frame)
        for frame in self.of("note"):
            self.note(frame.name)

    def of(self, kind: str) -> list[Frame]:
        """All frames of a kind."""
        return self.frames.get(kind, [])

    def lines(self, kind: str) -> list[bytes]:
        """The lines of all frames of a kind."""
        return [line for frame in self.of(kind) for line in frame.lines]

    def note(self, words: str) -> None:
        """One line for the whole host, of bounded length and number."""
        if len(self.notes) < _NOTES:
            self.notes.append(words.replace("\n", "\\n")[:300])

    def each(self, what: str, read: Callable[[bytes], T], lines: Iterable[bytes]) -> Iterator[T]:
        """What `read` makes of each line; a line that it refuses is left out with a note."""
        for line in lines:
            try:
                yield read(line)
            except _MALFORMED:
                self.note(f"unreadable record of {what}: {text(line[:80])!a}")

    def whole(self, what: str, read: Callable[[], T], otherwise: T) -> T:
        """What `read` gives, or `otherwise` with a note."""
        try:
            return read()
        except _MALFORMED:
            self.note(f"unreadable record of {what}")
            return otherwise

    def unread(self, what: str) -> Iterator[tuple[str, str]]:
        """Code and argument of each `unread WHAT CODE ARGUMENT` frame."""
        for frame in self.of("unread"):
            kind, _, rest = frame.name.partition(" ")
            if kind == what:
                code, _, argument = rest.partition(" ")
                yield code, argument

    def absence(self, what: str) -> Unread | None:
        """Why a whole kind of facts is missing."""
        for code, argument in self.unread(what):
            return Unread(_why(code, argument))
        return None


_ALWAYS = ("machine", "stat", "asked")


def _why(code: str, argument: str) -> str:
    if code == "missing":
        return f"{argument} not installed"
    if code == "off":
        return f"{argument} is not running"
    return _REASONS.get(code, _REASONS["size"] if code.startswith("size") else code)


def facts(frames: Iterable[Frame], *, target: str, collected_at: int, duration: float) -> HostFacts:
    """All facts of a first round.

    Raises:
        CollectError: the host lacks a tool without which nothing can be told, or frames are
            missing that every host gives.
    """
    draft = Draft(frames)
    for frame in draft.of("lacking"):
        raise CollectError("command-missing", f"the host has no {frame.name.replace(' ', ', ')}")
    gaps = [kind for kind in _ALWAYS if not draft.of(kind)]
    if gaps:
        raise CollectError("protocol", f"the answer has no frame {', '.join(gaps)}")
    values = machine.pairs(draft.lines("machine"))
    links = _links(draft)
    system = draft.whole(
        "machine",
        lambda: machine.machine(values, machine.os_release(draft.lines("os"))),
        machine.machine({}, {}),
    )
    privilege = draft.whole("id", lambda: machine.privilege(values), machine.privilege({"id": ""}))
    boot = _boot(draft, values)
    found_units = _units(draft, links)
    processes = _processes(draft, values, units.starts(found_units))
    listening = _sockets(draft, processes, system.architecture)
    found = _files(draft, links)
    apis = _apis(draft)
    return HostFacts(
        facts_version=FACTS_VERSION,
        target=target,
        collected_at=collected_at,
        duration=duration,
        machine=system,
        privilege=privilege,
        tools=_tools(draft.lines("tools")),
        boot=boot,
        units=found_units,
        processes=draft.absence("processes") or processes,
        sockets=draft.absence("sockets") or listening,
        peers=draft.absence("peers") or tuple(sockets.peers(draft.lines("peers"))),
        apis=apis,
        wires=_wires(draft, system.architecture),
        files=found,
        texts=_texts(draft, found),
        pems=_pems(draft, found),
        listings=_listings(draft),
        relay_lines={f.name: tuple(map(text, f.lines)) for f in draft.of("relay")},
        engine_version=_engine(draft, apis),
        client_lines=_client_lines(draft),
        mounts=_mounts(draft),
        parameters=kernel.parameters(draft.lines("parameters")),
        filters=_filters(draft),
        audit=_audit(draft),
        packages=_packages(draft),
        programs=kernel.programs(draft.lines("programs")),
        interfaces=_interfaces(draft),
        names=machine.hosts(draft.lines("hosts")),
        accounts=tuple(draft.each("passwd", machine.account, draft.lines("passwd"))),
        groups=tuple(draft.each("group", machine.group, draft.lines("group"))),
        notes=tuple(draft.notes),
    )


def more(first: HostFacts, frames: Iterable[Frame]) -> HostFacts:
    """A first round's facts with the files of a second one; what both saw stays as first seen."""
    draft = Draft(frames)
    found = _files(draft, _links(draft))
    return replace(
        first,
        files=found | first.files,
        texts=_texts(draft, found) | first.texts,
        pems=_pems(draft, found) | first.pems,
        notes=(*first.notes, *draft.notes),
    )


def _tools(lines: Iterable[bytes]) -> dict[str, bool]:
    names = [text(line) for line in lines]
    return {name.removeprefix("-"): not name.startswith("-") for name in names}


def _interfaces(draft: Draft) -> tuple[Interface, ...] | Unread:
    if draft.of("ip"):
        return tuple(machine.interfaces(draft.lines("ip")))
    four = tuple(machine.fib_trie(draft.lines("fib_trie")))
    nothing: tuple[Interface, ...] = ()
    six = draft.whole("if_inet6", lambda: tuple(machine.if_inet6(draft.lines("if_inet6"))), nothing)
    return (four + six) or Unread("ip not installed, /proc/net/fib_trie unreadable")


def _boot(draft: Draft, values: dict[str, str]) -> Boot:
    rows = [text(unescape(line)).partition(" ") for line in draft.lines("boot")]

    def of(kind: str) -> tuple[str, ...]:
        return tuple(row[2] for row in rows if row[0] == kind)

    return Boot(
        init=machine.init(values),
        links=of("link"),
        scripts=of("script"),
        linger=of("linger"),
        lines={f.name: tuple(map(text, f.lines)) for f in draft.of("bootlines")},
    )


def _client_lines(draft: Draft) -> dict[str, tuple[str, ...]]:
    return {f.name: tuple(map(text, f.lines)) for f in draft.of("client") if f.lines}


def _mounts(draft: Draft) -> tuple[MountPoint, ...] | Unread:
    if not draft.of("mounts"):
        return draft.absence("mounts") or Unread("not looked at")
    return tuple(draft.each("mounts", kernel.mount, draft.lines("mounts")))


def _filters(draft: Draft) -> Filters | Unread:
    tools = ("iptables", "ip6tables", "nftables")
    lines = {tool: draft.lines(tool) for tool in tools if draft.of(tool)}
    unread = {tool: kernel.refusal(*why) for tool in tools for why in draft.unread(tool)}
    return kernel.filters(lines, unread, draft.lines("firewalls"))


def _audit(draft: Draft) -> Audit | Unread:
    if not draft.of("auditfiles"):
        return Unread("not looked at")
    rule_files = draft.absence("auditfiles") or tuple(map(text, draft.lines("auditfiles")))
    unread = next((kernel.no_audit(*why) for why in draft.unread("audit")), None)
    status, rules = draft.lines("auditstatus"), draft.lines("auditrules")
    return kernel.audit(status, rules, rule_files, unread)


def _packages(draft: Draft) -> tuple[Package, ...] | Unread:
    if not draft.of("packages"):
        return draft.absence("packages") or Unread("not looked at")
    fixed = {f.name: tuple(map(text, f.lines)) for f in draft.of("fixed")}

    def read(line: bytes) -> Package:
        return kernel.package(line, fixed)

    return tuple(draft.each("packages", read, draft.lines("packages")))


def _since(values: dict[str, str]) -> tuple[int | None, int]:
    since = values.get("btime", "")
    ticks = values.get("ticks", "")
    return (
        machine.number(since) if since.isdecimal() else None,
        machine.number(ticks) if ticks.isdecimal() and int(ticks) > 0 else 100,
    )


def _processes(draft: Draft, values: dict[str, str], starts: dict[int, int]) -> tuple[Process, ...]:
    argv = {
        int(f.argument): proc.arguments(f.lines) for f in draft.of("argv") if f.argument.isdigit()
    }
    environ = {
        int(f.argument): proc.environment(f.lines)
        for f in draft.of("environ")
        if f.argument.isdigit()
    }
    unknown: tuple[int | None, int] = (None, 100)
    since = draft.whole("btime", lambda: _since(values), unknown)
    spaces = sockets.spaces(draft.each("namespaces", sockets.inode, draft.lines("namespaces")))
    found = []
    for frame in draft.of("proc"):
        try:
            found.append(proc.process(frame, argv, environ, spaces, starts, since))
        except _MALFORMED:
            draft.note(f"unreadable record of process {frame.name[:80]!a}")
    gone = {int(frame.argument) for frame in draft.of("gone") if frame.argument.isdigit()}
    found = [process for process in found if not _answering(process, gone)]
    daemons = {process.pid for process in found if process.role == "dockerd"}
    return tuple(process for process in found if not _helper(process, daemons))


_ANSWERS = frozenset(("--version", "-v", "--help", "-h", "--validate"))
"""Options of dockerd that make it say something and end."""


def _answering(process: Process, gone: set[int]) -> bool:
    """A dockerd that is none: asked for its version, such as by another scan, or ended by now."""
    if process.role != "dockerd":
        return False
    if isinstance(process.argv, Unread):
        return process.pid in gone
    return len(process.argv) > 1 and process.argv[1] in _ANSWERS


def _helper(process: Process, daemons: set[int]) -> bool:
    """A child of dockerd that is dockerd's program for a moment (moby pkg/reexec), or is gone."""
    if process.role != "dockerd" or process.parent not in daemons:
        return False
    if isinstance(process.exe, Unread):
        return True  # between fork and exec it still has its parent's arguments
    name = process.argv[0] if isinstance(process.argv, tuple) and process.argv else ""
    return not name.rpartition("/")[2].startswith("dockerd")


def _sockets(draft: Draft, processes: tuple[Process, ...], architecture: str) -> tuple[Socket, ...]:
    held = sockets.holders(draft.each("holders", sockets.inode, draft.lines("holders")))
    engines = {p.pid for p in processes if p.role in ("dockerd", "containerd")}
    found: list[Socket] = []
    for frame in draft.of("sockets"):
        namespace = int(frame.argument) if frame.argument.isdigit() else 0

        def read(line: bytes, namespace: int = namespace) -> Socket:
            return sockets.socket(line, namespace, architecture, held)

        rows = draft.each("sockets", read, frame.lines)
        found.extend(socket for socket in rows if sockets.matters(socket, engines))
    # A path may hold a newline and so a forged line: a socket's number is there once only.
    tcp = {socket.inode for socket in found if socket.transport != "unix"}
    return tuple(s for s in found if s.transport != "unix" or s.inode not in tcp)


def _links(draft: Draft) -> dict[str, str]:
    return files.links(tuple(draft.lines("links")))


def _units(draft: Draft, links: dict[str, str]) -> tuple[Unit, ...]:
    known = draft.absence("show") or units.show(draft.lines("show"))
    of_users = {f.name: units.show(f.lines) for f in draft.of("usershow")}
    found = [units.unit(frame, known, of_users, links) for frame in draft.of("unit")]
    if not isinstance(known, Unread):
        found.extend(units.fileless(known, found))
    return tuple(found)


def _files(draft: Draft, links: dict[str, str]) -> dict[str, FileFacts | Absent | Unread]:
    unread = draft.absence("acl")
    acls = files.acls(draft.lines("acl"))
    marks = set(map(text, draft.lines("aclmarks"))) if draft.of("aclmarks") else None
    if not (draft.of("acl") or draft.of("aclmarks")):
        unread = unread or files.NO_GETFACL
    present: dict[str, FileFacts] = {}
    for path, seen in draft.each("stat", files.metadata, draft.lines("stat")):
        present[path] = replace(
            seen,
            target=links.get(path) if seen.kind == "symlink" else None,
            acl=files.acl_of(path, seen, acls, marks, unread),
        )
    asked = [text(line) for line in draft.lines("asked")]
    closed = {row[1:] for row in asked if row.startswith("x")}
    absent = [row[1:] for row in asked if row.startswith("-") and row[1:] not in present]
    found: dict[str, FileFacts | Absent | Unread] = dict(present)
    found.update(files.missing(absent, closed, present))
    found.pop("", None)
    return found


def _candidates(
    draft: Draft, kinds: tuple[str, ...], found: dict[str, FileFacts | Absent | Unread]
) -> Iterator[tuple[str, Unread]]:
    """Files whose contents were wanted but that lie where nothing can be seen."""
    for line in draft.lines("wanted"):
        kind, _, path = text(line).partition(" ")
        state = found.get(path)
        if kind in kinds and isinstance(state, Unread):
            yield path, state


def _texts(
    draft: Draft, found: dict[str, FileFacts | Absent | Unread]
) -> dict[str, bytes | Unread]:
    texts: dict[str, bytes | Unread] = dict(_candidates(draft, ("text",), found))
    texts.update((path, Unread(_why(code, ""))) for code, path in draft.unread("text"))
    texts.update((frame.name, frame.body) for frame in draft.of("text"))
    for order in ("le", "be"):
        for frame in draft.of(f"text16{order}"):
            mark = b"\xff\xfe" if order == "le" else b"\xfe\xff"
            words = frame.body.decode("ascii", "replace").encode(f"utf-16-{order}")
            texts[frame.name] = mark + words
    return texts


def _public(draft: Draft) -> dict[str, str | Unread]:
    halves: dict[str, str | Unread] = {}
    for code, path in draft.unread("public"):
        reason = {"missing": "openssl not installed", "failed": "openssl can't read the key"}
        halves[path] = Unread(reason.get(code) or _why(code, ""))
    for frame in draft.of("public"):
        halves[frame.name] = text(frame.body) + "\n"
    return halves


def _pems(draft: Draft, found: dict[str, FileFacts | Absent | Unread]) -> dict[str, Pem | Unread]:
    pems: dict[str, Pem | Unread] = dict(_candidates(draft, ("pem",), found))
    pems.update((path, Unread(_why(code, ""))) for code, path in draft.unread("pem"))
    halves = _public(draft)
    nothing = Unread("not computed")
    for frame in draft.of("pem"):
        pems[frame.name] = files.pem(frame.lines, halves.get(frame.name, nothing))
    return pems


def _listings(draft: Draft) -> dict[str, tuple[str, ...] | Unread]:
    listings: dict[str, tuple[str, ...] | Unread] = {
        path: Unread(_why(code, "")) for code, path in draft.unread("list")
    }
    for frame in draft.of("list"):
        names = (text(line).replace("\1", "\n") for line in frame.lines)
        listings[frame.name] = tuple(sorted(names))
    return listings


def _apis(draft: Draft) -> tuple[ApiFacts, ...]:
    found: dict[str, ApiFacts] = {}
    for code, path in draft.unread("api"):
        missing = "neither curl nor the docker command is installed"
        nothing = Unread(missing if code == "missing" else _why(code, path))
        found[path] = ApiFacts(path, nothing, nothing, nothing)
    for frame in draft.of("api"):
        how, _, path = frame.name.partition(" ")
        known = found.get(path, ApiFacts(path, Unread("no answer"), Unread("no answer")))
        if how == "curl":
            found[path] = ApiFacts(path, *answers.both(frame.body))
        elif how == "version":
            found[path] = replace(known, version=answers.document(frame.body))
        elif how == "info":
            found[path] = replace(known, info=answers.command_info(frame.body))
    for frame in draft.of("inventory"):
        if frame.name in found:
            kept = inventory.inventory(frame.lines)
            found[frame.name] = replace(found[frame.name], inventory=kept)
    return tuple(found.values())


def _engine(draft: Draft, apis: tuple[ApiFacts, ...]) -> str | Unread:
    for frame in draft.of("engine"):
        words = text(frame.body).replace(",", " ").split()
        if words[:2] == ["Docker", "version"] and len(words) > 2:
            return words[2][:100]
        return Unread("dockerd --version did not answer")
    if any(isinstance(api.version, Document) for api in apis):
        return Unread("not asked: the API was")
    return Unread("dockerd not found in PATH")


def _wires(draft: Draft, architecture: str) -> tuple[Wire, ...]:
    """Each address by the kernel's own words for it, so that it matches its Socket."""
    said = {frame.name: text(frame.body) for frame in draft.of("tls")}
    untried = {where for _, where in draft.unread("tls")}
    found: list[Wire] = []

    def add(where: str, plain: answers.Plain | Unread) -> None:
        address, port = sockets.endpoint(where.split(" ")[1], architecture)
        tls = None if plain == "api" else _tls(where, said, untried)
        words = said.get(where, "")
        found.append(
            Wire(
                vantage="host",
                address=address,
                port=port,
                plain=plain,
                tls=tls,
                certificates=answers.certificates(words),
                protocol=answers.protocol(words),
                client_ca_names=answers.authorities(words),
            )
        )

    for frame in draft.of("plain"):
        where, _, status = frame.name.rpartition(" ")
        outcome = answers.plain(text(frame.body), int(status) if status.isdecimal() else 0)
        draft.whole("wire", partial(add, where, outcome), None)
    for code, where in draft.unread("wire"):
        reason = {
            "missing": "neither curl nor nc is installed",
            "time": "no time left, or too many addresses",
            "scope": "a link-local address",
        }
        unread = Unread(reason.get(code, code))
        draft.whole("wire", partial(add, where, unread), None)
    return tuple(found)


def _tls(where: str, said: dict[str, str], untried: set[str]) -> answers.Tls | Unread | None:
    if where in said:
        return answers.tls(said[where])
    if where in untried:
        return Unread("openssl not installed")
    return None
