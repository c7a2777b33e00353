"""Somebody else may put a program among the docker command's own."""

from collections.abc import Iterator

from msgspec import Struct

from dockeraudit import frameworks
from dockeraudit.check import Finding, Outcomes, Severity, check
from dockeraudit.facts import Absent, Evidence, FileFacts, Unread
from dockeraudit.host import Host
from dockeraudit.host.access import (
    ROOT,
    Fault,
    Limit,
    alone,
    mode_faults,
    owner_faults,
    unread_acls,
)
from dockeraudit.settings import Settings

from . import _files, _scopes


class _Folder(Struct, frozen=True):
    """A folder of plug-ins, and whose docker command runs what is in it."""

    path: str
    home: str
    because: tuple[Evidence, ...] = ()


@check(
    id="client-plugins",
    title="Plug-ins of the docker command can be replaced by others",
    severity=Severity.MEDIUM,
    over=Host,
    rationale="The docker command runs every program of these folders with the account's rights, "
    "when it starts and not only when the plug-in is used.",
    remediation="`chown -R USER PATH; chmod -R go-w PATH` for the folder that is named, and take "
    "folders that others may write in out of `cliPluginsExtraDirs` in ~/.docker/config.json "
    "(Debian- and RHEL-like hosts alike).",
    quiet="Nobody but the account and root may write in ~/.docker/cli-plugins, in the folders of "
    "`cliPluginsExtraDirs`, in what is known to lie in them, and in the folders above. A group "
    "in which nobody else is may write. The system's folders are permissions-binaries' business.",
    references=frameworks.FILES,
    profiles=("daemon", "strict"),
)
def plugins(host: Host, settings: Settings) -> Outcomes:
    yield from _scopes.closed_homes(host)
    judged = False
    for folder in _folders(host):
        if isinstance(folder, Unread):
            judged = True
            yield folder
        elif not isinstance(host.route(folder.path).seen, Absent):
            judged = True
            yield from _judged(host, folder)
    if not judged:
        yield _files.NO_FOLDER


def _folders(host: Host) -> Iterator[_Folder | Unread]:
    for account in host.facts.accounts:
        home = account.home.rstrip("/")
        path = f"{home}/.docker/cli-plugins"
        if path in host.facts.files:
            yield _Folder(path, home)
    for file in _files.configurations(host):
        if isinstance(file, Unread):
            yield file
            continue
        named = file.value.get("cliPluginsExtraDirs")
        for path in named if isinstance(named, list) else []:
            if isinstance(path, str) and path.startswith("/"):
                why = Evidence(file.path, f"cliPluginsExtraDirs {path}")
                yield _Folder(path, file.home, (why,))


def _judged(host: Host, folder: _Folder) -> Iterator[Finding | Unread]:
    account = _files.account_at(host, folder.home)
    owners = ROOT if account is None else ROOT | {account.uid}
    faults: dict[str, list[Fault]] = {}
    for path, kind in _paths(host, folder.path):
        way = host.route(path)
        if isinstance(way.seen, Unread):
            yield way.seen
        if not isinstance(way.seen, FileFacts):
            continue
        own = alone(host.facts, way.seen.gid, owners)
        limit = Limit(0o775 if own else 0o755, owners, None, kind)  # type: ignore[arg-type]
        yield from way.unread
        yield from unread_acls(way, limit)
        for fault in (
            *owner_faults(way, limit),
            *mode_faults(way, limit, lambda gid: alone(host.facts, gid, owners)),
        ):
            faults.setdefault(fault.path, []).append(fault)
    for path, found in faults.items():
        yield Finding(
            resource=path,
            message="; ".join(dict.fromkeys(fault.what for fault in found)),
            evidence=(found[0].evidence, *folder.because),
        )


def _paths(host: Host, folder: str) -> Iterator[tuple[str, str]]:
    """The folder, and the plug-ins that are known to be in it."""
    yield folder, "directory"
    for path in host.facts.files:
        name = path.removeprefix(f"{folder}/")
        if name != path and "/" not in name and name.startswith("docker-"):
            yield path, "file"
