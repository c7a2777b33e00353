"""Which `Host` lines of ssh's configuration files fit a host, and the address that they give it.

This much is read here so that hosts of one kind share one `ssh -G`. Whatever is written in a way
that this reader does not follow makes the whole configuration not `plain`: then ssh is asked
about each host.
"""

from __future__ import annotations

import glob
import os
import pwd
import re

from msgspec import Struct

from .ssh_patterns import matched

SYSTEM = "/etc/ssh"
DEPTH = 16
"""How deep ssh follows Include."""
MAX_FILE = 16 * 1024 * 1024
ADDRESS = ("hostname", "user", "port")
"""What a host may have of its own; with everything else it is one of a kind."""

_LINE = re.compile(r"\s*([A-Za-z0-9]+)(?:\s*=\s*|\s+)(.*)", re.DOTALL)
_SAME_FOR_ALL = re.compile(r"%[dilLu%]")


class Entry(Struct, frozen=True):
    """A line, and the `Host` lines that must fit for it to count."""

    hosts: tuple[int, ...]
    keyword: str
    value: str


class Files(Struct, frozen=True):
    """All files of a configuration, as they were when they were read."""

    read: frozenset[str]
    hosts: tuple[tuple[str, ...], ...]
    """The patterns of each `Host` line."""
    addresses: tuple[Entry, ...]
    telling: frozenset[int]
    """The `Host` lines that say more than an address."""
    plain: bool

    def fitting(self, host: str) -> frozenset[int]:
        """The `Host` lines that fit a host, as it was named."""
        return frozenset(
            number for number, patterns in enumerate(self.hosts) if matched(host, patterns)
        )

    def address(self, host: str, fitting: frozenset[int]) -> dict[str, str]:
        """HostName, User and Port; of several, ssh takes the first."""
        found: dict[str, str] = {}
        for entry in self.addresses:
            if entry.keyword not in found and fitting.issuperset(entry.hosts):
                found[entry.keyword] = entry.value.replace("%h", host)
        return found


def home() -> str:
    """The folder that ssh takes for ~/.ssh's: the account's, whatever $HOME says."""
    try:
        return pwd.getpwuid(os.getuid()).pw_dir
    except KeyError:
        return os.path.expanduser("~")


def read(config: str | None) -> Files:
    """The files that ssh reads with `-F config`, or without."""
    reader = _Reader()
    users = os.path.join(home(), ".ssh")
    if config is None:
        reader.file(os.path.join(users, "config"), users, (), 0)
        reader.file(os.path.join(SYSTEM, "ssh_config"), SYSTEM, (), 0)
    elif config != "none":
        reader.file(config, users, (), 0)
    return Files(
        frozenset(reader.read),
        tuple(reader.hosts),
        tuple(reader.addresses),
        frozenset(reader.telling),
        reader.plain,
    )


class _Reader:
    def __init__(self) -> None:
        self.plain = True
        self.read: set[str] = set()
        self.hosts: list[tuple[str, ...]] = []
        self.addresses: list[Entry] = []
        self.telling: set[int] = set()

    def file(self, path: str, folder: str, outer: tuple[int, ...], depth: int) -> None:
        """Read a file; a relative Include is looked for in `folder`."""
        if depth > DEPTH:
            self.plain = False
            return
        try:
            with open(path, "rb") as opened:
                data = opened.read(MAX_FILE + 1)
        except FileNotFoundError:
            return
        except (OSError, ValueError):
            self.plain = False
            return
        self.read.add(path)
        self.plain &= len(data) <= MAX_FILE
        inside = outer
        for line in data.decode("utf-8", "replace").split("\n"):
            text = line.strip()
            if not text or text.startswith("#"):
                continue
            found = _LINE.fullmatch(text)
            keyword = found[1].lower() if found else ""
            value = found[2] if found else ""
            if keyword == "host":
                inside = (*outer, self._host(value))
            elif keyword == "include":
                self._include(value, folder, inside, depth)
            elif not found or not self._taken(Entry(inside, keyword, value)):
                self.plain = False

    def _host(self, value: str) -> int:
        words = _words(value)
        self.plain &= bool(words) and '"' not in value and "\\" not in value and "'" not in value
        self.hosts.append(words)
        return len(self.hosts) - 1

    def _include(self, value: str, folder: str, inside: tuple[int, ...], depth: int) -> None:
        if any(char in value for char in "\"'\\%$"):
            self.plain = False
        for word in _words(value):
            path = os.path.join(home(), word[2:]) if word.startswith("~/") else word
            for each in sorted(glob.glob(os.path.join(folder, path))):
                if os.path.isfile(each):
                    self.file(each, folder, inside, depth + 1)

    def _taken(self, entry: Entry) -> bool:
        """Keep what a line says; whether all of it is understood."""
        if entry.keyword in ADDRESS:
            words = _words(entry.value)
            if len(words) != 1 or any(char in words[0] for char in "\"'\\$"):
                return False
            bare = words[0].replace("%h", "") if entry.keyword == "hostname" else words[0]
            if "%" in bare or (entry.keyword == "port" and not bare.isdigit()):
                return False
            self.addresses.append(Entry(entry.hosts, entry.keyword, words[0]))
            return True
        self.telling.update(entry.hosts)
        if entry.keyword == "match":
            return False
        if entry.keyword.startswith("canonical"):
            return entry.value.lower() == "no"
        return entry.keyword == "controlpath" or "%" not in _SAME_FOR_ALL.sub("", entry.value)


def _words(value: str) -> tuple[str, ...]:
    found = []
    for word in value.split():
        if word.startswith("#"):
            break
        found.append(word)
    return tuple(found)
