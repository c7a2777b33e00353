"""systemd units: files as systemd.unit(5) orders them, properties from `systemctl show`."""

import re
from calendar import timegm
from collections.abc import Iterable
from contextlib import suppress
from time import strptime

from dockeraudit.facts import Names, Unit, Unread

from .frames import Frame, text, unescape
from .machine import number

_STAMP = re.compile(r"(\d{4}-\d\d-\d\d \d\d:\d\d:\d\d) UTC", re.ASCII)
_NOT_ASKED = Unread("the user's service manager was not asked")


def show(lines: Iterable[bytes]) -> dict[str, Names]:
    """Blocks of NAME=value, parted by blank lines; a repeated name's values are joined."""
    units: dict[str, Names] = {}
    block: dict[str, str | None] = {}
    for line in (*lines, b""):
        name, equals, value = text(line).partition("=")
        if equals:
            known = block.get(name)
            block[name] = value if known is None else f"{known}\n{value}"
        elif block:
            units[block.get("Id") or ""] = Names(block)
            block = {}
    return units


def starts(units: Iterable[Unit]) -> dict[int, int]:
    """When main processes were started, in seconds since the epoch, by process id.

    systemd took the time from the clock of that moment, as the file system does for its files;
    what is counted from boot is off by what the clock was set since then.
    """
    found = {}
    for each in units:
        values = {} if isinstance(each.properties, Unread) else each.properties.values
        pid, stamp = values.get("MainPID") or "", values.get("ExecMainStartTimestamp") or ""
        match = _STAMP.search(stamp)
        if match and pid.isdecimal():
            with suppress(ValueError):
                found[number(pid)] = timegm(strptime(match[1], "%Y-%m-%d %H:%M:%S"))
    return found


def drop_ins(name: str, paths: list[str], links: dict[str, str]) -> list[str]:
    """Those that apply, in order: sorted by file name; of equal names the first folder's counts.

    Folders of the unit itself come before those of its type; a link to /dev/null switches the
    name off.
    """
    chosen: dict[str, str] = {}
    for own in (True, False):
        for path in paths:
            folder, _, file = path.rpartition("/")
            if folder.endswith(f"/{name}.d") is own:
                chosen.setdefault(file, path)
    return [chosen[file] for file in sorted(chosen) if links.get(chosen[file]) != "/dev/null"]


def unit(
    frame: Frame,
    properties: dict[str, Names] | Unread,
    of_users: dict[str, dict[str, Names]],
    links: dict[str, str],
) -> Unit:
    """One `unit NAME USER` frame: `f FRAGMENT`, `d DROP-IN`, `w LINK` lines."""
    name, _, user = frame.name.partition(" ")
    paths: dict[str, list[str]] = {"f": [], "d": [], "w": []}
    for line in frame.lines:
        kind, _, path = text(unescape(line)).partition(" ")
        if kind in paths:
            paths[kind].append(path)
    return Unit(
        name=name,
        sources=(*paths["f"], *drop_ins(name, paths["d"], links)),
        properties=_properties(name, of_users.get(user, _NOT_ASKED) if user else properties),
        user=user,
        wants=tuple(paths["w"]),
    )


def _properties(name: str, known: dict[str, Names] | Unread) -> Names | Unread:
    if isinstance(known, Unread):
        return known
    return known.get(name, Unread("systemctl did not answer"))


def fileless(known: dict[str, Names], units: Iterable[Unit]) -> Iterable[Unit]:
    """Units that the manager knows though no folder that was searched holds a file of them."""
    names = {unit.name for unit in units if not unit.user}
    for name, properties in known.items():
        if name and name not in names and properties.values.get("LoadState") != "not-found":
            yield Unit(name, (), properties)
