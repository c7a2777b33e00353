"""Changes of a host, each as it shows in all that a collector sees of it."""

import json
from collections.abc import Iterable
from typing import Any

from msgspec.structs import replace

from dockeraudit.facts import (
    Absent,
    Account,
    AclEntries,
    ApiFacts,
    Document,
    FileFacts,
    HostFacts,
    Interface,
    Names,
    Pem,
    Process,
    Socket,
    Unit,
    Wire,
)
from tests.build import directory, file
from tests.mutations.engine import Step, in_order

DAEMON_JSON = "/etc/docker/daemon.json"


def _merged(base: Any, changes: Any) -> Any:
    """Nested dictionaries merged; None takes a key away."""
    if not isinstance(base, dict) or not isinstance(changes, dict):
        return changes
    merged = {name: value for name, value in base.items() if changes.get(name, "") is not None}
    for name, value in changes.items():
        if value is not None:
            merged[name] = _merged(merged.get(name), value)
    return merged


# Files


def _with_file(path: str, **changes: Any) -> Step:
    """Metadata of one file, under each path that leads to it."""

    def step(facts: HostFacts) -> HostFacts:
        seen = facts.files[path]
        assert isinstance(seen, FileFacts), f"{path} is not there"
        one = (seen.device, seen.inode)
        files = {
            at: replace(each, **changes)
            if isinstance(each, FileFacts) and (each.device, each.inode) == one
            else each
            for at, each in facts.files.items()
        }
        assert files != facts.files, f"nothing of {path} changes"
        return replace(facts, files=files)

    return step


def mode(path: str, bits: int) -> Step:
    """chmod."""
    return _with_file(path, mode=bits)


def owner(path: str, uid: int) -> Step:
    """chown."""
    return _with_file(path, uid=uid)


def acl(path: str, bits: int, *entries: str) -> Step:
    """setfacl; the group's bits of the mode are then the mask."""
    given: AclEntries = entries
    return _with_file(path, mode=bits, acl=given)


def put(path: str, seen: FileFacts | Absent | None = None) -> Step:
    """A file that was not there."""

    def step(facts: HostFacts) -> HostFacts:
        given = file() if seen is None else seen
        if isinstance(given, FileFacts):
            given = replace(given, inode=9_000_000 + len(facts.files))
        return replace(facts, files={**facts.files, path: given})

    return step


def folder(path: str, bits: int = 0o755, uid: int = 0) -> Step:
    """A folder that was not there."""
    return put(path, directory(bits, uid))


def listing(path: str, *names: str) -> Step:
    """What lies in a folder."""

    def step(facts: HostFacts) -> HostFacts:
        return replace(facts, listings={**facts.listings, path: names})

    return step


def keep(path: str, held: Pem, bits: int = 0o600, uid: int = 0) -> Step:
    """A PEM file that was not there, or that held another thing."""

    def pems(facts: HostFacts) -> HostFacts:
        return replace(facts, pems={**facts.pems, path: held})

    return in_order(put(path, file(bits, uid)), pems)


def removed(path: str) -> Step:
    """A file that is not there any more."""

    def step(facts: HostFacts) -> HostFacts:
        pems = {at: held for at, held in facts.pems.items() if at != path}
        return replace(facts, files={**facts.files, path: Absent()}, pems=pems)

    return step


def write(path: str, content: str) -> Step:
    """A file's content, as if it had been so at the last start."""

    def step(facts: HostFacts) -> HostFacts:
        return replace(facts, texts={**facts.texts, path: content.encode()})

    return step


def substitute(path: str, old: str, new: str) -> Step:
    """Another text in a file, as if it had been so at the last start."""

    def step(facts: HostFacts) -> HostFacts:
        text = facts.texts[path]
        assert isinstance(text, bytes)
        assert old in text.decode(), f"{path} has no {old!r}"
        return write(path, text.decode().replace(old, new))(facts)

    return step


def touch(path: str) -> Step:
    """The file was written a minute after the daemon's start."""

    def step(facts: HostFacts) -> HostFacts:
        started = process_of(facts, "dockerd").started
        assert started is not None
        return _with_file(path, mtime=started + 60, ctime=started + 60)(facts)

    return step


# Units


def unit(name: str, wants: tuple[str, ...] | None = None, **properties: str) -> Step:
    """What systemd says of a unit, and its links."""

    def changed(each: Unit) -> Unit:
        if each.name != name:
            return each
        assert isinstance(each.properties, Names)
        return replace(
            each,
            properties=Names({**each.properties.values, **properties}),
            wants=each.wants if wants is None else wants,
        )

    def step(facts: HostFacts) -> HostFacts:
        units = tuple(map(changed, facts.units))
        assert units != facts.units, f"nothing of {name} changes"
        return replace(facts, units=units)

    return step


