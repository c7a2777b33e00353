"""Which releases are maintained, and which flaws they have: releases.json, and how it is read."""

import calendar
import re
import time
from collections.abc import Iterator
from functools import cache, lru_cache
from pathlib import Path
from typing import Any, Literal

import msgspec
from msgspec import Struct

from dockeraudit.effective.version import Version
from dockeraudit.facts import Document, Unread
from dockeraudit.host import Engine, Host

STALE_DAYS = 180

Day = str
"""A date as 2026-11-24: such texts compare as dates do."""

Condition = Literal["authorization plugins are used", "it is in a swarm"]


class Line(Struct, frozen=True):
    """A line of releases. `ended` is None while it is maintained."""

    name: str
    first: tuple[int, int]
    """The lowest major.minor of it; it goes up to the next line."""
    ended: Day | None


class Flaw(Struct, frozen=True):
    """A published vulnerability of one component."""

    id: str
    component: Literal["engine", "containerd", "runc"]
    what: str
    fixed: tuple[Version, ...]
    """The first good release of each line that got one, ascending; later lines are good."""
    since: Version = (0, 0, 0)
    only_if: Condition | None = None
    unsure: tuple[tuple[int, int], ...] = ()
    """Lines of which it isn't known whether they got the repair."""


class Releases(Struct, frozen=True):
    """What is in releases.json."""

    as_of: Day
    sources: tuple[str, ...]
    newest: int
    """The newest major release that the data knows."""
    lines: tuple[Line, ...]
    distributions: dict[str, Day | None]
    """The end of security support by ID and VERSION_ID of os-release; None: a rolling release."""
    flaws: tuple[Flaw, ...]


DATA = msgspec.json.decode(Path(__file__).with_name("releases.json").read_bytes(), type=Releases)


_PACKAGES = {
    "engine": ("docker.io", "docker-ce", "docker-engine", "moby-engine", "docker"),
    "containerd": ("containerd", "containerd.io"),
    "runc": ("runc", "containerd.io"),
}


class Build(Struct, frozen=True):
    """Who made a component, as far as it can be told."""

    vendor: Literal["docker", "distribution", "other", "unknown"]
    name: str
    """In words: `Docker`, `Debian GNU/Linux 13 (trixie)`."""


def build_of(host: Host, engine: Engine, version: str) -> Build:
    """Who built a version of an engine, containerd or runc.

    Debian marks what it repackages (`+dfsg1`, `~ds1`). Docker's own packages give a platform name
    in the API; distributions leave it empty. Without the API it can't be told, except that what
    lacks the mark isn't Debian's.
    """
    system = host.facts.machine.os
    distribution = Build(
        "distribution", system.get("PRETTY_NAME") or system.get("ID") or "the distribution"
    )
    if re.search(r"[+~](dfsg|ds)", version):
        return distribution
    if "+" in version:
        return Build("other", f"the maker of {version}")
    document = api_version(engine)
    if document is None:
        alone = system.get("ID") == "debian"
        return Build("docker", "Docker") if alone else Build("unknown", "an unknown maker")
    platform = document.get("Platform")
    name = platform.get("Name") if isinstance(platform, dict) else ""
    if not name:
        return distribution
    return Build("docker", "Docker") if "Community" in str(name) else Build("other", str(name))


def api_version(engine: Engine) -> dict[str, Any] | None:
    """The API's answer to GET /version."""
    version = engine.api.version if engine.api is not None else None
    return version.value if isinstance(version, Document) else None


def components(engine: Engine) -> Iterator[tuple[str, str]]:
    """Engine, containerd and runc with their versions, as far as they are known."""
    if not isinstance(engine.version, Unread):
        yield "engine", engine.version
    listed = (api_version(engine) or {}).get("Components")
    for each in listed if isinstance(listed, list) else ():
        if isinstance(each, dict) and each.get("Name") in ("containerd", "runc"):
            yield str(each["Name"]), str(each.get("Version", ""))


def line_of(version: Version) -> Line:
    """The line a release belongs to."""
    return max(
        (line for line in DATA.lines if line.first <= version[:2]), key=lambda line: line.first
    )


@lru_cache(maxsize=256)
def flaws_of(part: str, version: Version | None) -> tuple[tuple[Flaw, bool | None], ...]:
    """The flaws of a component's release; with None those of which it can't be told.

    Hosts of a fleet share versions, so this is remembered.
    """
    known = ((flaw, affected(flaw, version)) for flaw in DATA.flaws if flaw.component == part)
    return tuple((flaw, has) for flaw, has in known if has is not False)


def affected(flaw: Flaw, version: Version | None) -> bool | None:
    """Whether upstream's release of that version has the flaw; None: it can't be told."""
    if version is None or version[:2] in flaw.unsure:
        return None
    if version < flaw.since or version >= flaw.fixed[-1]:
        return False
    return not any(fix[:2] == version[:2] and version >= fix for fix in flaw.fixed)


def repaired(host: Host, part: str) -> frozenset[str]:
    """CVE ids that the changelog of a component's package names: repaired without a new number."""
    packages = host.facts.packages
    return frozenset(
        flaw
        for package in (() if isinstance(packages, Unread) else packages)
        if package.name in _PACKAGES[part] and not isinstance(package.fixed, Unread)
        for flaw in package.fixed
    )


def supported_until(host: Host) -> Day | Unread | None:
    """When the distribution's security support ends; None: it has no end."""
    system = host.facts.machine.os
    name = {"raspbian": "debian"}.get(system.get("ID", ""), system.get("ID", ""))
    number = system.get("VERSION_ID", "")
    if name == "alpine":
        number = ".".join(number.split(".")[:2])
    key = f"{name} {number}"
    if key in DATA.distributions:
        return DATA.distributions[key]
    return Unread(f"how long {system.get('PRETTY_NAME') or key.strip()} is supported is not known")


def day(seconds: int) -> Day:
    """A point in time as its date in UTC."""
    return time.strftime("%Y-%m-%d", time.gmtime(seconds))


def stale(now: int) -> bool:
    """Whether the data here is too old to call a line maintained."""
    return now - _made() > STALE_DAYS * 86400


@cache
def _made() -> int:
    """When the data was put together, in seconds since the epoch."""
    return calendar.timegm(time.strptime(DATA.as_of, "%Y-%m-%d"))
