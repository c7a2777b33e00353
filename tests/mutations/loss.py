"""Takes evidence away: each fact that may be unreadable, alone or what a change shows in."""

from collections.abc import Callable, Iterator
from typing import Any

from msgspec import Struct
from msgspec.structs import fields, replace

from dockeraudit.facts import FileFacts, HostFacts, Pem, Unread

LOST = Unread("it was taken away by the test")

Losses = Iterator[tuple[str, HostFacts]]
"""What is lost, and the facts without it."""

OF_HOST = (
    "processes",
    "sockets",
    "peers",
    "interfaces",
    "engine_version",
    "mounts",
    "filters",
    "audit",
    "packages",
)
OF_PROCESS = ("argv", "exe", "environment", "cwd", "root", "cgroup")
OF_API = ("version", "info", "inventory")
OF_INVENTORY = ("containers", "images", "networks", "volumes", "plugins", "swarm", "services")
PARTS = {"units": ("properties",), "processes": OF_PROCESS, "apis": OF_API}
MAPS = ("files", "texts", "pems", "listings")


def _each(old: tuple[Any, ...], at: int, new: Any) -> tuple[Any, ...]:
    return (*old[:at], new, *old[at + 1 :])


def whole(facts: HostFacts) -> Losses:
    """Facts of the whole host, each as one."""
    for name in OF_HOST:
        yield name, replace(facts, **{name: LOST})
    yield "boot.links", replace(facts, boot=replace(facts.boot, links=LOST))
    for name in facts.parameters:
        kept = {other: value for other, value in facts.parameters.items() if other != name}
        yield f"parameters {name}", replace(facts, parameters=kept)


def files(facts: HostFacts) -> Losses:
    """Metadata of each path; and the ACLs of all, which another program reads."""
    for path in facts.files:
        yield path, replace(facts, files={**facts.files, path: LOST})
    without = {
        path: replace(seen, acl=LOST) if isinstance(seen, FileFacts) else seen
        for path, seen in facts.files.items()
    }
    yield "every ACL", replace(facts, files=without)


def contents(facts: HostFacts) -> Losses:
    """The content of each file that was read, and of each folder that was listed."""
    for name in ("texts", "listings", "pems"):
        for path in getattr(facts, name):
            lost = {**getattr(facts, name), path: LOST}
            yield f"{name} {path}", replace(facts, **{name: lost})
    for path, pem in facts.pems.items():
        if isinstance(pem, Pem) and pem.keys:
            keys = tuple(replace(key, public=LOST) for key in pem.keys)
            nameless = replace(pem, keys=keys)
            yield f"public half of {path}", replace(facts, pems={**facts.pems, path: nameless})


def processes(facts: HostFacts) -> Losses:
    """Of each process what only its owner may see."""
    found = () if isinstance(facts.processes, Unread) else facts.processes
    for at, old in enumerate(found):
        for name in OF_PROCESS:
            changed = _each(found, at, replace(old, **{name: LOST}))
            yield f"{name} of {old.role} {old.pid}", replace(facts, processes=changed)


def units(facts: HostFacts) -> Losses:
    """What systemd says of each unit."""
    for at, old in enumerate(facts.units):
        changed = _each(facts.units, at, replace(old, properties=LOST))
        yield f"properties of {old.name}", replace(facts, units=changed)


def answers(facts: HostFacts) -> Losses:
    """What the API and connections answered."""
    for at, old in enumerate(facts.apis):
        for name in OF_API:
            changed = _each(facts.apis, at, replace(old, **{name: LOST}))
            yield f"{name} of {old.socket}", replace(facts, apis=changed)
    for at, wire in enumerate(facts.wires):
        for lost in ({"plain": LOST, "tls": LOST}, {"tls": LOST}):
            wires = _each(facts.wires, at, replace(wire, **lost))
            what = " and ".join(lost)
            yield f"{what} of {wire.address}:{wire.port}", replace(facts, wires=wires)


def inventories(facts: HostFacts) -> Losses:
    """Parts of what an engine keeps."""
    for at, old in enumerate(facts.apis):
        for name in () if isinstance(old.inventory, Unread) else OF_INVENTORY:
            lost = replace(old, inventory=replace(old.inventory, **{name: LOST}))
            yield f"{name} of {old.socket}", replace(facts, apis=_each(facts.apis, at, lost))


GROUPS: tuple[Callable[[HostFacts], Losses], ...] = (
    whole,
    files,
    contents,
    processes,
    units,
    answers,
    inventories,
)


def without_difference(facts: HostFacts, changed: HostFacts) -> HostFacts | None:
    """The facts without all by which they differ from others; None: it is always known."""
    lost: dict[str, Any] = {}
    for field in fields(facts):
        one, other = getattr(facts, field.name), getattr(changed, field.name)
        if one == other:
            continue
        if field.name in MAPS:
            differing = {at for at in {*one, *other} if one.get(at) != other.get(at)}
            lost[field.name] = one | dict.fromkeys(differing, LOST)
        elif field.name == "wires":
            lost["wires"] = ()
        elif field.name in PARTS and len(one) == len(other):
            parts = [
                _part(before, after, PARTS[field.name])
                for before, after in zip(one, other, strict=True)
            ]
            if None in parts:
                return None
            lost[field.name] = tuple(parts)
        elif field.name == "apis":
            lost["apis"] = tuple(replace(each, **dict.fromkeys(OF_API, LOST)) for each in one)
        elif field.name in OF_HOST:
            lost[field.name] = LOST
        else:
            return None
    return replace(facts, **lost)


def _part(before: Struct, after: Struct, losable: tuple[str, ...]) -> Struct | None:
    names = [each.name for each in fields(before)]
    lost = [name for name in names if getattr(before, name) != getattr(after, name)]
    if not set(lost) <= set(losable):
        return None
    return replace(before, **dict.fromkeys(lost, LOST))