# Processes and sockets


def processes_of(facts: HostFacts) -> tuple[Process, ...]:
    """The processes, which every base has."""
    assert isinstance(facts.processes, tuple)
    return facts.processes


def sockets_of(facts: HostFacts) -> tuple[Socket, ...]:
    """The sockets, which every base has."""
    assert isinstance(facts.sockets, tuple)
    return facts.sockets


def process_of(facts: HostFacts, role: str) -> Process:
    """The first process of a role."""
    return next(each for each in processes_of(facts) if each.role == role)


def process(role: str, **changes: Any) -> Step:
    """The first process of a role runs otherwise."""

    def step(facts: HostFacts) -> HostFacts:
        old = process_of(facts, role)
        new = replace(old, **changes)
        found = (new if each is old else each for each in processes_of(facts))
        return replace(facts, processes=tuple(found))

    return step


def environment(**values: str) -> Step:
    """The daemon's environment."""

    def step(facts: HostFacts) -> HostFacts:
        old = process_of(facts, "dockerd").environment
        assert isinstance(old, Names)
        return process("dockerd", environment=Names({**old.values, **values}))(facts)

    return step


def arguments(*more: str) -> Step:
    """The daemon was started with more arguments."""

    def step(facts: HostFacts) -> HostFacts:
        old = process_of(facts, "dockerd").argv
        assert isinstance(old, tuple)
        return process("dockerd", argv=(*old, *more))(facts)

    return step


def run(new: Process) -> Step:
    """One more process."""

    def step(facts: HostFacts) -> HostFacts:
        return replace(facts, processes=(*processes_of(facts), new))

    return step


def ended(*pids: int) -> Step:
    """Processes that do not run, with their sockets and what these answered."""

    def step(facts: HostFacts) -> HostFacts:
        gone = {(s.address, s.port) for s in sockets_of(facts) if set(s.pids) & set(pids)}
        return replace(
            facts,
            processes=tuple(each for each in processes_of(facts) if each.pid not in pids),
            sockets=tuple(s for s in sockets_of(facts) if (s.address, s.port) not in gone),
            wires=tuple(w for w in facts.wires if (w.address, w.port) not in gone),
            apis=tuple(api for api in facts.apis if (api.socket, 0) not in gone),
        )

    return step


def listen(address: str, port: int = 0, role: str = "dockerd", answer: str = "") -> Step:
    """One more listening socket; `answer` is what plain HTTP gets on it."""

    def step(facts: HostFacts) -> HostFacts:
        pid = process_of(facts, role).pid
        kind: Any = "unix" if not port else "tcp6" if ":" in address else "tcp"
        sockets = (*sockets_of(facts), Socket(kind, address, port, 9_000_000 + port, (pid,)))
        wires = facts.wires
        if answer:
            given: Any = answer
            wires = (*wires, Wire("host", address, port, given, None))
        return replace(facts, sockets=sockets, wires=wires)

    return step


def unlisten(address: str, port: int = 0) -> Step:
    """One listening socket less."""

    def step(facts: HostFacts) -> HostFacts:
        sockets = tuple(s for s in sockets_of(facts) if (s.address, s.port) != (address, port))
        assert len(sockets) < len(sockets_of(facts)), f"nothing listens on {address}"
        wires = tuple(w for w in facts.wires if (w.address, w.port) != (address, port))
        return replace(facts, sockets=sockets, wires=wires)

    return step


def wire(**changes: Any) -> Step:
    """What each connection got."""

    def step(facts: HostFacts) -> HostFacts:
        wires = tuple(replace(each, **changes) for each in facts.wires)
        assert wires != facts.wires, "nothing of the connections changes"
        return replace(facts, wires=wires)

    return step


# The daemon


def _api(part: str, changes: dict[str, Any]) -> Step:
    def changed(api: ApiFacts) -> ApiFacts:
        document = getattr(api, part)
        assert isinstance(document, Document)
        return replace(api, **{part: Document(_merged(document.value, changes))})

    def step(facts: HostFacts) -> HostFacts:
        return replace(facts, apis=tuple(map(changed, facts.apis)))

    return step


def info(**changes: Any) -> Step:
    """What `GET /info` says."""
    return _api("info", changes)


def version(**changes: Any) -> Step:
    """What `GET /version` says."""
    return _api("version", changes)


