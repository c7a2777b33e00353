"""Registry passwords lie in a file, readable."""

from collections.abc import Iterator
from itertools import chain

from dockeraudit import frameworks
from dockeraudit.check import Finding, Outcomes, Severity, check
from dockeraudit.facts import Evidence, Unread
from dockeraudit.host import Host
from dockeraudit.settings import Settings

from . import _files, _scopes
from ._files import ClientFile

_SECRETS = ("auth", "identitytoken", "registrytoken", "password")


@check(
    id="client-credentials-plain",
    title="Registry credentials are stored without encryption",
    severity=Severity.HIGH,
    over=Host,
    rationale="`docker login` without a credential store writes user name and password in base64, "
    "which is no encryption. Who reads the file, or a backup of it, pulls private images and "
    "pushes his own under your names.",
    remediation="Install a credential helper (docker-credential-pass or -secretservice), set "
    '"credsStore" in ~/.docker/config.json, then `docker logout REGISTRY` and `docker login '
    "REGISTRY`. Change the password or token that was in the file. On build machines use tokens "
    "that are short-lived and can pull only (Debian- and RHEL-like hosts alike).",
    quiet="No entry of `auths` in ~/.docker/config.json, and none in the old ~/.dockercfg, holds "
    "credentials: empty entries stand for those in a store. Other folders (DOCKER_CONFIG) and "
    "other tools' files are not looked at; homes that can't be read are unknown.",
    references=frameworks.SECRETS,
    profiles=("daemon", "strict"),
)
def credentials_plain(host: Host, settings: Settings) -> Outcomes:
    yield from _scopes.closed_homes(host)
    found = list(chain(_files.configurations(host), _files.legacy(host)))
    if not found:
        yield _files.NO_CONFIG
    for file in found:
        if isinstance(file, Unread):
            yield file
        else:
            yield from _judged(file)


def _judged(file: ClientFile) -> Iterator[Finding]:
    old = file.path.endswith(".dockercfg")
    entries = file.value if old else _files.table(file.value.get("auths"))
    store = file.value.get("credsStore") if not old else None
    for registry, entry in sorted(entries.items()):
        held = [name for name in _SECRETS if _files.table(entry).get(name)]
        if not held:
            continue
        message = f"{file.path} holds credentials for {registry} in base64"
        if store:
            message += f", from before {store} became the store"
        field = registry if old else f"auths.{registry}"
        yield Finding(
            resource=f"{file.path} {registry}",
            message=message,
            evidence=(Evidence(file.path, f"{field} has {', '.join(held)}"),),
        )
