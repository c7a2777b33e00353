"""A host's facts with what follows from them, each computed once and only when asked for."""

from __future__ import annotations

from collections.abc import Callable
from functools import cached_property
from typing import TYPE_CHECKING, Any, TypeVar

from msgspec import Struct

from dockeraudit.facts import Absent, Account, FileFacts, HostFacts, Pem, Unread
from dockeraudit.host.access import Route, route
from dockeraudit.host.model import Engine

if TYPE_CHECKING:
    from dockeraudit.host.certificates import Material


T = TypeVar("T")


class Host:
    """What checks over a whole host are called with."""

    def __init__(self, facts: HostFacts, engines: tuple[Engine, ...] | None = None) -> None:
        self.facts = facts
        self._kept: dict[object, Any] = {}
        self._routes: dict[str, Route] = {}
        if engines is not None:
            self.engines = engines

    @cached_property
    def engines(self) -> tuple[Engine, ...]:
        """The host's engines: running, or set up to start; not those inside containers."""
        from dockeraudit.host.engines import engines_of

        return engines_of(self.facts)

    @property
    def unseen(self) -> Unread | None:
        """Why engines may run that were not seen; None: every process was.

        Engines known from their units are then taken for stopped, whatever they are.
        """
        processes = self.facts.processes
        if isinstance(processes, Unread):
            return Unread(f"processes: {processes.reason}")
        return None

    @cached_property
    def material(self) -> Material:
        """Every certificate and key that an engine or a client of it uses, with its role."""
        from dockeraudit.host.certificates import gather

        return gather(self)

    @cached_property
    def closed_homes(self) -> tuple[tuple[Account, Unread], ...]:
        """The accounts whose `~/.docker` could not be looked at, and why."""
        files = self.facts.files
        folders = ((each, f"{each.home.rstrip('/')}/.docker") for each in self.facts.accounts)
        found = ((each, files[folder]) for each, folder in folders if folder in files)
        return tuple((each, seen) for each, seen in found if isinstance(seen, Unread))

    def file(self, path: str) -> FileFacts | Absent | Unread:
        """A path as lstat sees it."""
        return self.facts.files.get(path, Unread(f"{path} was not looked at"))

    def resolved(self, path: str) -> tuple[str, FileFacts | Absent | Unread]:
        """Where a path finally leads, and what lies there (the path itself if it is no link)."""
        seen = self.file(path)
        if isinstance(seen, FileFacts) and seen.kind == "symlink":
            if seen.target is None:
                return path, Unread(f"where {path} leads was not read")
            return seen.target, self.file(seen.target)
        return path, seen

    def route(self, path: str) -> Route:
        """The way to a path: every link and folder on it, and what lies at its end."""
        found = self._routes.get(path)
        if found is None:
            found = self._routes[path] = route(self.facts.files, path)
        return found

    def once(self, name: object, make: Callable[[], T]) -> T:
        """What `make` gives, kept under a name for whoever asks again."""
        if name not in self._kept:
            self._kept[name] = make()
        kept: T = self._kept[name]
        return kept

    def text(self, path: str) -> bytes | Unread:
        """A configuration file's content, secrets masked."""
        return self.facts.texts.get(path, Unread(f"{path} was not read"))

    def pem(self, path: str) -> Pem | Unread:
        """What a PEM file holds."""
        return self.facts.pems.get(path, Unread(f"{path} was not read"))


class Daemon(Struct, frozen=True):
    """An engine on its host, for checks that need both."""

    host: Host
    engine: Engine
