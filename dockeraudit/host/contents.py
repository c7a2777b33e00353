"""What an engine keeps, each thing with the engine and host around it: subjects of checks."""

from __future__ import annotations

from collections.abc import Iterator
from functools import cached_property
from typing import TYPE_CHECKING, Literal, TypeVar

from msgspec import Struct

from dockeraudit.facts import (
    ContainerFacts,
    Document,
    Evidence,
    ImageFacts,
    Inventory,
    NetworkFacts,
    Unread,
)
from dockeraudit.host.model import Engine

if TYPE_CHECKING:
    from dockeraudit.host.host import Host

Mode = Literal["network", "pid", "ipc", "uts", "userns", "cgroupns"]
T = TypeVar("T")


class NotThere(Struct, frozen=True):
    """Why there is nothing of a kind to look at."""

    reason: str


class Container(Struct, frozen=True, dict=True):
    """A container of an engine, running or stopped."""

    host: Host
    engine: Engine
    seen: ContainerFacts

    @cached_property
    def name(self) -> str:
        """Its name, without the API's leading slash; its short id where it has none."""
        return self.seen.name.removeprefix("/") or self.seen.id[:12]

    @cached_property
    def resource(self) -> str:
        """How findings name it: the same as long as it keeps its name."""
        return f"container {self.name}"

    @property
    def running(self) -> bool:
        """Whether it runs now; a paused one does."""
        return self.seen.state.running

    @property
    def lowered(self) -> bool:
        """Whether what is wrong with it counts a step less: it does not run, but may again."""
        return not self.running

    @property
    def label(self) -> str:
        """How a message begins: `container web` or `stopped container web`."""
        return self.resource if self.running else f"stopped {self.resource}"

    def said(self, field: str, value: object) -> Evidence:
        """A field of the API's answer as evidence."""
        return Evidence(f"docker inspect {self.name}", f"{field} {shown(value)}")

    def mode(self, kind: Mode) -> str:
        """A namespace mode, with `container:ID` followed to the one that owns the namespace."""
        return self._followed(kind, self.seen, 8)

    def _followed(self, kind: Mode, seen: ContainerFacts, steps: int) -> str:
        mode: str = getattr(seen.host_config, f"{kind}_mode")
        kept = inventory(self.engine)
        if not mode.startswith("container:") or not steps or isinstance(kept, Unread):
            return mode
        wanted = mode.partition(":")[2]
        others = () if isinstance(kept.containers, Unread) else kept.containers
        for other in others:
            if wanted and (other.id.startswith(wanted) or other.name.removeprefix("/") == wanted):
                return self._followed(kind, other, steps - 1)
        return mode

    @property
    def remapped(self) -> bool:
        """Whether its root is nobody's root outside: user namespaces or a rootless engine."""
        if self.engine.rootless:
            return True
        return security_option(self.engine, "userns") and self.mode("userns") != "host"


class Image(Struct, frozen=True, dict=True):
    """An image of an engine."""

    host: Host
    engine: Engine
    seen: ImageFacts
    used_by: tuple[str, ...]
    """Names of the containers, running or stopped, that were made of it."""

    @cached_property
    def name(self) -> str:
        """Its first tag, else its short id."""
        return next(iter(self.seen.repo_tags), "") or self.seen.id.removeprefix("sha256:")[:12]

    @cached_property
    def resource(self) -> str:
        """How findings name it."""
        return f"image {self.name}"

    @property
    def lowered(self) -> bool:
        """Whether what is wrong with it counts a step less: no container is made of it."""
        return not self.used_by

    def said(self, field: str, value: object) -> Evidence:
        """A field of the API's answer as evidence."""
        return Evidence(f"docker image inspect {self.name}", f"{field} {shown(value)}")


class Network(Struct, frozen=True):
    """A network of an engine."""

    host: Host
    engine: Engine
    seen: NetworkFacts

    @property
    def resource(self) -> str:
        """How findings name it."""
        return f"network {self.seen.name or self.seen.id[:12]}"

    @property
    def lowered(self) -> bool:
        """Never."""
        return False

    def said(self, field: str, value: object) -> Evidence:
        """A field of the API's answer as evidence."""
        return Evidence(f"docker network inspect {self.seen.name}", f"{field} {shown(value)}")


Content = Container | Image | Network


def inventory(engine: Engine) -> Inventory | Unread:
    """What the engine's API listed."""
    if engine.api is None:
        return Unread(f"the API of {engine.name} was not reached")
    return engine.api.inventory


def contents(
    host: Host, engine: Engine, kind: type[Container] | type[Image] | type[Network]
) -> Iterator[Content | Unread | NotThere]:
    """All of one kind that an engine keeps, what could not be read, or why there is none."""
    if engine.process is None:
        stopped = NotThere(f"{engine.name} does not run: what it keeps can't be listed")
        yield host.unseen or stopped
        return
    kept = inventory(engine)
    if isinstance(kept, Unread):
        yield kept
        return
    word = kind.__name__.lower()
    listed: tuple[ContainerFacts | ImageFacts | NetworkFacts, ...] | Unread = getattr(
        kept, f"{word}s"
    )
    if isinstance(listed, Unread):
        yield Unread(f"{word}s of {engine.name}: {listed.reason}")
        return
    missing = [each for each in kept.missing if each.reason.startswith(f"{word} ")]
    if not listed and not missing:
        yield NotThere(f"{engine.name} has no {word}s")
    users = _users(kept) if kind is Image else {}
    for seen in listed:
        if isinstance(seen, ContainerFacts):
            yield Container(host, engine, seen)
        elif isinstance(seen, ImageFacts):
            yield Image(host, engine, seen, tuple(users.get(seen.id, ())))
        else:
            yield Network(host, engine, seen)
    yield from missing


def _users(kept: Inventory) -> dict[str, list[str]]:
    """Names of containers by their image's id."""
    users: dict[str, list[str]] = {}
    for each in () if isinstance(kept.containers, Unread) else kept.containers:
        users.setdefault(each.image, []).append(each.name.removeprefix("/"))
    return users


def info(engine: Engine, name: str, default: T) -> T:
    """A value of `GET /info` of the default's type; the default where it has none."""
    told = engine.api.info if engine.api is not None else None
    value = told.value.get(name) if isinstance(told, Document) else None
    return value if isinstance(value, type(default)) else default


def security_option(engine: Engine, name: str) -> bool:
    """Whether `GET /info` lists `name=NAME` among SecurityOptions (`NAME` alone before 17.06)."""
    options: list[object] = info(engine, "SecurityOptions", [])
    return any(
        isinstance(each, str) and each.split(",")[0].removeprefix("name=") == name
        for each in options
    )


def shown(value: object) -> str:
    """A value as evidence shows it."""
    if isinstance(value, str):
        return value or "(unset)"
    if isinstance(value, bool):
        return "true" if value else "false"
    if value is None or value in ((), [], {}):
        return "(unset)"
    if isinstance(value, tuple | list):
        return ", ".join(map(str, value))
    return str(value)
