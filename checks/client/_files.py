"""Files of docker's clients: what lies in each account's ~/.docker, and how it is read."""

import json
import posixpath
import re
from collections.abc import Iterator
from typing import Any

from msgspec import Struct

from dockeraudit.check import NotApplicable
from dockeraudit.facts import Account, FileFacts, Unread
from dockeraudit.host import Host

NO_CONFIG = NotApplicable("no account has a configuration of the docker command")
NO_CONTEXT = NotApplicable("no account has a docker context")
NO_FOLDER = NotApplicable("no account has a folder of its own for plug-ins of the docker command")
NO_BUILDER = NotApplicable("no configuration of BuildKit and no builder of an account was found")

_CONFIG = re.compile(r"(?P<home>.*)/\.docker/config\.json")
_LEGACY = re.compile(r"(?P<home>.*)/\.dockercfg")
_CONTEXT = re.compile(r"(?P<home>.*)/\.docker/contexts/meta/(?P<id>[^/]+)/meta\.json")
_BUILDER = re.compile(r"(?P<home>.*)/\.docker/buildx/instances/[^/]+")
_USERINFO = re.compile(r"://[^/\s]*@")


class ClientFile(Struct, frozen=True):
    """A JSON file of a client."""

    path: str
    home: str
    value: dict[str, Any]


class Context(Struct, frozen=True):
    """A docker context: a named engine."""

    path: str
    name: str
    address: str
    skips_verification: bool
    has_material: bool
    """Whether a CA or a client certificate is kept for it: that switches TLS on."""

    @property
    def label(self) -> str:
        """How a message begins."""
        return f"the context {self.name} ({self.path})"


Files = Iterator[ClientFile | Unread]


def configurations(host: Host) -> Files:
    """The config.json of every account."""
    return _matching(host, _CONFIG)


def legacy(host: Host) -> Files:
    """The credentials of engines before 1.7, which the docker command still reads."""
    return _matching(host, _LEGACY)


def builders(host: Host) -> Files:
    """The builders that buildx knows."""
    return _matching(host, _BUILDER)


def contexts(host: Host) -> Iterator[Context | Unread]:
    """The contexts of every account."""
    for file in _matching(host, _CONTEXT):
        if isinstance(file, Unread):
            yield file
            continue
        endpoint = table(table(file.value.get("Endpoints")).get("docker"))
        folder = posixpath.dirname(file.path).replace("/contexts/meta/", "/contexts/tls/")
        yield Context(
            path=file.path,
            name=str(file.value.get("Name") or posixpath.basename(folder)),
            address=str(endpoint.get("Host") or ""),
            skips_verification=endpoint.get("SkipTLSVerify") is True,
            has_material=_holds(host, f"{folder}/docker/"),
        )


def _holds(host: Host, folder: str) -> bool:
    return any(path.startswith(folder) for path in host.facts.pems) or any(
        path.startswith(folder) and isinstance(seen, FileFacts)
        for path, seen in host.facts.files.items()
    )


def _matching(host: Host, pattern: re.Pattern[str]) -> Files:
    for path, content in sorted(host.facts.texts.items()):
        match = pattern.fullmatch(path)
        if match is None:
            continue
        if isinstance(content, Unread):
            yield Unread(f"{path}: {content.reason}")
            continue
        value = _decoded(content)
        if isinstance(value, dict):
            yield ClientFile(path, match["home"], value)
        else:
            yield Unread(f"{path} holds no JSON object")


def _decoded(content: bytes) -> object:
    try:
        return json.loads(content.decode("utf-8-sig")) if content.strip() else {}
    except (ValueError, RecursionError):
        return None


def table(value: object) -> dict[str, Any]:
    """The value if it is an object, else an empty one."""
    return value if isinstance(value, dict) else {}


def account_at(host: Host, home: str) -> Account | None:
    """Whose home a folder is."""
    accounts = host.facts.accounts
    return next((each for each in accounts if each.home.rstrip("/") == home), None)


def without_userinfo(url: str) -> str:
    """A URL without the user name and password in it.

    >>> without_userinfo("http://alice:secret@proxy.example:3128")
    'http://***@proxy.example:3128'
    """
    return _USERINFO.sub("://***@", url)


def has_userinfo(url: str) -> bool:
    """Whether a URL names a user or password; on the host they were masked."""
    return bool(_USERINFO.search(url))
