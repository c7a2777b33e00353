"""Images come over a mirror that nobody can tell from an impostor."""

from collections.abc import Iterator
from typing import Any

from dockeraudit import frameworks, in_force
from dockeraudit.check import Finding, Outcomes, Severity, check
from dockeraudit.facts import Evidence, Unread
from dockeraudit.host import Daemon, toml
from dockeraudit.settings import Settings

from . import _shared


@check(
    id="daemon-registry-mirrors-http",
    title="A registry mirror is used without verified TLS",
    severity=Severity.HIGH,
    over=Daemon,
    rationale="A mirror is asked first: whoever sits on the way to one without verified TLS, or "
    "answers in its place, decides what a tag is, for all images of the registry that it mirrors.",
    remediation="Write the mirror with https:// in registry-mirrors of /etc/docker/daemon.json, "
    "put its CA in /etc/docker/certs.d/HOST:PORT/ca.crt, then systemctl reload docker. In "
    'hosts.toml of containerd write https:// and `ca = "…"` instead of `skip_verify = true` '
    "(Debian- and RHEL-like hosts alike).",
    quiet="Every mirror is https://, or on loopback, and no hosts.toml of the host skips "
    "verification. Mirrors that are named among the insecure registries are "
    "daemon-insecure-registries'.",
    references=frameworks.SUPPLY,
    profiles=("daemon", "strict"),
)
@_shared.where_it_starts
def registry_mirrors_http(daemon: Daemon, settings: Settings) -> Outcomes:
    yield from _of_containerd(daemon)
    when = _shared.when(daemon.engine)
    for url, evidence in dict(_mirrors(daemon)).items():
        place = url.partition("://")[2].partition("/")[0]
        if url.lower().startswith("http://") and not _shared.is_loopback(place):
            yield Finding(url, f"{when}the mirror {url} is used in the clear", (evidence,))


def _mirrors(daemon: Daemon) -> Iterator[tuple[str, Evidence]]:
    """Mirrors by the daemon's own word, else by the option."""
    told = in_force.said(daemon.engine, "RegistryConfig")
    if told is None or not told.table:
        option = in_force.option(daemon, "registry-mirrors", [])
        yield from ((url, option.evidence) for url in option.items)
        return
    for url in told.table.get("Mirrors") or []:
        yield str(url), Evidence("GET /info", f"RegistryConfig.Mirrors {url}")
    for name, index in (told.table.get("IndexConfigs") or {}).items():
        for url in (index.get("Mirrors") or []) if isinstance(index, dict) else []:
            yield str(url), Evidence("GET /info", f"IndexConfigs {name} Mirrors {url}")


def _of_containerd(daemon: Daemon) -> Iterator[Finding | Unread]:
    """The hosts.toml files, which containerd's own image store reads."""
    for path, value in toml.documents(daemon.host.facts, lambda path: path.endswith("/hosts.toml")):
        if isinstance(value, Unread):
            yield value
        else:
            yield from _of_file(path, value)


def _of_file(path: str, value: dict[str, Any]) -> Iterator[Finding]:
    hosts = value.get("host")
    named = {str(value.get("server") or ""): value} | (hosts if isinstance(hosts, dict) else {})
    for url, given in named.items():
        place = url.partition("://")[2].partition("/")[0]
        if not url or _shared.is_loopback(place):
            continue
        resource = f"{path} {url}"
        if url.lower().startswith("http://"):
            message = f"{path} sends containerd to {url} in the clear"
            yield Finding(resource, message, (Evidence(path, url),))
        elif isinstance(given, dict) and given.get("skip_verify") is True:
            message = f"{path} takes any certificate of {url}"
            yield Finding(resource, message, (Evidence(path, f"{url} skip_verify = true"),))
