"""BuildKit uses registries, or is used, without verified TLS."""

from collections.abc import Iterator
from itertools import chain
from typing import Any

from dockeraudit import frameworks
from dockeraudit.check import Finding, Manual, Outcomes, Severity, check
from dockeraudit.facts import Evidence, Unread
from dockeraudit.host import Host, toml
from dockeraudit.host.client_lines import endpoint
from dockeraudit.settings import Settings

from . import _files, _scopes
from ._files import ClientFile

Said = Iterator[Finding | Manual | Unread]


@check(
    id="client-insecure-buildkit",
    title="BuildKit works with a registry or a builder without verified TLS",
    severity=Severity.MEDIUM,
    over=Host,
    rationale="Builds take base images from whoever answers for such a registry; over a plain "
    "connection to a builder, secrets of builds are read and results are changed.",
    remediation="In buildkitd.toml remove `http = true` and `insecure = true` and name the "
    'registry\'s CA: `[registry."HOST"]`, `ca = ["/etc/docker/certs.d/HOST/ca.crt"]`. Make a '
    "remote builder with certificates: `docker buildx create --driver remote --driver-opt "
    "cacert=ca.pem,cert=cert.pem,key=key.pem tcp://HOST:1234` (Debian- and RHEL-like hosts "
    "alike).",
    quiet="No registry in a buildkitd.toml that was found has http or insecure, but those of "
    "loopback; no remote builder in ~/.docker/buildx is on TCP without a CA. The engine's own "
    "registries are daemon-insecure-registries'. A builder that reaches an engine over TCP is for "
    "a person to judge.",
    references=frameworks.SUPPLY,
    profiles=("daemon", "strict"),
)
def insecure_buildkit(host: Host, settings: Settings) -> Outcomes:
    yield from _scopes.closed_homes(host)
    judged = False
    for said in chain(_servers(host), _builders(host)):
        judged = True
        if said is not None:
            yield said
    if not judged:
        yield _files.NO_BUILDER


def _servers(host: Host) -> Iterator[Finding | Unread | None]:
    """What is wrong in each buildkitd.toml; None for one that was read."""
    for path, value in toml.documents(host.facts, _is_buildkitd):
        if isinstance(value, Unread):
            yield value
            continue
        yield None
        for registry, given in sorted(_files.table(value.get("registry")).items()):
            yield from _registry(path, registry, _files.table(given))


def _is_buildkitd(path: str) -> bool:
    name = path.rpartition("/")[2]
    return name.startswith("buildkitd") and name.endswith(".toml")


def _registry(path: str, registry: str, given: dict[str, Any]) -> Iterator[Finding]:
    loose = [name for name in ("http", "insecure") if given.get(name) is True]
    if not loose or _scopes.loopback(endpoint(f"tcp://{registry}")):
        return
    how = "over plain HTTP" if loose[0] == "http" else "without verifying its certificate"
    yield Finding(
        resource=f"{path} {registry}",
        message=f"{path} uses the registry {registry} {how}",
        evidence=(Evidence(path, f'[registry."{registry}"] {loose[0]} = true'),),
    )


def _builders(host: Host) -> Iterator[Finding | Manual | Unread | None]:
    """What is wrong with each builder of an account; None for one that was read."""
    for file in _files.builders(host):
        yield file if isinstance(file, Unread) else None
        nodes = file.value.get("Nodes") if isinstance(file, ClientFile) else None
        for node in nodes if isinstance(nodes, list) else []:
            if isinstance(file, ClientFile):
                yield from _node(file, _files.table(node))


def _node(file: ClientFile, node: dict[str, Any]) -> Iterator[Finding | Manual]:
    address = str(node.get("Endpoint") or "")
    name = endpoint(address) if "://" in address else ""
    if not name:
        return
    builder = f"the builder {file.value.get('Name') or file.path}"
    evidence = (Evidence(file.path, f"Endpoint {address}"),)
    if file.value.get("Driver") != "remote":
        message = f"{builder} reaches an engine at {address}: with TLS?"
        yield Manual(f"{file.path} {address}", message, evidence)
    elif not _files.table(node.get("DriverOpts")).get("cacert"):
        yield Finding(
            resource=f"{file.path} {address}",
            message=f"{builder} ({file.path}) is called at {address} without TLS",
            evidence=evidence,
            severity=Severity.LOW if _scopes.loopback(name) else None,
        )
