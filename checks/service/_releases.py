"""Which releases are maintained, and which flaws they have: data with a date, and how it is read.

Lines of moby: project/BRANCHES-AND-TAGS.md (2026-08) and endoflife.date (spring 2026).
Distributions: their own pages, as far as known on the date. Flaws: the projects' GitHub advisories.
"""

import calendar
import re
import time
from collections.abc import Iterator
from typing import Any, Literal

from msgspec import Struct

from dockeraudit.effective.version import Version, parse_version
from dockeraudit.facts import Document, Unread
from dockeraudit.host import Engine, Host

AS_OF = "2026-11-24"
STALE_DAYS = 180

Day = str
"""A date as 2026-11-24: such texts compare as dates do."""


class Line(Struct, frozen=True):
    """A line of releases. `ended` is None while it is maintained."""

    first: tuple[int, int]
    """The lowest major.minor of it; it goes up to the next line."""
    name: str
    ended: Day | None


LINES = (
    Line((0, 0), "releases before 18.09", "2019-01-08"),
    Line((18, 9), "18.09", "2019-08-22"),
    Line((19, 3), "19.03", "2021-01-08"),
    Line((20, 10), "20.10", "2023-12-10"),
    Line((23, 0), "23.0", "2025-05-19"),
    Line((24, 0), "24.0", "2024-06-08"),
    Line((25, 0), "25.0", "2026-12-04"),
    Line((26, 0), "26.0", "2024-06-08"),
    Line((26, 1), "26.1", "2025-02-17"),
    Line((27, 0), "27", "2025-05-03"),
    Line((28, 0), "28", "2025-11-10"),
    Line((29, 0), "29", None),
)
NEWEST = 29

DISTRIBUTIONS: dict[str, Day | None] = {
    "debian 10": "2024-06-30",
    "debian 11": "2026-08-31",
    "debian 12": "2028-06-30",
    "debian 13": "2030-06-30",
    "debian ": None,
    "ubuntu 20.04": "2025-05-31",
    "ubuntu 22.04": "2027-04-30",
    "ubuntu 24.04": "2029-04-30",
    "alpine 3.20": "2026-04-01",
    "alpine 3.21": "2026-11-01",
    "alpine 3.22": "2027-05-01",
    "alpine 3.23": "2027-11-01",
    "amzn 2": "2026-06-30",
    "amzn 2023": "2029-06-30",
    "arch ": None,
    "opensuse-tumbleweed ": None,
}
"""The end of security support by ID and VERSION_ID of os-release; None: a rolling release."""

Condition = Literal["authorization plugins are used", "it is in a swarm"]


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


FLAWS = (
    Flaw(
        "CVE-2021-41091",
        "engine",
        "programs in the data-root can be run by every account",
        ((20, 10, 9),),
    ),
    Flaw(
        "CVE-2022-36109",
        "engine",
        "supplementary groups of containers are set wrongly",
        ((20, 10, 18),),
    ),
    Flaw(
        "CVE-2023-28840",
        "engine",
        "encrypted overlay networks take and send clear packets",
        ((20, 10, 24), (23, 0, 3)),
        only_if="it is in a swarm",
    ),
    Flaw(
        "CVE-2024-29018",
        "engine",
        "names asked in internal networks leave the host",
        ((23, 0, 11), (25, 0, 5), (26, 0, 0)),
    ),
    Flaw(
        "CVE-2024-41110",
        "engine",
        "authorization plugins can be passed by",
        ((23, 0, 15), (25, 0, 6), (26, 1, 5), (27, 1, 1)),
        since=(19, 3, 0),
        only_if="authorization plugins are used",
    ),
    Flaw(
        "CVE-2026-34040",
        "engine",
        "authorization plugins can be passed by with a large request",
        ((29, 3, 1),),
        only_if="authorization plugins are used",
        unsure=((25, 0),),
    ),
    Flaw(
        "CVE-2026-41567",
        "engine",
        "an image's own programs run as root when an archive is copied into its container",
        ((29, 5, 1),),
        unsure=((25, 0),),
    ),
    Flaw(
        "CVE-2020-15257",
        "containerd",
        "containers in the host's network reach the shim's socket",
        ((1, 3, 9), (1, 4, 3)),
    ),
    Flaw(
        "CVE-2021-41103",
        "containerd",
        "folders of containers can be entered by every account",
        ((1, 4, 11), (1, 5, 7)),
    ),
    Flaw(
        "CVE-2024-25621",
        "containerd",
        "folders of containerd can be entered by every account",
        ((1, 7, 29), (2, 0, 7), (2, 1, 5), (2, 2, 0)),
    ),
    Flaw(
        "CVE-2024-21626",
        "runc",
        "a container escapes through a leaked file descriptor",
        ((1, 1, 12),),
        since=(1, 0, 0),
    ),
    Flaw(
        "CVE-2025-31133", "runc", "a container escapes through masked paths", ((1, 2, 8), (1, 3, 3))
    ),
    Flaw(
        "CVE-2025-52565", "runc", "a container escapes through /dev/console", ((1, 2, 8), (1, 3, 3))
    ),
    Flaw(
        "CVE-2025-52881",
        "runc",
        "a container redirects runc's writes to /proc",
        ((1, 2, 8), (1, 3, 3)),
    ),
)


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
    distribution = Build("distribution", system.get("PRETTY_NAME") or system.get("ID") or "")
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
    return max((line for line in LINES if line.first <= version[:2]), key=lambda line: line.first)


def affected(flaw: Flaw, text: str) -> bool | None:
    """Whether upstream's release of that version has the flaw; None: it can't be told."""
    version = parse_version(text)
    if version is None or version[:2] in flaw.unsure:
        return None
    if version < flaw.since or version >= flaw.fixed[-1]:
        return False
    return not any(fix[:2] == version[:2] and version >= fix for fix in flaw.fixed)


def supported_until(host: Host) -> Day | Unread | None:
    """When the distribution's security support ends; None: it has no end."""
    system = host.facts.machine.os
    name = {"raspbian": "debian"}.get(system.get("ID", ""), system.get("ID", ""))
    number = system.get("VERSION_ID", "")
    if name == "alpine":
        number = ".".join(number.split(".")[:2])
    key = f"{name} {number}"
    if key in DISTRIBUTIONS:
        return DISTRIBUTIONS[key]
    return Unread(f"how long {system.get('PRETTY_NAME') or key.strip()} is supported is not known")


def day(seconds: int) -> Day:
    """A point in time as its date in UTC."""
    return time.strftime("%Y-%m-%d", time.gmtime(seconds))


def stale(now: int) -> bool:
    """Whether the data here is too old to call a line maintained."""
    made = calendar.timegm(time.strptime(AS_OF, "%Y-%m-%d"))
    return now - made > STALE_DAYS * 86400
