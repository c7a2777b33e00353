"""Finds the configuration file, reads it, and knows where each value of it stands."""

import os
import stat
from collections.abc import Iterable, Iterator
from typing import Any

import msgspec
from msgspec import Struct

from dockeraudit.config.document import MAX_FILE, ConfigError, Document, Path, problems, read, shown
from dockeraudit.config.model import CheckSettings, Configuration, Group, settings_of
from dockeraudit.config.patterns import matches
from dockeraudit.settings import Settings

OWN_FILE = "dockeraudit.toml"
PROJECT_FILE = "pyproject.toml"
IN_PROJECT: Path = ("tool", "dockeraudit")
NONE = "none"
"""What `--config` takes for: no file."""


class Loaded(Struct, frozen=True):
    """The configuration in force, and where its values stand."""

    values: Configuration = Configuration()
    document: Document | None = None
    """None: there is no file, and all values are the defaults."""
    root: Path = ()

    @property
    def path(self) -> str:
        """The file; empty: there is none."""
        return self.document.path if self.document else ""

    def origin(self, *key: str) -> str:
        """`file:line` of a key; empty where it is not in the file."""
        if self.document is None or (*self.root, *key) not in self.document.lines:
            return ""
        return self.document.at((*self.root, *key))

    def beside(self, path: str) -> str:
        """A path of the file, which is meant from the file's folder; `-` stays."""
        if path in ("-", NONE):
            return path
        return os.path.join(os.path.dirname(self.path), os.path.expanduser(path))

    def settings(self, names: Iterable[str] = (), listed: Iterable[str] = ()) -> Settings:
        """What checks are told of a target with these names: [settings], then its groups'."""
        table: dict[str, Any] = {}
        for each in ((), *(("groups", name) for name, _ in self.groups(names, listed))):
            table |= self._table((*each, "settings"))
        return settings_of(msgspec.convert(table, CheckSettings))

    def groups(
        self, names: Iterable[str], listed: Iterable[str] = ()
    ) -> Iterator[tuple[str, Group]]:
        """The groups that a target with these names is in, in the order of the file.

        `listed`: those that an inventory has it in.
        """
        known, inside = tuple(names), frozenset(listed)
        for name, group in self.values.groups.items():
            if name in inside or any(matches(pattern, known) for pattern in group.targets):
                yield name, group

    def _table(self, key: Path) -> dict[str, Any]:
        table: Any = self.document.table if self.document else {}
        for step in (*self.root, *key):
            table = table.get(step, {})
        return dict(table)


def load(named: str | None, folder: str = ".") -> Loaded:
    """The configuration that is named, else found upward from a folder; `none` is no file.

    Raises:
        ConfigError: the file is not usable, and everything that is wrong with it.
    """
    if named == NONE:
        return Loaded()
    path = named if named is not None else find(folder)
    return Loaded() if path is None else _loaded(path)


def find(folder: str) -> str | None:
    """The nearest `dockeraudit.toml`, or `pyproject.toml` with our table, upward from a folder.

    Raises:
        ConfigError: it is somebody else's: it could make ssh run anything.
    """
    above = folder
    while True:
        for name in (OWN_FILE, PROJECT_FILE):
            path = os.path.join(above, name) if above != "." else name
            if os.path.isfile(path) and (name == OWN_FILE or _is_ours(path)):
                _refuse_foreign(path)
                return path
        above, below = os.path.dirname(os.path.abspath(above)), os.path.abspath(above)
        if above == below:
            return None


def _is_ours(project: str) -> bool:
    """Whether a pyproject.toml has our table; most have not, and need not be parsed for that."""
    try:
        with open(project, "rb") as file:
            data = file.read(MAX_FILE)
    except OSError:
        return False
    if b"dockeraudit" not in data:
        return False
    try:
        return _inside(read(project), IN_PROJECT) is not None
    except ConfigError:
        return b"tool.dockeraudit" in data


def _refuse_foreign(path: str) -> None:
    seen = os.stat(path)
    mine = {0, os.geteuid()}
    if os.geteuid() == 0 and os.environ.get("SUDO_UID", "").isdecimal():
        mine.add(int(os.environ["SUDO_UID"]))
    if seen.st_uid not in mine:
        why = f"it belongs to another user (uid {seen.st_uid})"
    elif seen.st_mode & stat.S_IWOTH:
        why = "everybody may write it"
    else:
        return
    raise ConfigError(
        [
            f"{path}: found, but not used: {why}; name it with --config to use it, "
            f"or pass --config {NONE}"
        ]
    )


def _inside(document: Document, place: Path) -> Any:
    table: Any = document.table
    for step in place:
        table = table.get(step) if isinstance(table, dict) else None
    return table


def _loaded(path: str) -> Loaded:
    document = read(path)
    root = IN_PROJECT if os.path.basename(path) == PROJECT_FILE else ()
    table = _inside(document, root)
    if table is None:
        raise ConfigError([f"{path}: there is no [tool.dockeraudit] in it"])
    wrong = [*problems(document, Configuration, root)]
    if not wrong:
        values = msgspec.convert(table, Configuration)
        loaded = Loaded(values, document, root)
        wrong = [*_meaning(loaded)]
        if not wrong:
            return loaded
    raise ConfigError(wrong)


def _meaning(loaded: Loaded) -> Iterator[str]:
    """What types can't say."""
    sets: list[tuple[tuple[str, ...], CheckSettings]] = [(("settings",), loaded.values.settings)]
    for name, group in loaded.values.groups.items():
        named = ("groups", name, "targets")
        if not group.targets and loaded.origin(*named):
            yield f"{loaded.origin(*named)}: {shown(named)}: no target is named"
        if group.settings is not None:
            sets.append((("groups", name, "settings"), group.settings))
    for place, settings in sets:
        days = settings.certificate_days
        if sorted(days) != list(days):
            key = (*place, "certificate-days")
            yield (
                f"{loaded.origin(*key)}: {shown(key)}: the days for high, medium and low must not "
                f"fall: {', '.join(map(str, days))}"
            )