def components(**versions: str) -> Step:
    """Versions among the components that `GET /version` lists."""

    def changed(api: ApiFacts) -> ApiFacts:
        assert isinstance(api.version, Document)
        listed = [
            {**each, "Version": versions.get(each["Name"].lower(), each["Version"])}
            for each in api.version.value["Components"]
        ]
        return replace(api, version=Document({**api.version.value, "Components": listed}))

    def step(facts: HostFacts) -> HostFacts:
        return replace(facts, apis=tuple(map(changed, facts.apis)))

    return step


def silent(facts: HostFacts) -> HostFacts:
    """No API was asked."""
    return replace(facts, apis=(), engine_version=engine_version(facts))


def engine_version(facts: HostFacts) -> str:
    """What the API says of the engine's version."""
    document = facts.apis[0].version
    assert isinstance(document, Document)
    return str(document.value["Version"])


def settings_of(facts: HostFacts) -> dict[str, Any]:
    """What daemon.json says."""
    text = facts.texts.get(DAEMON_JSON, b"{}")
    assert isinstance(text, bytes)
    read: dict[str, Any] = json.loads(text)
    return read


def options(changes: dict[str, Any], says: dict[str, Any] | None = None) -> Step:
    """The daemon was started with other options in daemon.json; `says` is what /info then says.

    None takes an option away.
    """

    def written(facts: HostFacts) -> HostFacts:
        merged = settings_of(facts) | changes
        left = {name: value for name, value in merged.items() if value is not None}
        return write(DAEMON_JSON, json.dumps(left, indent=2) + "\n")(facts)

    return in_order(written, info(**(says or {})))


def security(*, add: Iterable[str] = (), remove: Iterable[str] = ()) -> Step:
    """SecurityOptions of `GET /info`."""
    more, less = tuple(add), tuple(remove)

    def step(facts: HostFacts) -> HostFacts:
        document = facts.apis[0].info
        assert isinstance(document, Document)
        given = document.value["SecurityOptions"]
        kept = [each for each in given if each not in (*less, *more)]
        assert len(kept) == len(set(given) - {*less, *more}) or not less
        return info(SecurityOptions=[*kept, *more])(facts)

    return step


# The machine


def release(**values: str) -> Step:
    """/etc/os-release."""

    def step(facts: HostFacts) -> HostFacts:
        return replace(facts, machine=replace(facts.machine, os=facts.machine.os | values))

    return step


def address_of(facts: HostFacts) -> str:
    """The address that the daemon serves over TLS."""
    return next(each.address for each in facts.wires if each.plain == "tls-server")


def interface(name: str, address: str) -> Step:
    """One more address of a network interface."""

    def step(facts: HostFacts) -> HostFacts:
        assert isinstance(facts.interfaces, tuple)
        return replace(facts, interfaces=(*facts.interfaces, Interface(name, address)))

    return step


def account(name: str, uid: int) -> Step:
    """One more account, with a home."""

    def step(facts: HostFacts) -> HostFacts:
        new = Account(name, uid, uid, f"/home/{name}", "/bin/bash")
        return replace(facts, accounts=(*facts.accounts, new))

    return step


def member(group: str, name: str) -> Step:
    """One more member of a group."""

    def step(facts: HostFacts) -> HostFacts:
        groups = tuple(
            replace(each, members=(*each.members, name)) if each.name == group else each
            for each in facts.groups
        )
        assert groups != facts.groups, f"there is no group {group}"
        return replace(facts, groups=groups)

    return step


# Where the daemon listens


def bound(address: str) -> Step:
    """The daemon's TLS port is on another address: in the socket table and on the wire."""
    shown = "::" if address == "0.0.0.0" else address

    def step(facts: HostFacts) -> HostFacts:
        old = address_of(facts)
        sockets = tuple(
            replace(each, address=shown, transport="tcp6" if ":" in shown else "tcp")
            if each.address == old
            else each
            for each in sockets_of(facts)
        )
        return wire(address=shown)(replace(facts, sockets=sockets))

    return step


def moved(address: str) -> Step:
    """The same, with the host in daemon.json that asks for it."""

    def step(facts: HostFacts) -> HostFacts:
        old = address_of(facts)
        hosts = [each.replace(old, address) for each in settings_of(facts)["hosts"]]
        return in_order(options({"hosts": hosts}), bound(address))(facts)

    return step


def anonymous(facts: HostFacts) -> HostFacts:
    """TLS stays on and no client certificate is asked for: `tlsverify` set to false does that."""
    asked = options({"tlsverify": False})
    return in_order(asked, wire(tls="api", client_ca_names=None))(facts)
